"""Mutated files of a run: what was recorded, or one sentence; never another leaderboard."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from automl.api import load_run
from automl.cli.main import main
from automl.common.forms import to_form
from automl.data.arrays import Arrays, open_arrays
from automl.errors import RequestError, RunError
from automl.results.check_rows import read_check_rows
from automl.results.export_request import export_request
from automl.results.leaderboard import leaderboard
from automl.results.run_directory import RunDirectory
from automl.space.registry import find_space
from automl.tuning.consent import consented_space
from automl.tuning.manifest import (
    as_asked,
    as_recorded,
    narrowed_space,
    recorded_objective,
    recorded_request,
)
from automl.tuning.stored_rows import restore_rows
from automl.tuning.study_opening import open_study
from tests.faults.mutations import (
    assert_one_sentence,
    byte_edits,
    form_edits,
    form_text,
    fuzz,
    mutate,
    mutate_form,
    refused,
)
from tests.faults.rounds import rounds
from tests.faults.whole_run import make_run, without_seals

optuna.logging.set_verbosity(optuna.logging.CRITICAL)
Board = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """A run that nobody mutates."""
    folder = tmp_path_factory.mktemp("whole")
    return make_run(folder / "run", folder / "rows.csv")


@pytest.fixture
def run(whole: RunDirectory, tmp_path: Path) -> RunDirectory:
    """A copy to mutate."""
    shutil.copytree(whole.path, tmp_path / "run")
    return RunDirectory(tmp_path / "run")


def board(path: Path) -> Board:
    """The leaderboard's rows: rank, trial, state, score, configuration."""
    rows = [to_form(row) for row in leaderboard(load_run(path).record)]
    names = ("rank", "trial", "state", "score", "config")
    return [tuple(None if row[n] != row[n] else row[n] for n in names) for row in rows]


def optunas_board(content: bytes, folder: Path) -> Board | None:
    """The trials of the same bytes as Optuna reads them; None where it does not."""
    lines = content.split(b"\n")[:-1]  # the last line has no end, or is none
    try:
        json.loads(lines[-1] if lines else b"{}")
    except (ValueError, RecursionError):
        lines.pop()
    path = folder / "optuna.log"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    try:
        storage = JournalStorage(JournalFileBackend(str(path)))
        studies = storage.get_all_studies()
        trials = storage.get_all_trials(studies[0]._study_id) if studies else []
    except Exception:  # noqa: BLE001 - whatever Optuna says, it has no board to compare with
        return None
    states = {0: "running", 1: "completed", 2: "pruned", 3: "failed", 4: "waiting"}
    return [
        (t.number, states[t.state.value], t.user_attrs.get("config", {}), t.values) for t in trials
    ]


def assert_same_trials(found: Board, expected: Board) -> None:
    """The board's trials are those of the study, ranked by their scores."""
    trials = {row[1]: row for row in found if isinstance(row[1], int)}
    assert sorted(trials) == [row[0] for row in expected]
    for number, state, config, values in expected:
        _, _, own_state, score, own_config = trials[number]
        assert (own_state, own_config) == (state, config)
        if state == "completed":
            assert [score] == values[:1]
    ranked = [row for row in found if row[0] is not None]
    assert [row[0] for row in ranked] == list(range(1, len(ranked) + 1))
    assert [row[3] for row in ranked] == sorted(row[3] for row in ranked)
    scored = {row[0] for row in expected if row[1] == "completed"}
    assert {row[1] for row in ranked if isinstance(row[1], int)} == scored


