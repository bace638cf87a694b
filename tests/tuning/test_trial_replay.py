"""A trial trained again from its record is the trial, and its run stays as it was."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna import Study
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial
from sklearn.datasets import load_iris

import automl
from automl.data.request import DataRequest
from automl.engines.processes import Processes
from automl.errors import RequestError, RunError
from automl.results.ensembles import MemberForm
from automl.results.record import TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.scorings import scoring_name
from automl.trial import SEARCH_OVER, SHARE_TAKEN, TIME_LIMIT_REACHED, TrialResult, TrialState
from automl.tuning import trial_replay
from automl.tuning.search_request import SearchRequest
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
OPTIONS: dict[str, Any] = {"epochs": 4, "workers": 1, "verbose": 0, "seed": 3}
REQUEST = SearchRequest(DataRequest("iris"))
OWN = """
import keras
from automl.space import Int, SearchSpace, training_hyperparameters

units = Int("units", 4, 8, default=4)


def build(config, inputs, task):
    return keras.layers.Dense(config.units, activation="relu")(inputs)


space = SearchSpace("mine", [units, *training_hyperparameters()], build)
"""


class FromTheThirdEpoch(BasePruner):
    """Prunes every trial but the first after its third epoch."""

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return trial.number > 0 and (trial.last_step or 0) >= 3


def search(
    processes: Processes, folder: Path, data: Any = "iris", again: int = 0, **options: Any
) -> automl.Run:
    with lending(processes):
        return automl.search(data, directory=folder / "run", finalists=again, **OPTIONS, **options)


def files_of(run: automl.Run) -> dict[str, bytes]:
    return {
        str(path.relative_to(run.path)): path.read_bytes()
        for path in run.path.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> automl.Run:
    """Trials over folds, some of them pruned; its prepared rows are removed."""
    return search(processes, tmp_path_factory.mktemp("folded"), trials=4, cv=3)


@pytest.fixture(scope="module")
def pruned(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> automl.Run:
    """Rows in memory, two executions a trial and a space of a person's own."""
    folder = tmp_path_factory.mktemp("pruned")
    (folder / "mine.py").write_text(OWN)
    rows = load_iris(return_X_y=True)
    own: dict[str, Any] = {"space": str(folder / "mine.py"), "executions_per_trial": 2}
    return search(processes, folder, rows, trials=2, cv="none", pruner=FromTheThirdEpoch(), **own)


def test_trials_over_folds_and_baselines_are_the_same(folded: automl.Run) -> None:
    before, record = files_of(folded), folded.record
    assert "arrays" not in {name.partition("/")[0] for name in before}
    states = {trial.state for trial in record.trials}
    assert states == {TrialState.COMPLETED, TrialState.PRUNED}
    for name in (0, 1, 2, 3, "linear", "majority"):
        found = folded.replay(name)
        assert found.is_equal, found
        assert found.difference == 0.0
        assert found.changes == ()
        assert len(found.recorded.folds) == len(found.replayed.folds) > 0
    assert files_of(folded) == before


def test_the_best_trial_is_taken_where_none_is_named(folded: automl.Run) -> None:
    found = folded.replay()
    assert found.trial == folded.best.number
    assert found.has_hash
    assert found.replayed.model_hash == found.recorded.model_hash


def test_a_trial_that_a_pruner_stopped_is_stopped_after_the_same_epoch(pruned: automl.Run) -> None:
    found = pruned.replay(1)
    assert (found.recorded.state, found.recorded.epochs) == (TrialState.PRUNED, 3)
    assert found.is_equal, found


def test_executions_are_compared_one_by_one(pruned: automl.Run) -> None:
    before = files_of(pruned)
    found = pruned.replay(0)
    assert found.is_equal, found
    assert [name for name in found.scores if name.startswith("execution")] == [
        "execution 1", "execution 2"
    ]  # fmt: skip
    assert files_of(pruned) == before


