"""A search's beginning and resuming: nothing half-made, nothing shared by mistake."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automl.common.files import read_json_object
from automl.common.forms import to_form
from automl.common.root import Root
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import RunError
from automl.results.check_rows import read_check_rows
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.tuning import new_run, search
from automl.tuning.budget import SearchBudget
from automl.tuning.manifest import make_manifest
from automl.tuning.search_request import SearchRequest
from automl.tuning.stored_rows import restore_rows, write_rows

REQUEST = SearchRequest(DataRequest("iris"), space="linear", workers=1)


def make_run(path: Path, request: SearchRequest = REQUEST) -> RunDirectory:
    data = prepare(request.data)
    space, objective = find_space("linear"), default_objective(data.task)
    manifest = make_manifest(request, space, data, objective, space.hash())
    return RunDirectory.create(path, manifest)


def test_a_run_killed_before_its_rows_were_written_gets_all_of_them(tmp_path: Path) -> None:
    killed, whole = make_run(tmp_path / "killed"), make_run(tmp_path / "whole")
    write_rows(whole, prepare(REQUEST.data))
    restore_rows(killed, REQUEST, killed.read_manifest(), None)
    assert killed.plan_file.read_bytes() == whole.plan_file.read_bytes()
    for given, expected in zip(read_check_rows(killed), read_check_rows(whole), strict=True):
        assert np.array_equal(np.asarray(given), np.asarray(expected))
    names = {path.name for path in whole.arrays.iterdir()}
    assert {path.name for path in killed.arrays.iterdir()} == names


def test_a_plan_that_an_earlier_version_wrote_is_the_same_plan(tmp_path: Path) -> None:
    request = replace(REQUEST, data=replace(REQUEST.data, clip="none"))
    run = make_run(tmp_path / "run", request)
    write_rows(run, prepare(request.data))
    stored = json.loads(run.plan_file.read_text())
    for feature in stored["plan"]["features"]:
        del feature["clip"]
    del stored["sha256"]
    run.plan_file.write_text(json.dumps(stored))
    restore_rows(run, request, run.read_manifest(), None)  # whole, so nothing is written anew
    assert "clip" not in run.plan_file.read_text()


def test_rows_prepared_in_another_way_are_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    form = {"plan": to_form(prepare(replace(REQUEST.data, seed=1)).plan)}
    run.plan_file.write_text(json.dumps(form))
    with pytest.raises(RunError, match="no longer prepared as when the run began"):
        restore_rows(run, REQUEST, run.read_manifest(), None)
    assert read_json_object(run.plan_file)["plan"] != {}


def test_runs_that_share_a_database_have_studies_of_their_own(tmp_path: Path) -> None:
    request = replace(REQUEST, storage="sqlite:///runs.db")
    studies = {make_run(tmp_path / name, request).read_manifest()["study"] for name in "ab"}
    assert len(studies) == 2
    assert make_run(tmp_path / "c").read_manifest()["study"] == "iris"


def test_stopped_while_it_writes_its_rows_a_search_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(new_run, "write_rows", stop)
    with pytest.raises(KeyboardInterrupt):
        search.start_search(REQUEST, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_in_use_is_not_touched_by_a_second_resume(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    write_rows(run, prepare(REQUEST.data))
    (run.arrays / "data.json").unlink()  # as while another process writes them
    with run.lock(), pytest.raises(RunError, match="in use by another process"):
        search.resume_search(run.path)
    assert list(run.arrays.iterdir())


def test_two_searches_of_one_name_get_two_directories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    look = RunDirectory.check_free

    def be_late(path: str | Path) -> None:
        monkeypatch.setattr(RunDirectory, "check_free", staticmethod(look))
        RunDirectory.create(path, {})
        look(path)

    monkeypatch.setattr(RunDirectory, "check_free", staticmethod(be_late))
    assert new_run.create_run(None, "iris", {}).path == tmp_path / "results" / "iris-2"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_array_is_removed_while_it_is_mapped(
    warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped: list[str] = []
    whole = Root.remove_tree

    def seen(self: Root, path: str | Path, *args: Any) -> None:
        if Path(path).name == "arrays":
            maps = Path("/proc/self/maps").read_text()
            mapped.extend(line for line in maps.splitlines() if f"{tmp_path}" in line)
            mapped.append("removed")
        whole(self, path, *args)

    monkeypatch.setattr(Root, "remove_tree", seen)
    budget = replace(REQUEST.trial_budget, epochs=1)
    request = replace(REQUEST, budget=SearchBudget(trials=1), trial_budget=budget)
    search.start_search(request, tmp_path / "run")
    assert mapped == ["removed"]
