"""Scorings of finalists: how a study records them, and when their means count."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from automl.errors import RunError
from automl.results.paired_test import told_apart
from automl.results.record import TrialRecord
from automl.results.scorings import (
    FinalistScoring,
    compared,
    over_scorings,
    recorded_finalists,
    recorded_scorings,
    scoring_entry,
    whole_rounds,
)
from automl.trial import TrialResult, TrialState


def scoring(
    trial: int, number: int, score: float | None, view: str = "holdout", views: int = 1
) -> FinalistScoring:
    state = TrialState.FAILED if score is None else TrialState.COMPLETED
    metrics = {} if score is None else {"mse": score}
    result = TrialResult(
        state,
        score=score,
        metrics=metrics,
        train_metrics=metrics,
        reason="it diverged" if score is None else "",
    )
    return FinalistScoring(trial, number, view, views, 7, result)


def test_what_is_recorded_is_read_back() -> None:
    known = (scoring(3, 1, 0.5), scoring(3, 2, None), scoring(4, 1, 0.25, "fold-2", 5))
    attributes = {"other": 1, **dict(map(scoring_entry, known))}
    assert recorded_scorings(attributes) == known
    assert known[2].name == "scoring_4_1_fold_2"


@pytest.mark.parametrize("form", [3, {"trial": 1}, {"trial": "x", "result": {}}, {"result": 3}])
def test_a_damaged_record_is_an_error(form: object) -> None:
    with pytest.raises(RunError, match="scoring 1 cannot be read"):
        recorded_scorings({"scoring:1": form})


@pytest.mark.parametrize("form", [3, [1.5], ["1"], [True]])
def test_finalists_are_numbers(form: object) -> None:
    with pytest.raises(RunError, match="which are no trials"):
        recorded_finalists({"finalists": form})


def test_a_round_counts_when_all_of_its_views_are_scored() -> None:
    first = [scoring(1, 1, 0.1, view, 2) for view in ("fold-1", "fold-2")]
    assert whole_rounds([*first, scoring(1, 2, 0.3, "fold-1", 2)]) == tuple(first)


def test_scorings_count_when_every_finalist_has_a_round() -> None:
    known = [scoring(1, 1, 0.5), scoring(2, 1, 0.4), scoring(2, 2, 0.3)]
    assert compared([1, 2, 3], known) == {}
    assert compared([], known) == {}
    assert compared([1, 2], known) == {1: (known[0],), 2: (known[1], known[2])}


def test_a_finalist_that_fails_has_its_failures_alone() -> None:
    known = [scoring(1, 1, 0.5), scoring(2, 1, 0.4), scoring(2, 2, None)]
    found = compared([1, 2], known)
    assert found[2] == (known[2],)
    searched = TrialResult(TrialState.COMPLETED, score=0.1)
    failed = over_scorings(searched, found[2])
    assert failed.score == 0.1
    assert failed.reason == "trained again with another seed it failed: it diverged"


def test_means_stand_in_place_of_the_score_that_a_trial_was_chosen_by() -> None:
    pruned = TrialResult(
        TrialState.PRUNED, score=0.01, folds=(0.01,), metrics={"mse": 0.01}, reason="it was pruned"
    )
    final = over_scorings(pruned, [scoring(1, 1, 0.2), scoring(1, 2, 0.4)])
    assert (final.state, final.reason, final.folds) == (TrialState.COMPLETED, "", ())
    assert final.score == pytest.approx(0.3)
    assert final.metrics == final.train_metrics == {"mse": pytest.approx(0.3)}


def test_metrics_that_not_all_scorings_have_have_no_mean() -> None:
    first, other = scoring(1, 1, 0.5), scoring(1, 2, 0.3)
    more = replace(other, result=replace(other.result, metrics={"mse": 0.3, "mae": 0.1}))
    found = over_scorings(TrialResult(TrialState.COMPLETED, score=0.1), (more, first))
    assert found.metrics == {"mse": pytest.approx(0.4)}


def test_scores_too_large_to_be_computed_with_tell_nothing_apart() -> None:
    huge = tuple(scoring(1, number, 1.7e308) for number in (1, 2, 3))
    other = tuple(scoring(2, number, -1.7e308) for number in (1, 2, 3))
    assert over_scorings(TrialResult(TrialState.COMPLETED), huge).score == pytest.approx(1.7e308)
    assert not told_apart(huge, other)
    folds = TrialResult(TrialState.COMPLETED, score=0.0, folds=(1.7e308, -1.7e308))
    assert TrialRecord(1, TrialState.COMPLETED, {}, 1, folds).standard_error == math.inf
