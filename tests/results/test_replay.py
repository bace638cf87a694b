"""The direct reader of a journal agrees with Optuna's own storage, whatever was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from automl.errors import RunError
from automl.results.replay import replay_journal

optuna.logging.set_verbosity(optuna.logging.CRITICAL)

ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "enqueue", "pop", "report", "attribute", "param", "finish", "study", "delete"]
        ),
        st.integers(0, 3),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
    ),
    min_size=5,
    max_size=40,
)


def perform(storage: JournalStorage, study_id: int, action: str, number: int, value: float) -> None:
    study = optuna.Study("first", storage)
    if action == "ask":
        storage.create_new_trial(study_id)
    elif action == "enqueue":
        study.enqueue_trial({"x": 0.5}, user_attrs={"enqueued": True})
    elif action == "study":
        study.set_user_attr(f"key{number}", {"value": value})
    elif action == "delete":
        name = f"other{number}"
        optuna.create_study(storage=storage, study_name=name, load_if_exists=True).ask()
        if number % 2:
            optuna.delete_study(study_name=name, storage=storage)
    else:
        change_trial(storage, number, action, value)


def change_trial(storage: JournalStorage, trial_id: int, action: str, value: float) -> None:
    try:
        if action == "pop":
            storage.set_trial_state_values(trial_id, TrialState.RUNNING)
        elif action == "report":
            storage.set_trial_intermediate_value(trial_id, int(abs(value)) % 7, value)
        elif action == "attribute":
            storage.set_trial_user_attr(trial_id, f"key{int(abs(value)) % 3}", [value])
        elif action == "param":
            distribution = optuna.distributions.FloatDistribution(0.0, 1.0)
            storage.set_trial_param(trial_id, "x", 0.25, distribution)
        else:
            states = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
            state = states[int(abs(value)) % 3]
            values = [float(value)] if state is TrialState.COMPLETE else None
            storage.set_trial_state_values(trial_id, state, values)
    except (KeyError, AssertionError, optuna.exceptions.UpdateFinishedTrialError):
        pass  # what Optuna refuses it may still have written down; a reader has to ignore it


def seen_by_optuna(path: Path) -> list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]]:
    storage = JournalStorage(JournalFileBackend(str(path)))
    names = {
        "COMPLETE": "completed",
        "PRUNED": "pruned",
        "FAIL": "failed",
        "RUNNING": "running",
        "WAITING": "waiting",
    }
    return [
        (
            study.study_name,
            study.user_attrs,
            [
                (
                    trial.number,
                    names[trial.state.name],
                    trial.values[0] if trial.values else None,
                    trial.intermediate_values,
                    trial.user_attrs,
                )
                for trial in storage.get_all_trials(study._study_id)
            ],
        )
        for study in storage.get_all_studies()
    ]


@settings(max_examples=80, deadline=None)
@given(actions=ACTIONS)
def test_agrees_with_optuna(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, float]]
) -> None:
    path = tmp_path_factory.mktemp("replay") / "study.log"
    storage = JournalStorage(JournalFileBackend(str(path)))
    study = optuna.create_study(storage=storage, study_name="first")
    study.ask()
    study.ask()
    for action, number, value in actions:
        perform(storage, study._study_id, action, number, value)
    ours = [
        (
            study.name,
            study.attributes,
            [
                (t.number, t.state.value, t.value, t.values_by_epoch, t.attributes)
                for t in study.trials
            ],
        )
        for study in replay_journal(path)
    ]
    assert ours == seen_by_optuna(path)


def test_what_is_no_journal_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    path.write_bytes(b'{"op_code":0,"study_name":"a"}\n{"op_code":4}\n')
    with pytest.raises(RunError, match="no journal of Optuna"):
        replay_journal(path)
    path.write_bytes(b'{"op_code":5,"x":1}\n{bad\n{"op_code":0,"study_name":"a"}\n')
    with pytest.raises(RunError, match="Line 2 "):
        replay_journal(path)


def test_a_number_below_zero_is_no_trial(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    storage = JournalStorage(JournalFileBackend(str(path)))
    optuna.create_study(storage=storage, study_name="first").ask()
    told = {"worker_id": "a", "trial_id": -1}
    lines = [
        {**told, "op_code": 8, "user_attr": {"key": 1}},
        {**told, "op_code": 7, "step": 1, "intermediate_value": 0.5},
    ]
    with path.open("a") as file:
        file.writelines(f"{json.dumps(line)}\n" for line in lines)
    (study,) = replay_journal(path)
    assert [(trial.attributes, trial.values_by_epoch) for trial in study.trials] == [({}, {})]
    assert seen_by_optuna(path) == [("first", {}, [(0, "running", None, {}, {})])]
