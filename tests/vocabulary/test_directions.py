"""The directions of scores."""

from __future__ import annotations

import math

import pytest

from automl.vocabulary.directions import (
    DIRECTIONS,
    MAXIMIZE,
    MINIMIZE,
    as_loss,
    better_word,
    sign_of,
)


def test_the_least_loss_is_the_best_score() -> None:
    scores = [0.1, 0.7, 0.4]
    assert min(scores, key=lambda score: as_loss(score, MAXIMIZE)) == 0.7
    assert min(scores, key=lambda score: as_loss(score, MINIMIZE)) == 0.1


@pytest.mark.parametrize("direction", [MINIMIZE, MAXIMIZE])
def test_no_score_is_the_worst(direction: str) -> None:
    assert as_loss(None, direction) == as_loss(math.nan, direction) == math.inf


def test_a_direction_has_a_sign_a_word_and_a_short_form() -> None:
    assert (sign_of(MINIMIZE), sign_of(MAXIMIZE)) == (1.0, -1.0)
    assert (better_word(MINIMIZE), better_word(MAXIMIZE)) == ("lower", "higher")
    assert DIRECTIONS["min"] == DIRECTIONS[MINIMIZE] == MINIMIZE
    assert DIRECTIONS["max"] == DIRECTIONS[MAXIMIZE] == MAXIMIZE