@pytest.mark.parametrize("examples", rounds(40, 1500))
def test_a_mutated_study_gives_its_own_leaderboard_or_is_refused(
    examples: int, run: RunDirectory, tmp_path: Path, moments: random.Random
) -> None:
    sealed = run.study_file.read_bytes()
    contents = {True: sealed, False: without_seals(sealed)}
    original = board(run.path)
    assert contents[False].count(b"crc32") == 0 < sealed.count(b"crc32")

    def check(with_seals: bool, edits: Any) -> None:
        content = mutate(contents[with_seals], edits)
        run.study_file.write_bytes(content)
        no, found = refused(lambda: board(run.path))
        if no:
            return
        expected = optunas_board(content, tmp_path)
        if expected is not None:
            assert_same_trials(found, expected)
        whole = content[: content.rfind(b"\n") + 1]  # a seal without its end seals nothing
        if with_seals and (last := whole.rfind(b"crc32")) >= 0:
            # All before the last seal that is left is as it was written.
            assert sealed.startswith(content[: content.rfind(b"\n", 0, last) + 1])
        if content == sealed:
            assert found == original

    fuzz(check, st.booleans(), byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(30, 1200))
def test_a_study_with_other_values_gives_its_own_leaderboard_or_is_refused(
    examples: int, run: RunDirectory, tmp_path: Path, moments: random.Random
) -> None:
    lines = without_seals(run.study_file.read_bytes()).splitlines(keepends=True)

    def check(share: float, edits: Any, target: int | str) -> None:
        number = min(int(share * len(lines)), len(lines) - 1)
        changed = form_text(mutate_form(json.loads(lines[number]), edits)) + b"\n"
        content = b"".join([*lines[:number], changed, *lines[number + 1 :]])
        run.study_file.write_bytes(content)
        no, found = refused(lambda: board(run.path))
        if not no and (expected := optunas_board(content, tmp_path)) is not None:
            assert_same_trials(found, expected)
        refused(lambda: load_run(run.path).trial(target).history())
        refused(lambda: export_request(run, target, tmp_path / "to"))
        refused(lambda: open_study(run, run.read_manifest(), None).trials)

    targets = st.sampled_from([0, 2, 3, 6, "linear", "majority"])
    fuzz(check, st.floats(0, 1), form_edits, targets, examples=examples, moments=moments)


def resumable(run: RunDirectory) -> tuple[Any, Arrays]:
    """All that resuming reads before the first trial."""
    manifest = run.read_manifest()
    request = recorded_request(run, manifest)
    space = find_space(consented_space(run, manifest, None))
    restore_rows(run, request, manifest, None)
    arrays = open_arrays(run.arrays)
    asked = as_asked(space, request)
    space = as_recorded(run, request, manifest, narrowed_space(space, request, arrays), asked)
    objective = recorded_objective(run, manifest, arrays.task)
    trials = open_study(run, manifest, None).trials
    return (request, space.hash(), objective, len(trials)), arrays


def assert_same_rows(arrays: Arrays, expected: Arrays) -> None:
    assert (arrays.task, arrays.plan) == (expected.task, expected.plan)
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(arrays, part).arrays(), getattr(expected, part).arrays()
        assert ours.keys() == theirs.keys()
        for name, values in theirs.items():
            np.testing.assert_array_equal(ours[name], values)


JSON_FILES = ("run.json", "plan.json", "arrays/data.json")


