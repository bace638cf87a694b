"""What a resumed run may run and connect to: installed, named in the call, or noted here."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automl.errors import RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.space.origin import APPLICATION, BUNDLE, Origin, OriginFile
from automl.space.registry import find_space
from automl.tuning.arguments import asked_values
from automl.tuning.consent import (
    consented_origin,
    consented_request,
    consented_space,
    found_again,
    remember_named,
)
from automl.tuning.known_runs import KnownRun, known_run, remember
from automl.tuning.search_request import SearchRequest, make_request
from automl.vocabulary.applications import APPLICATIONS

SPACE = 'from automl.space import SearchSpace\nspace = SearchSpace("mine", [], lambda *a: None)\n'


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "run", {})


def refuse(reference: str) -> Any:
    raise AssertionError(f"{reference} was loaded")


def space_of(run: RunDirectory, reference: str, given: Any = None, find: Any = refuse) -> Any:
    wanted = consented_space(run, {"space": {"reference": reference}}, given)
    return found_again(run, wanted, find)


def test_an_installed_space_needs_no_word(run: RunDirectory) -> None:
    assert space_of(run, "mlp", find=find_space).name == "mlp"


@pytest.mark.parametrize("reference", ["/tmp/x'; rm -rf ~/evil.py:space", "myrun.evil:space"])
def test_a_space_that_only_the_run_names_is_not_loaded(reference: str, run: RunDirectory) -> None:
    with pytest.raises(RequestError, match="if you trust it, name it: `automl resume"):
        space_of(run, reference)


def test_what_to_type_is_quoted(run: RunDirectory) -> None:
    with pytest.raises(RequestError) as told:
        space_of(run, "/tmp/$(touch x).py:space")
    assert f"automl resume {run.path} --space '/tmp/$(touch x).py:space'" in str(told.value)


def test_a_space_that_is_named_is_loaded(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SPACE)
    found = space_of(run, "/elsewhere/mine.py:space", str(tmp_path / "mine.py"), find_space)
    assert found.name == "mine"


def test_what_this_machine_has_noted_is_loaded(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SPACE)
    space = find_space(str(tmp_path / "mine.py"))
    assert remember(run, space.reference, None, None) == ""
    assert space_of(run, str(space.reference), find=find_space).name == "mine"
    with pytest.raises(RequestError, match="name it"):
        space_of(run, f"{tmp_path}/other.py:space")


def test_a_note_counts_only_for_the_very_directory(run: RunDirectory, tmp_path: Path) -> None:
    remember(run, "/x.py:space", None, None)
    assert known_run(run).space == "/x.py:space"
    run.path.rename(tmp_path / "moved")
    assert known_run(RunDirectory(tmp_path / "moved")).space is None
    (tmp_path / "run").mkdir()
    assert known_run(run).space is None


def test_notes_are_the_owners_only(run: RunDirectory, state: Path) -> None:
    remember(run, "/x.py:space", "sqlite:////x.db", None)
    (note,) = (state / "automl" / "runs").iterdir()
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
    note.write_text("[]")
    assert known_run(run) == KnownRun(str(run.path), run.path.stat().st_ino)


def test_of_a_built_in_space_nothing_is_noted(run: RunDirectory, state: Path) -> None:
    request = make_asked()
    assert remember_named(run, request, find_space("mlp"), True) == ""
    assert not state.exists()


def test_only_a_run_begun_here_is_trusted_with_code_in_its_models(
    run: RunDirectory, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(SPACE)
    space, request = find_space(str(tmp_path / "mine.py")), make_asked()
    assert not known_run(run).begun
    remember_named(run, request, space, known_run(run).begun)  # a stranger's, resumed by --space
    assert (known_run(run).space, known_run(run).begun) == (space.reference, False)
    remember_named(run, request, space, True)
    assert known_run(run).begun


def test_where_nothing_can_be_noted_it_is_said(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert "will ask for it again" in remember(run, "/x.py:space", None, None)


@pytest.mark.parametrize("named", [None, "evil:space"])
def test_no_module_of_the_run_is_imported(
    named: str | None, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run.path / "evil.py").write_text("raise AssertionError('it was run')\n")
    monkeypatch.chdir(run.path)
    remember(run, "evil:space", None, None)  # as if it had been found here once
    with pytest.raises((RequestError, RunError), match=r"evil\.py, which came with the run"):
        space_of(run, "evil:space", named)
    assert "evil" not in sys.modules


def test_a_module_of_the_working_directory_is_not_found_by_a_note(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "near.py").write_text(SPACE)
    monkeypatch.chdir(tmp_path)
    remember(run, "near:space", None, None)
    with pytest.raises(RequestError, match="name it"):
        space_of(run, "near:space")


def make_asked(**changes: Any) -> SearchRequest:
    return replace(make_request("iris", asked_values({"trials": 3})[0]), **changes)


def test_a_database_is_connected_to_only_where_it_is_named_or_noted(run: RunDirectory) -> None:
    url = "postgresql://me@host/x"
    manifest, asked = {"storage": url}, make_asked(storage=url)
    with pytest.raises(RequestError, match=f"--storage {url}"):
        consented_request(run, manifest, asked, None, None)
    with pytest.raises(RequestError, match="must be the same"):
        consented_request(run, manifest, asked, "postgresql://me@other/x", None)
    assert consented_request(run, manifest, asked, url, None).storage == url
    remember(run, None, url, None)
    assert consented_request(run, manifest, asked, None, None).storage == url
    with pytest.raises(RunError, match="two databases"):
        consented_request(run, manifest, make_asked(storage="sqlite:////x.db"), url, None)
    with pytest.raises(RequestError, match="leave --storage out"):
        consented_request(run, {}, make_asked(), url, None)


def test_a_cluster_is_connected_to_only_where_it_is_named_or_noted(run: RunDirectory) -> None:
    asked = make_asked(engine="ray", address="ray://evil:10001")
    with pytest.raises(RequestError, match="--address ray://evil:10001"):
        consented_request(run, {}, asked, None, None)
    given = consented_request(run, {}, asked, None, "ray://mine:10001")
    assert given.address == "ray://mine:10001"
    remember(run, None, None, "ray://evil:10001")
    assert consented_request(run, {}, asked, None, None).address == "ray://evil:10001"


FILE = OriginFile("MobileNet", "/elsewhere/weights.h5", "0" * 64)


def test_layers_come_only_from_what_is_named_or_noted(
    run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    recorded = Origin(APPLICATION, (FILE,))
    with pytest.raises(RequestError, match=r"name it: `automl resume .* --from /elsewhere/weights"):
        consented_origin(run, recorded, None)
    with pytest.raises(RequestError, match=r"name it: `automl replay .* 3 --from /elsewhere"):
        consented_origin(run, recorded, None, ("replay", "3"))
    given = consented_origin(run, recorded, str(tmp_path / "mine.h5"))
    assert given == Origin(APPLICATION, (replace(FILE, path=str(tmp_path / "mine.h5")),))
    bundle = Origin(BUNDLE, (OriginFile("", "/elsewhere/best", "0" * 64),))
    with pytest.raises(RequestError, match="--from /elsewhere/best"):
        consented_origin(run, bundle, None)
    remember(run, None, None, None, origin=(FILE.path,))
    assert consented_origin(run, recorded, None) == recorded
    assert consented_origin(run, bundle, None) == replace(bundle, files=(replace(FILE, name=""),))
    assert consented_origin(run, None, None) is None
    with pytest.raises(RequestError, match="leave --from out"):
        consented_origin(run, None, "best")


def test_weights_in_keras_s_own_cache_are_this_machine_s(
    run: RunDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    cached = tmp_path / "models" / APPLICATIONS[FILE.name].file
    cached.parent.mkdir()
    cached.touch()
    found = consented_origin(run, Origin(APPLICATION, (FILE,)), None)
    assert found == Origin(APPLICATION, (replace(FILE, path=str(cached)),))
    unknown = replace(FILE, name="../../etc/passwd")
    with pytest.raises(RequestError, match="name it"):
        consented_origin(run, Origin(APPLICATION, (unknown,)), None)


def test_python_m_does_not_look_into_the_working_directory(tmp_path: Path) -> None:
    (tmp_path / "optuna.py").write_text("raise AssertionError('it was run')\n")
    (tmp_path / "typer.py").write_text("raise AssertionError('it was run')\n")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}
    command = [sys.executable, "-m", "automl", "--version"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
