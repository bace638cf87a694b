"""What is scored on the test rows first where time is short."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from automl.results.ensembles import MemberForm
from automl.results.record import RunRecord, TrialRecord
from automl.trial import TrialResult, TrialState
from automl.tuning.scoring_test_rows import TestRowScoring as Scoring


def trial(name: int | str, **more: Any) -> TrialRecord:
    result = TrialResult(TrialState.COMPLETED, score=0.1, test_seconds=20.0)
    return TrialRecord(name, TrialState.COMPLETED, {}, 0, result=result, **more)


@pytest.mark.parametrize(("left", "first"), [(70.0, "ensemble"), (50.0, 0), (None, "ensemble")])
def test_an_ensemble_that_there_is_hardly_time_for_comes_after_the_best_trial(
    left: float | None, first: int | str
) -> None:
    members = tuple(MemberForm(name, "holdout", 0.5) for name in ("0", "1"))
    ensemble = trial("ensemble", members=members)
    record = RunRecord(
        "run",
        "log_loss",
        "minimize",
        (trial(0), trial(1)),
        ensembles=(ensemble,),
        chosen="ensemble",
    )
    there = SimpleNamespace(is_file=lambda path: True)
    run = SimpleNamespace(root=there, trial_file=lambda name, file: f"{name}/{file}")
    study = SimpleNamespace(test_scores=dict, owns=lambda number: True)
    ending: Any = SimpleNamespace(
        run=run,
        study=study,
        arrays=SimpleNamespace(test=object()),
        refitting=None,
        clock=None if left is None else SimpleNamespace(left_for_test_rows=lambda: left),
        interruption=SimpleNamespace(left_for_test_rows=lambda: None),
    )
    asked = [one.trial for one in Scoring(ending, record, 0)._asked()]
    assert asked[0] == first and set(asked) == {0, "ensemble"}
