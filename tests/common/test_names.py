"""Hints name what was meant, or nothing."""

from __future__ import annotations

import pytest

from automl.common.names import near_names


@pytest.mark.parametrize(
    ("given", "known", "near"),
    [
        ("mpl", ["mlp", "linear"], ["mlp"]),
        ("acuracy", ["accuracy", "roc_auc"], ["accuracy"]),
        ("Log_Loss", ["log_loss"], ["log_loss"]),
        ("median_value", ["median_house_value", "median_income"], ["median_house_value"]),
        ("label", ["val_loss", "table", "lab"], ["lab"]),
        ("workers", ["--weight", "words"], []),
        ("zzz", ["a", "b"], []),
        ("rum", ["run", "digits"], ["run"]),
        ("a", ["b"], []),
        ("age", ["wage", "page", "image"], ["wage", "page", "image"]),
        ("3", [1, 2], []),
    ],
)
def test_what_is_near(given: str, known: list[object], near: list[str]) -> None:
    assert set(near_names(given, known)) == set(near)


def test_no_more_than_wanted() -> None:
    assert len(near_names("tree", ["trees", "three", "tre"], 1)) == 1
