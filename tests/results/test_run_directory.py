"""The run's directory: made whole or not at all, one driver, names that stay inside."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.bounded import MOST_JSON, MOST_NESTING
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import RequestError, RunError
from automl.results import run_directory
from automl.results.run_directory import RunDirectory
from automl.tuning.stored_rows import write_rows

MANIFEST = {"objective": {"name": "log_loss", "direction": "minimize"}}


def test_created_and_opened(tmp_path: Path) -> None:
    made = RunDirectory.create(tmp_path / "results" / "one", MANIFEST)
    opened = RunDirectory.open(tmp_path / "results" / "one")
    assert opened == made
    assert opened.name == "one"
    assert opened.read_manifest() == MANIFEST
    assert opened.trials.is_dir()
    opened.write_manifest({**MANIFEST, "seed": 0})
    assert opened.read_manifest()["seed"] == 0
    assert {file.name for file in opened.path.iterdir()} == {"run.json", "trials"}


def test_an_existing_run_suggests_resume(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path / "one", MANIFEST)
    with pytest.raises(RequestError, match="automl resume"):
        RunDirectory.create(tmp_path / "one", MANIFEST)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(RequestError, match="is not a run"):
        RunDirectory.create(tmp_path, MANIFEST)
    with pytest.raises(RequestError, match="exists"):
        RunDirectory.create(tmp_path / "mine.txt", MANIFEST)
    with pytest.raises(RequestError, match="cannot be made"):
        RunDirectory.create(tmp_path / "mine.txt" / "run", MANIFEST)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_is_left_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_directory, "write_sealed_json", full)
    with pytest.raises(RequestError, match="No space left on device"):
        RunDirectory.create(tmp_path / "a" / "b" / "run", MANIFEST)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError):
        RunDirectory.create(tmp_path / "empty", MANIFEST)
    assert list((tmp_path / "empty").iterdir()) == []


def test_what_is_not_a_run(tmp_path: Path) -> None:
    RunDirectory.create(tmp_path / "housing", MANIFEST)
    with pytest.raises(RequestError, match=r"no run .*; there is .*housing\.$"):
        RunDirectory.open(tmp_path / "housin")
    with pytest.raises(RequestError, match=r"run\.json"):
        RunDirectory.open(tmp_path)
    (tmp_path / "housing" / "run.json").write_text("[1]")
    with pytest.raises(RunError, match="no JSON object"):
        RunDirectory.open(tmp_path / "housing").read_manifest()
    (tmp_path / "housing" / "run.json").write_text('{"a":')
    with pytest.raises(RunError, match="is not JSON"):
        RunDirectory.open(tmp_path / "housing").read_manifest()


def test_trial_folders(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    assert run.trial_directory(17) == run.path / "trials" / "17"
    assert run.trial_directory("linear") == run.path / "trials" / "linear"


@given(name=st.text(max_size=12) | st.sampled_from(["..", "../x", "a/../../x", "/etc", "a/b"]))
def test_a_trial_s_name_never_leads_out(name: str) -> None:
    run = RunDirectory(Path("/nowhere/run"))
    try:
        path = run.trial_directory(name)
    except RequestError:
        return
    assert path.parent == run.trials


@pytest.mark.parametrize("name", ["..", "../other/model.keras", "/etc/passwd", "trials/../../x"])
def test_names_stay_inside(tmp_path: Path, name: str) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    with pytest.raises(RunError, match="not inside"):
        run.inside(name)


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    (tmp_path / "elsewhere").mkdir()
    (run.trials / "3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="not inside"):
        run.trial_directory(3)


def _hold(path: str, taken: object, done: object) -> None:
    with RunDirectory.open(path).lock():
        taken.set()  # type: ignore[attr-defined]
        done.wait()  # type: ignore[attr-defined]


def test_one_driver_at_a_time(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    context = multiprocessing.get_context("spawn")
    taken, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(str(run.path), taken, done))
    process.start()
    try:
        assert taken.wait(30)
        with pytest.raises(RunError, match="in use by another process"), run.lock():
            pass
    finally:
        process.kill()
        process.join()
    with run.lock():
        pass


def test_discard(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    run.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_another_run_takes_at_the_same_moment_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    look = RunDirectory.check_free

    def look_then_be_late(given: str | Path) -> None:
        look(given)
        monkeypatch.setattr(RunDirectory, "check_free", staticmethod(look))
        RunDirectory.create(path, {**MANIFEST, "seed": 1}).trial_directory(0).mkdir()

    monkeypatch.setattr(RunDirectory, "check_free", staticmethod(look_then_be_late))
    with pytest.raises(RequestError, match="taken by another run"):
        RunDirectory.create(path, {**MANIFEST, "seed": 2})
    assert RunDirectory.open(path).read_manifest()["seed"] == 1
    assert (path / "trials" / "0").is_dir()


@pytest.mark.parametrize("link", ["run", "results"])
def test_a_dangling_link_in_the_place_of_the_directory_is_named(link: str, tmp_path: Path) -> None:
    (tmp_path / link).symlink_to(tmp_path / "nowhere")
    path = tmp_path / "run" if link == "run" else tmp_path / "results" / "run"
    for create in (RunDirectory.check_free, lambda path: RunDirectory.create(path, MANIFEST)):
        with pytest.raises(RequestError, match=r"is a link to .*nowhere, which is not there"):
            create(path)
    assert [path.name for path in tmp_path.iterdir()] == [link]


def test_a_link_to_an_empty_folder_becomes_a_run(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    RunDirectory.create(tmp_path / "run", MANIFEST)
    assert (tmp_path / "disk" / "run.json").exists()


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_copies_of_data_are_readable_as_the_umask_says(umask: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        run = RunDirectory.create(tmp_path / "run", MANIFEST)
        write_rows(run, prepare(DataRequest("iris")))
    finally:
        os.umask(before)
    for path in (run.path, *run.path.rglob("*")):
        allowed = (0o777 if path.is_dir() else 0o666) & ~umask
        assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_run_files_are_bounded(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", MANIFEST)
    os.truncate(run.manifest_file, MOST_JSON + 1)
    with pytest.raises(RunError, match=rf"run\.json has {MOST_JSON + 1:,} bytes, more than the"):
        run.read_manifest()
    depth = MOST_NESTING + 1
    run.manifest_file.write_text(f'{{"a": {"[" * depth}{"]" * depth}}}')
    with pytest.raises(RunError, match=f"deeper than the {MOST_NESTING} levels"):
        run.read_manifest()
    with pytest.raises(RunError, match="nested deeper"):
        run.write_manifest({"a": json.loads("[" * depth + "]" * depth)})
