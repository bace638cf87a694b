"""A study file cut at every byte of its end opens, with every record that was written whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage

from automl.results.journal import JournalFile
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from tests.results.study_maker import add_trial, make_run, open_study, result

#: How much of the file's end is cut off, byte by byte.
END = 2048
#: Optuna's operations, as its journal numbers them.
CREATE_TRIAL, SET_STATE, SET_EPOCH, SET_ATTRIBUTE = 4, 6, 7, 8


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    run = make_run(tmp_path_factory.mktemp("whole") / "run")
    study = open_study(run)
    for number in range(6):
        add_trial(study, result(0.5 - number / 100), {"width": number, "name": "größer"})
    add_trial(study, None, {"width": 9})
    return run.study_file.read_bytes()


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path / "run")


def recorded(content: bytes) -> list[dict[str, Any]]:
    """What the whole lines say of each trial, read in the simplest way."""
    trials: list[dict[str, Any]] = []
    for line in content[: content.rfind(b"\n") + 1].splitlines():
        log = json.loads(line)
        if log["op_code"] == CREATE_TRIAL:
            trials.append({"state": TrialState.RUNNING, "epochs": [], "attributes": set()})
        elif log["op_code"] == SET_STATE:
            trials[log["trial_id"]]["state"] = TrialState.COMPLETED
        elif log["op_code"] == SET_EPOCH:
            trials[log["trial_id"]]["epochs"].append(log["intermediate_value"])
        elif log["op_code"] == SET_ATTRIBUTE:
            trials[log["trial_id"]]["attributes"] |= log["user_attr"].keys()
    return trials


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_every_whole_record_is_read_wherever_the_file_is_cut(
    every: int, content: bytes, run: RunDirectory
) -> None:
    assert len(content) > END
    for cut in range(len(content) - END, len(content) + 1, every):
        run.study_file.write_bytes(content[:cut])
        record, expected = read_record(run), recorded(content[:cut])
        assert len(record.trials) == len(expected), cut
        for trial, known in zip(record.trials, expected, strict=True):
            assert trial.state is known["state"], cut
            assert list(trial.scores) == known["epochs"], cut
            assert (trial.result is not None) == ("result" in known["attributes"]), cut
            assert bool(trial.config) == ("config" in known["attributes"]), cut
        ranked = [row.trial for row in leaderboard(record) if row.rank is not None]
        assert sorted(ranked) == [
            number for number, k in enumerate(expected) if k["state"] is TrialState.COMPLETED
        ], cut


@pytest.mark.parametrize("every", [41, pytest.param(1, marks=pytest.mark.slow)])
def test_the_search_goes_on_wherever_the_file_is_cut(
    every: int, content: bytes, run: RunDirectory
) -> None:
    for cut in range(len(content) - END, len(content) + 1, every):
        run.study_file.write_bytes(content[:cut])
        expected = recorded(content[:cut])
        study = optuna.load_study(
            study_name="run", storage=JournalStorage(JournalFile(run.study_file))
        )
        assert len(study.get_trials(deepcopy=False)) == len(expected), cut
        add_trial(study, result(0.25), {"width": 1})
        whole = content[: content.rfind(b"\n", 0, cut) + 1]
        assert run.study_file.read_bytes().startswith(whole), "what was recorded has changed"
        record = read_record(run)
        assert len(record.trials) == len(expected) + 1, cut
        assert record.trials[-1].score == 0.25