@pytest.mark.parametrize("examples", rounds(10, 1000))
def test_json_files_with_other_values_change_nothing_or_are_refused(
    examples: int, whole: RunDirectory, run: RunDirectory, tmp_path: Path, moments: random.Random
) -> None:
    original, (known, rows) = board(whole.path), resumable(whole)

    def check(name: str, with_seal: bool, edits: Any) -> None:
        shutil.rmtree(run.path)
        shutil.copytree(whole.path, run.path)
        path = run.path / name
        content = path.read_bytes()
        form = json.loads(content if with_seal else without_seals(content))
        changed = mutate_form(form, edits)
        path.write_bytes(form_text(changed))
        with_seal = with_seal and "sha256" in changed
        no, found = refused(lambda: board(run.path))
        if not no:
            assert sorted(map(str, found)) == sorted(map(str, original)) or name == "run.json"
            if with_seal or name != "run.json":
                assert found == original
        refused(lambda: export_request(run, 4, tmp_path / "to"))
        no, resumed = refused(lambda: resumable(run))
        if not no:
            assert_same_rows(resumed[1], rows)
            if with_seal or name != "run.json":
                assert resumed[0] == known

    fuzz(
        check, st.sampled_from(["run.json", *JSON_FILES]), st.booleans(), form_edits,
        examples=examples, moments=moments,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("objective direction", "maximize"),
        ("objective name", "accuracy"),
        ("seed", 6),
        ("request seed", 6),
        ("request trial_budget epochs", 4),
        ("request sampler", "random"),
        ("request settings depth", "0:3"),
        ("data fingerprint", "0" * 64),
        ("study", "another"),
        ("storage", "sqlite:////etc/passwd"),
    ],
)
def test_a_value_of_the_manifest_that_was_changed_is_noticed(
    path: str, value: Any, run: RunDirectory
) -> None:
    form = json.loads(run.manifest_file.read_bytes())
    part = form
    *above, last = path.split()
    for key in above:
        part = part[key]
    assert part[last] != value
    part[last] = value
    run.manifest_file.write_text(json.dumps(form))
    for read in (lambda: board(run.path), lambda: load_run(run.path).resume(trials=8)):
        with pytest.raises(RunError, match=r"changed after it was written.*remove the key"):
            read()


@pytest.mark.parametrize("key", ["score", "metrics", "epochs", "seconds", "verdict", "timings"])
@pytest.mark.parametrize("value", ["0.5", [0.5], {"log_loss": "x"}, True, 10**400])
def test_a_result_of_another_type_is_refused(key: str, value: Any, run: RunDirectory) -> None:
    lines = without_seals(run.study_file.read_bytes()).splitlines()
    results = [b'"result"' in line and b'"op_code":8' in line for line in lines]
    number = len(lines) - 1 - results[::-1].index(True)
    log = json.loads(lines[number])
    log["user_attr"]["result"][key] = value
    lines[number] = json.dumps(log, separators=(",", ":")).encode()
    run.study_file.write_bytes(b"\n".join([*lines, b""]))
    with pytest.raises(RunError, match=rf"The result of trial 5 cannot be read \({key} "):
        board(run.path)


@pytest.mark.parametrize("examples", rounds(8, 600))
def test_mutated_rows_are_made_again_or_refused(
    examples: int, whole: RunDirectory, run: RunDirectory, moments: random.Random
) -> None:
    _, rows = resumable(whole)
    raw, positions = read_check_rows(whole)
    files = [p.relative_to(whole.path) for p in sorted(whole.arrays.iterdir())]
    files += [Path("check.parquet"), Path("check_positions.npy"), Path("plan.json")]

    def check(name: Path, edits: Any) -> None:
        shutil.rmtree(run.path)
        shutil.copytree(whole.path, run.path)
        path = run.path / name
        path.write_bytes(mutate(path.read_bytes(), edits))
        refused(lambda: open_arrays(run.arrays))
        no, resumed = refused(lambda: resumable(run))
        if not no:
            assert_same_rows(resumed[1], rows)
            again, places = read_check_rows(run)
            assert places.tolist() == positions.tolist()
            assert again.equals(raw)  # type: ignore[union-attr]

    fuzz(check, st.sampled_from(files), byte_edits, examples=examples, moments=moments)