def test_another_budget_shows_as_a_difference(folded: automl.Run, tmp_path: Path) -> None:
    shutil.copytree(folded.path, tmp_path / "run")
    run = RunDirectory.open(tmp_path / "run")
    manifest = run.read_manifest()
    manifest["request"]["trial_budget"]["epochs"] = 2
    manifest["versions"]["keras"] = "2.0"
    run.write_manifest(manifest)
    found = automl.load_run(run.path).replay(0)
    assert not found.is_equal
    assert found.difference != 0.0
    assert (found.recorded.epochs, found.replayed.epochs) == (4, 2)
    assert [change.partition(" and")[0] for change in found.changes] == ["keras was 2.0"]


def test_rows_that_each_trial_has_of_its_own_are_made_again(
    tmp_path: Path, processes: Processes
) -> None:
    run = search(processes, tmp_path, trials=2, holdout="reshuffle", pruner="none")
    before = files_of(run)
    assert run.replay(1).is_equal
    assert files_of(run) == before


def test_a_stranger_s_space_is_not_run_unless_it_is_named(
    pruned: automl.Run, tmp_path: Path
) -> None:
    shutil.copytree(pruned.path, tmp_path / "copy")
    run = automl.load_run(tmp_path / "copy")
    with pytest.raises(RequestError, match=r"replaying runs its code; .*`automl replay .* 0 --spa"):
        run.replay(0)
    assert run.replay(0, space=str(pruned.path.parent / "mine.py")).is_equal
    assert run.replay("linear").is_equal  # which is this package's own
    changed = tmp_path / "mine.py"
    changed.write_text(OWN.replace("4, 8", "4, 9"))
    with pytest.raises(RunError, match="has changed"):
        run.replay(0, space=str(changed))


def test_one_training_of_a_finalist_is_the_same(tmp_path: Path, processes: Processes) -> None:
    run = search(processes, tmp_path, trials=6, cv="none", pruner="none", again=2)
    finalist = next(trial for trial in run.record.trials if trial.is_finalist)
    name = finalist.scorings[-1].name
    found = run.replay(name)
    assert found.trial == name
    assert found.is_equal, found
    assert found.recorded.score != run.replay(finalist.trial).recorded.score


def record_of(state: TrialState, reason: str, **changes: Any) -> TrialRecord:
    result = TrialResult(state, score=0.5, reason=reason)
    return TrialRecord(3, state, {}, 0, replace(result, **changes))


@pytest.mark.parametrize(
    "reason",
    [
        f"{SEARCH_OVER} after 2 of 5 executions",
        f"fold 2: {TIME_LIMIT_REACHED} of 3 s in epoch 4",
        f"{SHARE_TAKEN}, 2 s",
    ],
)
def test_what_a_limit_of_time_has_cut_is_refused(reason: str) -> None:
    with pytest.raises(RequestError, match="cannot be replayed exactly, for a limit of time"):
        trial_replay._replayable(record_of(TrialState.COMPLETED, reason), REQUEST)


def test_what_has_come_to_no_score_is_refused() -> None:
    waiting = TrialRecord(3, TrialState.RUNNING, {}, 0, None)
    with pytest.raises(RequestError, match="has not ended"):
        trial_replay._replayable(waiting, REQUEST)
    with pytest.raises(RequestError, match=r"no score to compare with \(it broke\)"):
        trial_replay._replayable(record_of(TrialState.FAILED, "it broke"), REQUEST)
    within = record_of(TrialState.PRUNED, "", folds=(0.5,))
    twice = replace(REQUEST, executions_per_trial=2)
    with pytest.raises(RequestError, match="between two executions of a fold"):
        trial_replay._replayable(within, twice)
    assert trial_replay._replayable(within, REQUEST).folds == (0.5,)


def test_an_ensemble_names_the_trials_to_replay() -> None:
    made = record_of(TrialState.COMPLETED, "")
    names = ("4", scoring_name(7, 1, "fold-2"), scoring_name(4, 2, "fold-1"))
    members = tuple(MemberForm(name, "fold-1", 0.5) for name in names)
    with pytest.raises(RequestError, match=r"\(4, scoring_7_1_fold_2, scor.*\); replay one"):
        trial_replay._replayable(replace(made, trial="ensemble", members=members), REQUEST)


def test_there_is_no_such_trial(folded: automl.Run) -> None:
    with pytest.raises(RequestError, match="has no trial 17"):
        folded.replay(17)
