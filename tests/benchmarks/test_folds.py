"""The replay of searches by folds and by one holdout: who sees the truth chooses the best."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.folds import Pool, compared, section

QUALITY = [3.0, 1.0, 2.0, 5.0, 4.0, 9.0]


def pool(seed: int, holdout: list[float], folds: list[float]) -> Pool:
    """A set of which validation scores are given, and test scores are the configuration's own."""
    return Pool(
        "made",
        200,
        seed,
        [(score, quality) for score, quality in zip(holdout, QUALITY, strict=True)],
        [[(score, quality)] * 5 for score, quality in zip(folds, QUALITY, strict=True)],
    )


def test_who_sees_the_truth_has_no_regret() -> None:
    shuffled = QUALITY[::-1]
    found = compared([pool(0, shuffled, QUALITY), pool(1, shuffled, QUALITY)], (6, 6))
    assert found["folds_exported"] == found["folds_chosen"] == 0.0
    assert found["holdout_chosen"] > 1.0  # the worst one has looked best
    assert found["wins_chosen"] == 1.0
    turned = compared([pool(0, QUALITY, shuffled)], (6, 6))
    assert turned["wins_chosen"] == 0.0
    assert turned["gain"] < 0.0


def test_fewer_trials_leave_more_regret() -> None:
    one = [pool(0, QUALITY, QUALITY)]
    found = compared(one, (6, 2))
    assert found["holdout_chosen"] == 0.0
    assert found["folds_chosen"] > 0.0


def test_a_section_names_its_command() -> None:
    pools = [pool(seed, QUALITY, QUALITY) for seed in (0, 1)]
    text = section(pools, "python -m benchmarks.folds")
    assert "`python -m benchmarks.folds`" in text
    assert "2 pools (a set and a seed) of 1 sets, 6 configurations" in text


def test_the_median_configuration_has_a_regret_of_one() -> None:
    made = pool(0, QUALITY, QUALITY)
    regret = made.regret(np.array([1.0, 3.5, 1e9]))
    assert regret.tolist() == pytest.approx([0.0, 1.0, 10.0])
