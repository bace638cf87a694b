"""A trial and what training it again came to: equal to the last bit or not, and why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automl.results.retrained import Retrained, changes_since
from automl.trial import TrialResult, TrialState

RECORDED = TrialResult(
    TrialState.COMPLETED,
    score=0.25,
    folds=(0.125, 0.375),
    epochs=9,
    best_epoch=4,
    model_hash="ab",
    trainer="kernel",
)


def made(recorded: TrialResult = RECORDED, **changes: Any) -> Retrained:
    return Retrained(3, "log_loss", recorded, replace(recorded, **changes))


def test_the_same_is_equal() -> None:
    found = made(seconds=77.0)
    assert found.is_equal
    assert found.difference == 0.0
    assert found.scores == {
        "log_loss": (0.25, 0.25), "fold 1": (0.125, 0.125), "fold 2": (0.375, 0.375)
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"score": 0.25 + 2**-53},
        {"folds": (0.125,)},
        {"folds": (0.375, 0.125)},
        {"executions": (0.25,)},
        {"best_epoch": 5},
        {"epochs": 10},
        {"model_hash": "ac"},
        {"state": TrialState.PRUNED},
        {"state": TrialState.FAILED, "score": None},
    ],
)
def test_any_difference_counts(changes: dict[str, Any]) -> None:
    assert not made(**changes).is_equal


def test_weights_that_were_not_kept_are_not_compared() -> None:
    found = made(replace(RECORDED, model_hash=""), model_hash="ab")
    assert found.is_equal
    assert not found.has_hash


def test_a_score_that_is_missing_has_no_difference() -> None:
    found = made(score=None)
    assert found.difference is None
    assert found.to_object()["equal"] is False


def test_what_has_changed_is_told_and_nothing_else() -> None:
    manifest = {
        "versions": {"keras": "3.1", "optuna": "4", "kernel": "present"},
        "machine": {"processor": "A", "threads": 1, "cores": 2},
        "request": {"engine": "ray"},
    }
    versions = {"keras": "3.2", "optuna": "5", "kernel": "absent", "numpy": "2"}
    machine = {"processor": "B", "threads": 1, "cores": 64}
    now = replace(RECORDED, trainer="compiled")
    assert changes_since(manifest, versions, machine, RECORDED, now) == (
        "keras was 3.1 and is 3.2",
        "kernel was present and is absent",
        "the processor was A and is B",
        "the trainer was kernel and is compiled",
        "the engine was ray and is local",
    )


def test_of_an_older_run_nothing_is_known_to_have_changed() -> None:
    assert changes_since({}, {"keras": "3"}, {"processor": "B"}, RECORDED, RECORDED) == ()
