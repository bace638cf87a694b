"""How often a fault strikes: a few times in every test run, often with ``-m slow``."""

from __future__ import annotations

from typing import Any

import pytest


def rounds(few: int, many: int) -> list[Any]:
    """Parameters for a test in its short form and, marked slow, in full."""
    return [few, pytest.param(many, marks=pytest.mark.slow)]


def slowly(*values: Any) -> list[Any]:
    """Parameters that only the full form of a test has."""
    return [pytest.param(value, marks=pytest.mark.slow) for value in values]
