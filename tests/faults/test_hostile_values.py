"""Each text, name and number of a run in turn is what a hostile author wants: it is shown tame."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automl.cli.main import main
from automl.results.export_request import export_request
from automl.results.run_directory import RunDirectory
from tests.faults.hostile import ESCAPE, FORMULA
from tests.faults.mutations import refused
from tests.faults.rounds import rounds
from tests.faults.whole_run import add_finalists, make_run, without_seals

#: Numbers as JSON has them: endless, none, longer than Python reads, deeper than it reads.
NUMBERS = ("1e999", "NaN", "9" * 5000, "-0.0", '"x"', "[" * 300 + "]" * 300)
COMMANDS = (
    ["leaderboard"], ["leaderboard", "--format", "csv"], ["leaderboard", "--format", "markdown"],
    ["leaderboard", "--json"], ["show"], ["show", "3"], ["show", "4"], ["show", "linear"],
)  # fmt: skip
#: What reads what a search records after its trials; the second run is the same, untouched.
FURTHER = (
    ["leaderboard", "--pareto", "score,parameters"], ["show", "ensemble"], ["show", "--json"],
    ["importance"], ["compare", "OTHER"], ["compare", "OTHER", "--format", "csv"],
    ["compare", "OTHER", "--format", "markdown"], ["void", "0", "--reason", "x"],
)  # fmt: skip
#: Values of every type that JSON has, and numbers that cannot be summed.
TYPES = ("3", '"x"', "[]", "{}", "null", "true", "1e308", "-1e308", '{"a": 1}', '["a", {"b": 1}]')
#: How many of these each place gets, the next ones in turn: no divisor of how many there are.
EACH = 3
#: The quick tests take every so many-th place, the slow ones all.
DRAWN = rounds(4, 1)
FILES = ("run.json", "plan.json", "study.log")
_WILD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
_MARK = "<<here>>"
#: How the names begin of what a search records after its trials.
LATE = ("finalists", "scoring:scoring_4", "ensemble", "chosen", "temperature", "void", "test_")

Path_ = tuple[str, ...]


def leaves(form: Any, kind: type | tuple[type, ...], path: Path_ = ()) -> Iterator[Path_]:
    """Where there are values of a kind; all of a list are at one place."""
    if path and isinstance(form, dict | list) and isinstance(form, kind):
        yield path
    if isinstance(form, dict):
        for key, inner in form.items():
            yield from leaves(inner, kind, (*path, key))
    elif isinstance(form, list):
        for inner in form:
            yield from leaves(inner, kind, (*path, "*"))
    elif isinstance(form, kind) and not isinstance(form, bool):
        yield path


def changed(form: Any, at: Path_, change: Callable[[Any], Any]) -> Any:
    """The same with the values at a place changed."""
    if not at:
        return change(form)
    if isinstance(form, list) and at[0] == "*":
        return [changed(inner, at[1:], change) for inner in form]
    if isinstance(form, dict) and at[0] in form:
        return {**form, at[0]: changed(form[at[0]], at[1:], change)}
    return form


def renamed(form: Any, at: Path_) -> Any:
    """The same with the last name of a place marked."""
    *before, last = at
    return changed(
        form,
        tuple(before),
        lambda names: (
            {
                f"{FORMULA}{ESCAPE}{key}" if key == last else key: value
                for key, value in names.items()
            }
            if isinstance(names, dict)
            else names
        ),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    folder = tmp_path_factory.mktemp("whole")
    run = make_run(folder / "run", folder / "rows.csv")
    with zipfile.ZipFile(run.trial_directory(4) / "model.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (run.trial_directory(4) / "check.npy").touch()
    return run


@pytest.fixture
def late(run: RunDirectory) -> RunDirectory:
    """A run with all that a search records, beside the same once more."""
    add_finalists(run)
    shutil.copytree(run.path, run.path.parent / "other")
    return run


@pytest.fixture
def run(whole: RunDirectory, tmp_path: Path) -> RunDirectory:
    shutil.copytree(whole.path, tmp_path / "run")
    return RunDirectory.open(tmp_path / "run")


def rewrite(content: bytes, name: str, change: Callable[[Any], Any], raw: str = "") -> bytes:
    """A file with each of its JSON values changed and no seal; a mark in them becomes a text."""
    content = without_seals(content)
    texts = content.splitlines() if name == "study.log" else [content]
    written = "".join(json.dumps(change(json.loads(text))) + "\n" for text in texts)
    return written.replace(json.dumps(_MARK), raw).encode()


def places(content: bytes, name: str, kind: type | tuple[type, ...]) -> list[Path_]:
    content = without_seals(content)
    texts = content.splitlines() if name == "study.log" else [content]
    return list(dict.fromkeys(at for text in texts for at in leaves(json.loads(text), kind)))


def look(
    run: RunDirectory, capfd: pytest.CaptureFixture[str], about: Any, commands: Any = COMMANDS
) -> None:
    """Reads a run, and checks what is printed."""
    for command in commands:
        other = str(run.path.parent / "other")
        further = [other if word == "OTHER" else word for word in command[1:]]
        code = main([command[0], str(run.path), *further])
        out, err = capfd.readouterr()
        assert code in (0, 1, 2), (about, command, err)
        assert "defect" not in err, (about, command, err)
        assert len(err) < 3000, (about, command)
        for printed in (out, err):
            assert not _WILD.search(printed), (about, command, printed)
        if "markdown" in command:
            assert "<img" not in out, (about, out)
        if "csv" in command:
            assert not re.search(r"(^|,)\"?=", out, re.MULTILINE), (about, out)


def test_a_run_that_was_not_touched_is_shown(
    run: RunDirectory, capfd: pytest.CaptureFixture[str]
) -> None:
    look(run, capfd, "nothing")
    assert "# Model of trial 4" in write_card(run)


@pytest.mark.parametrize("every", DRAWN)
@pytest.mark.parametrize("name", FILES)
def test_texts_and_names_are_shown_tame(
    name: str, every: int, run: RunDirectory, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (run.path / name).read_bytes()
    turn = itertools.cycle(COMMANDS)  # each place in two ways, each way for many places
    for at in places(before, name, (str, int, float, type(None)))[::every]:
        for change in (
            lambda form, at=at: changed(form, at, lambda text: f"{FORMULA}{ESCAPE}{text}"),
            lambda form, at=at: renamed(form, at),
        ):
            (run.path / name).write_bytes(rewrite(before, name, change))
            look(run, capfd, at, [next(turn)])
            if not any(part in at for part in ("config", "summary", "notes", "data", "metrics")):
                continue
            wrong, card = refused(lambda: write_card(run))
            assert wrong or not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|<img", card), at


@pytest.mark.parametrize("every", DRAWN)
@pytest.mark.parametrize("name", FILES)
def test_numbers_of_every_kind_are_shown_or_refused(
    name: str, every: int, run: RunDirectory, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (run.path / name).read_bytes()
    for index, at in enumerate(places(before, name, (int, float))[::every]):
        number = NUMBERS[index % len(NUMBERS)]
        content = rewrite(
            before, name, lambda form, at=at: changed(form, at, lambda _: _MARK), number
        )
        (run.path / name).write_bytes(content)
        look(run, capfd, (at, number[:20]), [COMMANDS[index % len(COMMANDS)]])


@pytest.mark.parametrize("every", DRAWN)
@pytest.mark.parametrize("name", FILES)
def test_values_of_other_types_are_shown_or_refused(
    name: str, every: int, late: RunDirectory, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {file: (late.path / file).read_bytes() for file in (*FILES, "leaderboard.csv")}
    turn, types = itertools.cycle((*COMMANDS, *FURTHER)), itertools.cycle(TYPES)
    kinds: tuple[type, ...] = (dict, list) if name != "study.log" else (dict, list, float)
    for at in places(before[name], name, kinds)[::every]:
        if name == "study.log" and not any(part.startswith(LATE) for part in at):
            continue
        for raw in itertools.islice(types, EACH):
            content = rewrite(
                before[name], name, lambda form, at=at: changed(form, at, lambda _: _MARK), raw
            )
            (late.path / name).write_bytes(content)
            look(late, capfd, (at, raw), [next(turn)])
        for file, content in before.items():  # a trial that is void is written
            (late.path / file).write_bytes(content)


def write_card(run: RunDirectory) -> str:
    card: str = export_request(run, 4, run.path.parent / "model")["card"]
    return card
