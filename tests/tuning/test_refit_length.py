"""How long a refit trains: in proportion to rows, and along the schedule that it is to have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.results.record import TrialRecord
from automl.results.scorings import FinalistScoring
from automl.trial import FixedLength, TrialResult, TrialState
from automl.tuning.refit_length import refit_length

HOLDOUT = {"holdout": 800}
FOLDS = {"fold-1": 800, "fold-2": 800, "fold-3": 800}


def result(best_epoch: int) -> TrialResult:
    return TrialResult(
        TrialState.COMPLETED, score=0.5, epochs=best_epoch + 10, best_epoch=best_epoch
    )


def trial(best_epoch: int, **config: Any) -> TrialRecord:
    return TrialRecord(7, TrialState.COMPLETED, config, 1, result(best_epoch))


def finalist(epochs: dict[str, int], **config: Any) -> TrialRecord:
    scorings = [
        FinalistScoring(7, 1, view, len(epochs), 0, result(best)) for view, best in epochs.items()
    ]
    return replace(trial(99, **config), scorings=tuple(scorings), searched=result(99))


def no_curve(folder: str) -> list[float]:
    raise AssertionError(f"the curve of {folder} is not needed")


@pytest.mark.parametrize(
    ("best_epoch", "rows", "epochs", "cap"),
    [
        (40, 1000, 50, 125),
        (40, 800, 40, 100),
        (1, 1000, 1, 125),
        (0, 1000, 1, 125),  # cut inside its first epoch
        (100, 1600, 200, 200),
        (3, 1000, 4, 125),  # 3.75
    ],
)
def test_epochs_and_the_schedule_grow_with_the_rows(
    best_epoch: int, rows: int, epochs: int, cap: int
) -> None:
    found = refit_length(trial(best_epoch), HOLDOUT, rows, 100, no_curve)
    assert (found.fixed, found.cap) == (FixedLength(epochs), cap)


def test_of_a_finalist_the_median_of_its_trainings_counts_and_not_the_search_s_own() -> None:
    best = finalist({"fold-1": 8, "fold-2": 80, "fold-3": 16})
    assert refit_length(best, FOLDS, 1000, 100, no_curve).fixed.epochs == 20


def test_each_training_counts_by_the_rows_of_its_own_view() -> None:
    """As in forward chaining, whose first fold has few rows."""
    best = finalist({"fold-1": 40, "fold-2": 20, "fold-3": 10})
    views = {"fold-1": 250, "fold-2": 500, "fold-3": 1000}
    found = refit_length(best, views, 1000, 100, no_curve)
    assert found.fixed.epochs == 40 and found.cap == 200


def test_a_schedule_that_follows_the_validation_loss_follows_the_nearest_training_s() -> None:
    best = finalist({"fold-1": 2, "fold-2": 4, "fold-3": 8}, schedule="performance")
    curves = {"scoring_7_1_fold_2": [5.0, 4.0, 3.0, 2.0, 2.5]}
    found = refit_length(best, FOLDS, 1200, 100, curves.__getitem__)
    assert found.fixed == FixedLength(6, (5.0, 4.0, 4.0, 3.0, 2.0, 2.0))


def test_where_the_curve_is_gone_the_schedule_follows_nothing() -> None:
    found = refit_length(trial(4, schedule="performance"), HOLDOUT, 1000, 100, lambda _: [])
    assert found.fixed == FixedLength(5)


@given(
    best_epoch=st.integers(0, 500),
    rows=st.integers(800, 8000),
    cap=st.integers(1, 500),
    curve=st.lists(st.floats(0, 9), min_size=1, max_size=600),
)
def test_every_epoch_has_a_rate_and_the_losses_come_in_order(
    best_epoch: int, rows: int, cap: int, curve: list[float]
) -> None:
    best = trial(min(best_epoch, cap), schedule="performance")
    found = refit_length(best, HOLDOUT, rows, cap, lambda _: curve)
    assert 1 <= found.fixed.epochs <= found.cap
    assert len(found.fixed.val_losses) == found.fixed.epochs
    places = []
    rest = 0
    for loss in found.fixed.val_losses:
        rest = curve.index(loss, rest)
        places.append(rest)
    assert places == sorted(places) and found.fixed.val_losses[0] == curve[0]
