"""What a run's scores come to, in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl.results.findings import (
    better_baseline,
    findings,
    gap_to_test,
    negative_transfer,
    nothing_learnt,
)
from automl.results.leaderboard import leaderboard
from automl.results.readings.table import leaderboard_text
from automl.results.record import AgainstConstant, RunRecord, TrialRecord
from automl.trial import TrialResult, TrialState


def entry(name: int | str, score: float | None) -> TrialRecord:
    result = TrialResult(TrialState.COMPLETED, score=score)
    return TrialRecord(name, TrialState.COMPLETED, {}, 1, result)


def record_of(best: float, *baselines: TrialRecord, direction: str = "minimize") -> RunRecord:
    worse = best + (1.0 if direction == "minimize" else -1.0)
    trials = (entry(0, worse), entry(1, best))
    return RunRecord("run", "log_loss", direction, trials, baselines)


@pytest.mark.parametrize(
    ("best", "compared", "direction", "is_told"),
    [
        (0.5, None, "minimize", False),
        (0.7, None, "minimize", True),
        (0.69, None, "maximize", True),
        (0.7, None, "maximize", False),
        (0.5, AgainstConstant(1, "log_loss", -0.01, 0.4), "minimize", True),
        (0.5, AgainstConstant(1, "log_loss", 0.01, 0.4), "minimize", False),
        (0.5, AgainstConstant(0, "log_loss", -0.01, 0.4), "minimize", False),  # of another trial
    ],
)
def test_a_search_that_has_learnt_nothing_says_so(
    best: float, compared: AgainstConstant | None, direction: str, is_told: bool
) -> None:
    record = record_of(best, entry("majority", 0.69), direction=direction)
    told = nothing_learnt(replace(record, against_constant=compared))
    assert bool(told) == is_told
    if is_told:
        assert told.startswith("Nothing was learnt: no trial beats the majority class.")
        assert "trial 1" in told


@pytest.mark.parametrize(
    ("compared", "how"),
    [
        (AgainstConstant(1, "log_loss", -0.4, 0.1), "cannot be told from it"),
        (AgainstConstant(1, "log_loss", -0.4, -0.1), "is worse than it"),
        (None, "is no better than it"),
    ],
)
def test_how_the_best_trial_compares_is_as_it_was_found(
    compared: AgainstConstant | None, how: str
) -> None:
    record = replace(record_of(0.8, entry("majority", 0.69)), against_constant=compared)
    assert f"The best, trial 1, {how} on the validation rows" in nothing_learnt(record)


def test_of_numbers_it_is_the_mean() -> None:
    assert "no trial beats the mean" in nothing_learnt(record_of(1.0, entry("mean", 1.0)))


@pytest.mark.parametrize(
    ("linear", "boosting", "told"),
    [
        (0.4, 0.3, ""),
        (0.2, 0.15, "Gradient boosting is better here: log_loss 0.1500"),
        (0.1, 0.15, "The linear model is better here: log_loss 0.1000"),
        (0.4, None, ""),
    ],
)
def test_a_baseline_that_is_better_is_named(
    linear: float, boosting: float | None, told: str
) -> None:
    baselines = (entry("majority", 0.9), entry("linear", linear), entry("boosting", boosting))
    found = better_baseline(record_of(0.25, *baselines))
    assert found.startswith(told) and bool(found) == bool(told)


def test_a_baseline_that_is_no_better_than_a_constant_is_no_better_model() -> None:
    record = record_of(0.9, entry("majority", 0.7), entry("linear", 0.8))
    assert better_baseline(record) == ""


@pytest.mark.parametrize(
    ("tested", "interval", "direction", "told"),
    [
        (0.3, None, "minimize", "0.3000, 0.1000 worse than its validation score 0.2000."),
        (0.3, (0.1, 0.4), "minimize", "0.2000, which lies within the interval."),
        (0.3, (0.25, 0.4), "minimize", "outside the interval: it flatters"),
        (0.1, (0.05, 0.15), "minimize", "0.1000 better than its validation score 0.2000"),
        (0.1, (0.05, 0.15), "minimize", "the test rows are easier"),
        (0.3, (0.25, 0.4), "maximize", "0.3000 [0.2500, 0.4000], 0.1000 better than"),
        (0.1, (0.05, 0.15), "maximize", "outside the interval: it flatters"),
    ],
)
def test_the_gap_between_validation_and_test_is_named(
    tested: float, interval: tuple[float, float] | None, direction: str, told: str
) -> None:
    record = record_of(0.2, direction=direction)
    record = replace(
        record,
        test_scores={1: {"log_loss": tested}},
        test_intervals={} if interval is None else {1: interval},
    )
    assert told in gap_to_test(record)
    text = " ".join(leaderboard_text(record, leaderboard(record), width=80).split())
    assert all(sentence in text for sentence in findings(record))


@pytest.mark.parametrize(
    ("folds", "told"),
    [
        ((0.1, 0.3), "but no further than the errors of both."),  # 0.2 +- 0.1
        ((0.19, 0.21), "it flatters"),
        ((), "it flatters"),
    ],
)
def test_a_gap_that_the_errors_of_both_scores_explain_does_not_flatter(
    folds: tuple[float, ...], told: str
) -> None:
    record = record_of(0.2)
    *others, best = record.trials
    assert best.result is not None
    best = replace(best, result=replace(best.result, folds=folds))
    record = replace(
        record,
        trials=(*others, best),
        test_scores={1: {"log_loss": 0.3}},
        test_intervals={1: (0.25, 0.4)},
    )
    assert told in gap_to_test(record)


def test_without_a_completed_trial_there_is_nothing_to_say() -> None:
    record = RunRecord("run", "log_loss", "minimize", (), (entry("majority", 0.7),))
    assert findings(record) == ()


@pytest.mark.parametrize(
    ("pretrained", "scratch", "direction", "is_told"),
    [
        (0.5, 0.4, "minimize", True),
        (0.5, 0.4, "maximize", False),
        (0.5, 0.5, "minimize", False),
        (None, 0.4, "minimize", False),
    ],
)
def test_layers_that_are_better_from_scratch_are_named(
    pretrained: float | None, scratch: float, direction: str, is_told: bool
) -> None:
    trials = tuple(
        replace(entry(number, score), config={"weights": kind})
        for number, (kind, score) in enumerate((("pretrained", pretrained), ("random", scratch)))
    )
    found = negative_transfer(RunRecord("run", "log_loss", direction, trials, ()))
    assert bool(found) == is_told
    if is_told:
        assert "trial 1, from scratch, has log_loss 0.4000" in found and found in findings(
            RunRecord("run", "log_loss", direction, trials, ())
        )
