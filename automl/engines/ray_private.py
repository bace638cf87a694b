"""All that is used of Ray's private parts.

`tests/test_private_names.py` says whether a new version has taken it away.
"""

from __future__ import annotations

from ray._private.ray_logging import stdout_deduplicator

__all__ = ["stdout_deduplicator"]
