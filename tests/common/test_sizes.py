"""Sizes as a person reads them."""

from __future__ import annotations

from automl.common.sizes import shown_size

MB = 1 << 20


def test_sizes_are_shown_for_people() -> None:
    assert shown_size(300 * MB) == "300 MB"
    assert shown_size(1536 * MB) == "1.5 GB"
