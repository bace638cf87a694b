"""A resumption of a shared study reads its trials a few times, however many there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest

from automl.common.forms import to_form
from automl.results.database import open_storage
from automl.space.registry import find_space
from automl.trial import TrialResult, TrialState
from automl.tuning.sharing import Membership, SharedRunStudy

TRIALS = 40


def test_whose_a_trial_is_is_read_once_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/studies.db"
    study = optuna.create_study(storage=open_storage(url), study_name="one")
    result = to_form(TrialResult(TrialState.COMPLETED, score=0.5))
    for number in range(TRIALS):
        trial = optuna.trial.create_trial(
            value=0.5,
            user_attrs={"driver": "me" if number % 2 else "you", "result": result, "config": {}},
        )
        study.add_trial(trial)
    shared = SharedRunStudy(study, find_space("mlp"), 0, Membership(url, "me", "here", {}))
    reads = 0
    read: Callable[..., Any] = optuna.Study.get_trials

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*arguments, **options)

    monkeypatch.setattr(optuna.Study, "get_trials", counted)
    assert [shared.owns(number) for number in range(TRIALS)] == [False, True] * (TRIALS // 2)
    assert reads == 1
    assert set(shared.others_results()) == set(range(0, TRIALS, 2))
    assert shared.others_results() == {}
    assert reads == 3
    assert not shared.owns(TRIALS)