@pytest.mark.parametrize("examples", rounds(12, 300))
def test_the_commands_end_with_what_is_known_or_one_sentence(
    examples: int,
    whole: RunDirectory,
    run: RunDirectory,
    moments: random.Random,
    capfd: pytest.CaptureFixture[str],
) -> None:
    files = [
        "run.json",
        "study.log",
        "leaderboard.csv",
        "trials/4/history.csv",
        "trials/3/error.txt",
    ]
    commands = [["leaderboard"], ["leaderboard", "--format", "json"], ["leaderboard", "-f", "csv"],
                ["leaderboard", "-f", "markdown"], ["show"], ["show", "3"], ["show", "linear"],
                ["show", "../.."], ["show", "99999999999999999999"]]  # fmt: skip

    def said(command: list[str]) -> tuple[int, str]:
        code = main([command[0], str(run.path), *command[1:]])
        printed = capfd.readouterr()
        assert code in (0, 1, 2), printed.err
        if code:
            assert printed.err.startswith("automl: ") and "defect" not in printed.err, printed.err
            assert_one_sentence(printed.err.rstrip("\n"))
        return code, printed.out

    before = [said(command) for command in commands]

    def check(name: str, command: int, edits: Any) -> None:
        path = run.path / name
        path.write_bytes(mutate((whole.path / name).read_bytes(), edits))
        code, out = said(commands[command])
        if name == "leaderboard.csv" or (commands[command][0] == "leaderboard" and "/" in name):
            assert (code, out) == before[command]
        shutil.copy(whole.path / name, path)

    fuzz(
        check, st.sampled_from(files), st.integers(0, len(commands) - 1), byte_edits,
        examples=examples, moments=moments,
    )  # fmt: skip


# ---- paths


@pytest.mark.parametrize("name", ["run.json", "study.log", "plan.json", "trials", "arrays", "best"])
def test_a_link_out_of_the_run_is_refused(name: str, run: RunDirectory, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    if (run.path / name).exists():
        (run.path / name).rename(outside)
    else:
        outside.mkdir()
    (run.path / name).symlink_to(outside)
    for read in (board, lambda path: load_run(path).resume(trials=8)):
        with pytest.raises(RunError, match="not inside it"):
            read(run.path)


@pytest.mark.parametrize("name", ["trials/4/history.csv", "trials/4", "trials/3/error.txt"])
def test_a_link_out_of_a_trial_is_not_followed(
    name: str, run: RunDirectory, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (run.path / name).rename(tmp_path / "secret")
    (run.path / name).symlink_to(tmp_path / "secret")
    assert main(["show", str(run.path), name.split("/")[1]]) == 1
    printed = capfd.readouterr()
    assert "not inside it" in printed.err and "broke" not in printed.out
    assert_one_sentence(printed.err.rstrip("\n"))


@pytest.mark.parametrize("link", ["arrays/train.numeric.npy", "trials/4/model.keras"])
def test_a_link_out_of_the_run_is_no_array_and_no_model(
    link: str, run: RunDirectory, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    if (run.path / link).exists():
        (run.path / link).rename(outside)
    outside.touch()
    (run.path / link).symlink_to(outside)
    with pytest.raises(RunError, match=r"leads out|not inside"):
        if "arrays" in link:
            open_arrays(run.arrays)
        else:
            export_request(run, 4, tmp_path / "to")


def test_a_link_within_the_run_and_a_run_that_is_a_link_are_fine(
    run: RunDirectory, tmp_path: Path
) -> None:
    (run.path / "copy.csv").symlink_to("leaderboard.csv")
    (tmp_path / "elsewhere").symlink_to(run.path)
    assert board(tmp_path / "elsewhere") == board(run.path)


def test_a_space_that_came_with_the_run_is_not_run(run: RunDirectory, tmp_path: Path) -> None:
    space, mark = run.path / "space.py", tmp_path / "ran"
    space.write_text(f"open({str(mark)!r}, 'w')\n")
    for reference in (f"{space}:space", str(space), f"{run.path}/trials/../space.py:space"):
        manifest = run.read_manifest()
        run.write_manifest({**manifest, "space": {**manifest["space"], "reference": reference}})
        with pytest.raises(RunError, match="came with the run"):
            resumable(run)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["../../x", "..", "/etc/passwd", "A", "", "a/b", "a\x00b"])
def test_a_baseline_with_the_name_of_a_path_has_no_files(name: str, run: RunDirectory) -> None:
    with pytest.raises(RequestError):
        run.trial_directory(name)
    study = open_study(run, run.read_manifest(), None)
    linear = study.user_attrs["baseline:linear"]
    study.set_user_attr(f"baseline:{name}", linear)
    assert name in [row[1] for row in board(run.path)]
    no, _ = refused(lambda: load_run(run.path).trial(name).history())
    assert no
