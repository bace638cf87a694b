"""Hints name what was meant, or nothing."""

from __future__ import annotations

import pytest

from automl.common.names import did_you_mean, known_are, near_names


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


def test_a_sentence_ends_with_what_was_meant_or_with_what_there_is() -> None:
    assert did_you_mean("mpl", ["mlp", "linear"]) == "; did you mean 'mlp'?"
    assert did_you_mean("age", ["wage", "page"]) == "; did you mean 'wage' or 'page'?"
    assert did_you_mean("age", ["wage", "page"], most=1) == "; did you mean 'wage'?"
    assert did_you_mean("zzz", ["a", 2]) == "; there is 'a', '2'."
    assert did_you_mean("zzz", range(100, 113)).endswith("'111', ....")
    assert did_you_mean("zzz", []) == "."
    assert did_you_mean("zzz", ["a"], known_are(["a", "b"])) == "; it has a, b."
    assert known_are([], "installed are") == "; installed are none."
