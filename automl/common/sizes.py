"""Bytes as a person reads them."""

from __future__ import annotations

_MEBIBYTE = 1 << 20


def shown_size(size: float) -> str:
    """Bytes for a person: ``512 MB``, ``1.5 GB``."""
    if size >= 1024 * _MEBIBYTE:
        return f"{size / (1024 * _MEBIBYTE):.3g} GB"
    return f"{size / _MEBIBYTE:.3g} MB"
