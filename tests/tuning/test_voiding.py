"""A person takes a trial out of the ranking: the best changes, stays so, and can be taken back."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path
from typing import Any

import optuna
import pytest

import automl
from automl.engines.processes import Processes
from automl.errors import RequestError, RunError
from automl.export.bundle import open_bundle
from automl.results.run_directory import RunDirectory
from automl.space import Float, SearchSpace
from automl.tuning import voiding
from automl.tuning.samplers.study_view import StudyView
from automl.tuning.samplers.tpe import TpeSampler
from automl.tuning.study import RunStudy
from automl.tuning.study_opening import open_study
from tests.lent import lending

OPTIONS: dict[str, Any] = {
    "epochs": 4, "workers": 1, "verbose": 0, "finalists": 0, "cv": "none", "pruner": "none"
}  # fmt: skip


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, processes: Processes) -> Path:
    folder = tmp_path_factory.mktemp("void") / "run"
    with lending(processes):
        automl.search("iris", trials=3, directory=folder, **OPTIONS)
    return folder


@pytest.fixture
def run(searched: Path, tmp_path: Path) -> automl.Run:
    shutil.copytree(searched, tmp_path / "run")
    return automl.load_run(tmp_path / "run")


def ranks(run: automl.Run) -> dict[str, str]:
    with run._directory.leaderboard_file.open(newline="") as file:
        return {row["trial"]: row["rank"] for row in csv.DictReader(file)}


def test_the_best_changes_and_the_board_is_written_again(run: automl.Run) -> None:
    best = run.best.number
    done = run.void(int(best), "  its rows\nwere doubled ")
    assert done.reason == "its rows were doubled"
    assert run.best.number == done.best == done.exported != best
    assert f"still holds {best}: `automl resume" in done.note
    assert ranks(run)[str(best)] == ""
    back = run.void(int(best), undo=True)
    assert (back.reason, back.best, back.note) == ("", best, "")
    assert ranks(run)[str(best)] != ""


def test_a_resumed_search_keeps_it_void_and_exports_another(run: automl.Run, warm: None) -> None:
    best = int(run.best.number)
    run.void(best, "leak")
    resumed = run.resume(trials=4, verbose=0)
    assert resumed.best.number != best
    assert ranks(run)[str(best)] == ""
    exported = open_bundle(run.path / "best").config["trial"]
    assert exported == resumed.best.number
    assert run.record.find(best).voided == "leak"
    assert run._directory.trial_file(best, "model.keras").is_file()  # for who takes it back
    run.void(best, undo=True)
    assert run.best.number in (best, exported)


def test_nothing_is_recorded_of_a_trial_that_is_none(run: automl.Run) -> None:
    before = run._directory.study_file.read_bytes()
    for trial, message in ((9, "has no trial 9"), ("linear", "linear is no trial of the search")):
        with pytest.raises(RequestError, match=message):
            voiding.void_trial(run.path, trial, "leak")
    with pytest.raises(RequestError, match="No reason is given"):
        run.void(0, " \n")
    with pytest.raises(RequestError, match="needs no reason"):
        run.void(0, "leak", undo=True)
    with pytest.raises(RequestError, match="not void"):
        run.void(0, undo=True)
    with pytest.raises(RequestError, match="501 characters"):
        run.void(0, "x" * 501)
    assert run._directory.study_file.read_bytes() == before


def test_a_run_in_use_is_left_alone(run: automl.Run) -> None:
    before = run._directory.study_file.read_bytes()
    with run._directory.lock(), pytest.raises(RunError, match="in use by another process"):
        run.void(0, "leak")
    assert run._directory.study_file.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_run_that_cannot_be_written_is_a_sentence(run: automl.Run) -> None:
    (run.path / "run.lock").unlink()
    run.path.chmod(0o500)
    try:
        with pytest.raises(RunError, match="make its directory writable"):
            run.void(0, "leak")
    finally:
        run.path.chmod(0o700)


def test_a_study_that_cannot_be_written_is_a_sentence(run: automl.Run) -> None:
    directory = RunDirectory.open(run.path)
    directory.study_file.rename(run.path / "elsewhere.log")
    (run.path / "study.log").symlink_to(run.path / "elsewhere.log")
    before = (run.path / "elsewhere.log").read_bytes()
    with pytest.raises(RunError):
        run.void(0, "leak")
    assert (run.path / "elsewhere.log").read_bytes() == before


def test_a_sampler_does_not_see_it() -> None:
    space = SearchSpace("x", [Float("x", 0.0, 1.0)], lambda *a: None)
    study = optuna.create_study(sampler=TpeSampler(0, "minimize"))
    for x in (0.2, 0.8, 0.5):
        trial = study.ask()
        study.tell(trial, trial.suggest_float("x", 0.0, 1.0) - x)
    study.set_user_attr("void:1", {"reason": "leak", "date": "2026-11-29"})
    assert [trial.number for trial in StudyView(study, 9).get_trials()] == [0, 2]
    assert len(TpeSampler(0, "minimize")._memory.of(study)) == 2
    assert RunStudy(study, space, 0).voided() == {1}


def test_a_study_that_waits_for_a_database_asks_for_its_name(run: automl.Run) -> None:
    manifest = run._directory.read_manifest()
    manifest["storage"] = manifest["request"]["storage"] = "sqlite:////nowhere.db"
    run._directory.write_manifest(manifest)
    with pytest.raises(RequestError, match=r"`automl void .* 0 --storage sqlite"):
        run.void(0, "leak")


def test_a_database_is_written_where_it_is_named(tmp_path: Path, warm: None) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    run = automl.search("iris", trials=2, storage=url, directory=tmp_path / "run", **OPTIONS)
    best = int(run.best.number)
    voiding.void_trial(run.path, best, "leak", storage=url)
    read = automl.load_run(run.path)  # its own board, the database unopened
    assert read.best.number == 1 - best
    assert read.record.find(best).voided == "leak"
    study = open_study(run._directory, run._directory.read_manifest(), None)
    assert study.user_attrs[f"void:{best}"]["reason"] == "leak"
