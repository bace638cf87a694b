"""The folder for what a benchmark writes on the way."""

from __future__ import annotations

import tempfile
from pathlib import Path


def make_work_folder(parent: Path | None, prefix: str) -> Path:
    """Makes a new folder.

    Args:
        parent: Where; made too. None for the system's folder for temporary files.
        prefix: What its name begins with.

    Returns:
        Its path.
    """
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
