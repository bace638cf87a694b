"""The paired test: what tells two finalists apart, and how often by chance."""

from __future__ import annotations

import random

import pytest

from automl.results.paired_test import is_apart, told_apart
from tests.results.test_scorings import scoring


def test_fewer_than_three_pairs_tell_nothing_apart() -> None:
    assert not is_apart([5.0, 5.1], 1)
    assert is_apart([5.0, 5.1, 4.9], 1)
    assert not is_apart([5.0, -5.1, 0.1], 1)


def test_of_equal_finalists_about_one_pair_in_twenty_is_told_apart() -> None:
    draw = random.Random(1)
    told = sum(is_apart([draw.gauss(0, 1) for _ in range(5)], 1) for _ in range(4000))
    assert told / 4000 == pytest.approx(0.05, abs=0.012)


def test_folds_are_told_apart_less_easily_for_they_share_rows() -> None:
    differences = [0.6, 1.0, 0.2, 0.7, 0.3]
    assert is_apart(differences, 1)
    assert not is_apart(differences, 3)


def test_two_finalists_are_compared_on_what_both_were_trained_on() -> None:
    first = [scoring(1, number, 0.1 * number) for number in range(1, 6)]
    better = [scoring(2, number, 0.1 * number - 1.0 + 0.001 * number) for number in range(1, 4)]
    assert told_apart(first, better)
    assert not told_apart(first, better[:2])
    assert not told_apart(first, [])
