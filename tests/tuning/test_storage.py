"""The driver's storage agrees with Optuna's own, line for line, whatever is done to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from automl.results.journal import JournalFile
from automl.tuning.storage import RunStorage, finished_since

optuna.logging.set_verbosity(optuna.logging.CRITICAL)

STATES = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)
KINDS: dict[str, list[BaseDistribution]] = {
    "x": [FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 2.0)],
    "kind": [CategoricalDistribution(["a", "b"]), CategoricalDistribution(["a", "b", "c"])],
}
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "enqueue", "pop", "add", "param", "report", "attribute", "note", "finish",
             "study", "together", "apart"]
        ),
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=40,
)  # fmt: skip


def perform(storage: JournalStorage, study_id: int, action: str, trial: int, value: int) -> str:
    """Does something; the kind of error it raises, or nothing."""
    study = optuna.Study("run", storage)
    try:
        if action == "ask":
            storage.create_new_trial(study_id)
        elif action == "enqueue":
            study.enqueue_trial({"x": 0.5}, user_attrs={"enqueued": True})
        elif action == "pop":
            storage.set_trial_state_values(trial, TrialState.RUNNING)
        elif action == "add":
            x = FloatDistribution(0.0, 1.0)
            study.add_trial(
                optuna.trial.create_trial(value=value, params={"x": 0.5}, distributions={"x": x})
            )
        elif action == "param":
            name = ("x", "kind")[value % 2]
            distribution = KINDS[name][value // 3]
            storage.set_trial_param(trial, name, float(value % 2), distribution)
        elif action == "report":
            storage.set_trial_intermediate_value(trial, value, value / 7)
        elif action == "attribute":
            storage.set_trial_user_attr(trial, f"key{value}", {"shape": (1, value), 3: "three"})
        elif action == "note":
            storage.set_trial_system_attr(trial, f"key{value}", [value])
        elif action == "finish":
            state = STATES[value % 3]
            values = [value / 3] if state is TrialState.COMPLETE else None
            storage.set_trial_state_values(trial, state, values)
        elif action == "study":
            storage.set_study_user_attr(study_id, f"key{value}", {"value": value})
    except (KeyError, ValueError, AssertionError, optuna.exceptions.OptunaError) as error:
        return type(error).__name__
    return ""


def seen(storage: JournalStorage, study_id: int) -> list[dict[str, Any]]:
    def form(trial: FrozenTrial) -> dict[str, Any]:
        values = dict(trial.__dict__)
        # Taken from the clock, by each storage for itself.
        started, ended = values.pop("_datetime_start"), values.pop("datetime_complete")
        return {**values, "started": started is not None, "ended": ended is not None}

    return [form(trial) for trial in storage.get_all_trials(study_id, deepcopy=True)]


@settings(max_examples=120, deadline=None)
@given(actions=ACTIONS)
def test_agrees_with_optuna_after_every_step(
    actions: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("storage")
    path = folder / "ours.log"
    ours = RunStorage(JournalFile(path))
    theirs = JournalStorage(JournalFileBackend(str(folder / "theirs.log")))
    for storage in (ours, theirs):
        optuna.create_study(storage=storage, study_name="run")
    for storage in (ours, theirs):
        optuna.Study("run", storage).enqueue_trial({"x": 0.25})
    held = None
    for action, trial, value in actions:
        if action == "together" and held is None:
            held = ours.together()
            held.__enter__()
        elif action == "apart" and held is not None:
            held.__exit__(None, None, None)
            held = None
        assert perform(ours, 0, action, trial, value) == perform(theirs, 0, action, trial, value)
        assert seen(ours, 0) == seen(theirs, 0)
        for states in ((TrialState.RUNNING,), (TrialState.WAITING,), STATES[:2]):
            wanted = [t.number for t in theirs.get_all_trials(0, states=states)]
            assert [t.number for t in ours.get_all_trials(0, states=states)] == wanted
    if held is not None:
        held.__exit__(None, None, None)
    # What is in the file is what was in memory, for Optuna and for a driver that goes on.
    again = RunStorage(JournalFile(path))
    for reader in (JournalStorage(JournalFileBackend(str(path))), again):
        assert seen(reader, 0) == seen(ours, 0)
        assert reader.get_study_user_attrs(0) == ours.get_study_user_attrs(0)
    over = {t.number for t in ours.get_all_trials(0) if t.state.is_finished()}
    assert [t.number for t in ours.finished(0)] == [t.number for t in again.finished(0)]
    assert {t.number for t in ours.finished(0)} == over


class CountingFile(JournalFile):
    """Counts how often it is written."""

    writes = 0

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self.writes += 1
        super().append_logs(logs)


def test_what_belongs_together_is_written_once(tmp_path: Path) -> None:
    file = CountingFile(tmp_path / "study.log")
    storage = RunStorage(file)
    study = optuna.create_study(storage=storage, study_name="run")
    before = file.writes
    with storage.together():
        trial = study.ask()
        for name in "abcdefgh":
            trial.suggest_float(name, 0, 1)
        assert list(trial.params) == list("abcdefgh")
        assert (
            JournalStorage(JournalFileBackend(str(tmp_path / "study.log"))).get_all_trials(0) == []
        )
    assert file.writes == before + 1


def test_a_proposal_that_fails_is_recorded_as_far_as_it_came(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    storage = RunStorage(JournalFile(path))
    study = optuna.create_study(storage=storage, study_name="run")
    with pytest.raises(ZeroDivisionError), storage.together():
        study.ask().suggest_float("x", 0, 1)
        raise ZeroDivisionError
    there = RunStorage(JournalFile(path)).get_all_trials(0)
    assert [(t.state, list(t.params)) for t in there] == [(TrialState.RUNNING, ["x"])]
    study.ask()
    assert len(study.trials) == 2


def test_what_others_write_into_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    ours = optuna.create_study(storage=RunStorage(JournalFile(path)), study_name="run")
    ours.ask()
    theirs = optuna.load_study(
        study_name="run", storage=JournalStorage(JournalFileBackend(str(path)))
    )
    theirs.ask().set_user_attr("note", "seen")
    assert [t.user_attrs for t in ours.trials] == [{}, {"note": "seen"}]
    assert ours.ask().number == 2
    assert [t.number for t in theirs.trials] == [0, 1, 2]


def test_trials_that_ended_are_told_once_and_in_order(tmp_path: Path) -> None:
    study = optuna.create_study(storage=RunStorage(JournalFile(tmp_path / "study.log")))
    first, second, third = study.ask(), study.ask(), study.ask()
    study.tell(second, 2.0)
    study.tell(first, state=TrialState.FAIL)
    assert [t.number for t in finished_since(study, 0) or []] == [1, 0]
    study.tell(third, 1.0)
    assert [t.number for t in finished_since(study, 2) or []] == [2]
    assert finished_since(optuna.create_study(), 0) is None


def test_a_distribution_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "study.log"
    study = optuna.create_study(storage=RunStorage(JournalFile(path)), study_name="run")
    for _ in range(3):
        study.ask().suggest_categorical("kind", ["a", "b"])
    for storage in (study._storage, RunStorage(JournalFile(path))):
        kinds = {id(t.distributions["kind"]) for t in storage.get_all_trials(0, deepcopy=False)}
        assert len(kinds) == 1
