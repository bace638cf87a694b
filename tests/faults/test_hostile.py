"""A hostile run or bundle leaves no file, connection or process behind, as the system sees it."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from automl.results.storage_url import PASSWORD
from tests.faults.drivers import succeed
from tests.faults.hostile import GROUPS, Hostile
from tests.faults.hostile_bundles import BUNDLES, REFUSED
from tests.faults.traced import STRACE, Deeds, traced

pytestmark = pytest.mark.skipif(STRACE is None, reason="needs strace")

READING = (
    ["leaderboard", "run"],
    ["leaderboard", "run", "--format", "csv"],
    ["leaderboard", "run", "--format", "markdown"],
    ["show", "run", "0"],
    ["load_run"],
)
#: These read what is recorded after the trials, or beside another run; the last one writes.
FURTHER = (
    ["importance", "run"],
    ["compare", "run", "other"],
    ["compare", "run", "other", "--format", "csv"],
    ["compare", "run", "other", "--format", "markdown"],
    ["leaderboard", "run", "--pareto", "score,parameters"],
    ["show", "run", "ensemble"],
    ["show", "run", "refit"],
    ["void", "run", "0", "--reason", "x"],
)
#: These start a process with TensorFlow where nothing stops them before.
USING = (
    ["export", "run", "--to", "model"],
    ["predict", "run/best", "rows.csv", "--output", "predictions.csv"],
    ["evaluate", "run/best", "rows.csv"],
)
AGAIN = (
    ["export", "run", "ensemble", "--to", "ensemble"],
    ["export", "run", "refit", "--to", "refit"],
    ["replay", "run", "0"],
    ["importance", "run", "--columns"],
    ["leaderboard", "run", "--pareto", "score,latency"],
)
RESUMING = (["resume", "run", "--trials", "3", "--workers", "1"],)
#: What the quick test reads is drawn by steps through all ways, so that neighbours of a group get
#: different ones: no divisor of how many there are.
STRIDE = 5
#: The runs with links that are also used and resumed in the quick tests.
LINKED = ("link at study.log", "link at trials/2", "link at best/model.keras")
#: Those whose bundle holds more than is read.
TOO_LARGE = [run for run in GROUPS["sizes"] if "best" in run.name or run.name == "archive"]

#: A hostile run, and the commands that are run on it.
Struck = tuple[Hostile, Sequence[list[str]]]

EVERY = tuple(hostile for group in (*GROUPS.values(), BUNDLES) for hostile in group)
#: Several at a time in the slow test, so that they share what has TensorFlow imported.
BATCH = 6
BATCHES = [
    tuple(hostile.name for hostile in EVERY[first : first + BATCH])
    for first in range(0, len(EVERY), BATCH)
]

#: Python itself, and what its `platform` asks for the processor's name.
EXPECTED = {Path(sys.executable).name, "uname"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of two trials, with a model and an exported bundle."""
    return searched(tmp_path_factory.mktemp("whole"), "--cv", "none", "--no-temperature")


@pytest.fixture(scope="module")
def over_folds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the models of five folds, of which the best ones are exported together."""
    return searched(tmp_path_factory.mktemp("over_folds"))


def searched(folder: Path, *options: str) -> Path:
    """A folder with rows and the runs ``run`` and ``other``."""
    lines = [f"{i / 7},{(i * 5) % 11},{'yes' if i % 3 else 'no'}" for i in range(120)]
    (folder / "rows.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    search = "search rows.csv --target y --space linear --trials 2 --epochs 2 --workers 1"
    succeed(folder, *search.split(), *options, "--directory", "run")
    shutil.copytree(folder / "run", folder / "other")
    return folder


@dataclass(frozen=True)
class Told:
    """What a command on a hostile run said."""

    name: str
    command: list[str]
    code: int
    out: str
    err: str


def strike(
    whole: Path, place: Path, struck: Iterable[Struck], warm: bool = False
) -> tuple[Deeds, list[Told]]:
    """Runs commands on hostile copies of a run, watched, and checks that nothing else happened.

    Args:
        whole: A folder with a run, another and rows, of which each hostile run gets a copy.
        place: A folder for these copies and for what is outside of them.
        struck: What is done to each copy, and the commands that are run on it.
        warm: Whether these share processes that have TensorFlow imported already.
    """
    outside = place / "outside"
    outside.mkdir()
    (outside / "secret").write_text("[client]\npassword=hush\n")
    orders = []
    for index, (hostile, commands) in enumerate(struck):
        folder = place / "inside" / str(index)
        shutil.copytree(whole, folder)
        beside = outside / str(index)
        beside.mkdir()
        hostile.prepare(folder / "run", beside)
        orders.append({"name": hostile.name, "folder": str(folder), "commands": commands})
    (place / "orders.json").write_text(json.dumps(orders))
    (place / "tmp").mkdir()
    before = listing(outside)
    root = Path(__file__).parents[2]
    environment = {
        "TMPDIR": str(place / "tmp"),
        "XDG_STATE_HOME": str(place / "state"),
        "PYTHONPATH": str(root),
        "KERAS_HOME": str(place / "state" / "keras"),
        PASSWORD: "hush",
    }
    script = ["-m", "tests.faults.commands", str(place / "orders.json"), str(place / "told.json")]
    script += ["warm"] if warm else []
    deeds = traced(script, place / "inside", environment)
    assert deeds.code == 0, deeds.err
    told = [Told(*entry) for entry in json.loads((place / "told.json").read_text())]
    for entry in told:
        assert entry.code in (0, 1, 2) or (entry.command[0] == "replay" and entry.code == 3), entry
        assert "defect of automl" not in entry.err, entry
        assert entry.code == 0 or entry.err.rstrip("\n").count("\n") <= 1, entry
    assert listing(outside) == before
    allowed = [place / "inside", place / "tmp", place / "state"]
    assert deeds.outside(*allowed) == {str(place / "told.json")}, told
    assert deeds.asked == set(), told
    assert {Path(program).name for program in deeds.programs} <= EXPECTED
    assert list((place / "tmp").iterdir()) == []
    return deeds, told


def each(hostiles: Iterable[Hostile], *commands: list[str]) -> list[Struck]:
    """The same commands for several runs."""
    return [(hostile, commands) for hostile in hostiles]


def listing(folder: Path) -> dict[str, Any]:
    """Everything in a folder, with its content and its time."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def assert_tame(told: list[Told]) -> None:
    """Nothing that is printed does more than to be read."""
    for entry in told:
        for printed in (entry.out, entry.err):
            shown = printed.replace("\n", "").replace("\t", "")
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", shown), entry
        if "markdown" in entry.command:
            assert "<img" not in entry.out
        if "csv" in entry.command:
            assert not re.search(r"(^|,)\"?=", entry.out, re.MULTILINE), entry


def assert_read(told: list[Told]) -> None:
    """What is recorded is read without its database, its code and its cluster."""
    databases, code = ({run.name for run in GROUPS[group]} for group in ("databases", "code"))
    for entry in told:
        if entry.command in READING and entry.name in code:
            assert entry.code == 0, entry
        if entry.command in READING[:-1] and entry.name in databases:
            assert (entry.code, "add --storage" in entry.err) == (0, True), entry


def test_reading_leaves_nothing_behind(whole: Path, tmp_path: Path) -> None:
    """Each hostile run is read in one way; the slow test below reads each in all of them."""
    every = (*READING, *FURTHER)
    turn = itertools.cycle([every[(index * STRIDE) % len(every)] for index in range(len(every))])
    orders = [(hostile, [next(turn)]) for group in GROUPS.values() for hostile in group]
    _, told = strike(whole, tmp_path, orders)
    assert_tame(told)
    assert_read(told)


def test_what_only_the_run_names_is_not_resumed(whole: Path, tmp_path: Path) -> None:
    hostiles = (*GROUPS["databases"], *GROUPS["code"])
    deeds, told = strike(whole, tmp_path, each(hostiles, *RESUMING))
    assert {entry.code for entry in told} <= {1, 2}
    assert all(
        "name it" in t.err or "came with the run" in t.err or "option" in t.err for t in told
    )
    assert len(deeds.programs) == 1, "a refused resumption has started a process"


@pytest.fixture(scope="module")
def used(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Told]]:
    """Runs that are used, not only read: the folder of their copies, and what was said of them."""
    links = [run for run in GROUPS["links"] if run.name in LINKED]
    turn = itertools.cycle(USING[1:])
    orders = [
        *each(GROUPS["texts"], USING[0]),
        *each(links, USING[1], *RESUMING),
        *((run, [next(turn)]) for run in TOO_LARGE),
    ]
    place = tmp_path_factory.mktemp("used")
    _, told = strike(whole, place, orders, warm=True)
    return place / "inside", told


def test_a_run_with_links_is_resumed_and_used_inside_of_it_or_not_at_all(
    used: tuple[Path, list[Told]],
) -> None:
    told = [entry for entry in used[1] if entry.name in LINKED]
    assert len(told) == 2 * len(LINKED)
    for entry in told:
        in_best = "best" in entry.name
        assert (entry.code != 0) is (in_best if entry.command[0] == "predict" else not in_best)
        assert entry.code == 0 or "is a link" in entry.err or "no exported" in entry.err, entry


def test_a_bundle_that_is_too_large_is_refused(used: tuple[Path, list[Told]]) -> None:
    names = {run.name for run in TOO_LARGE}
    told = [entry for entry in used[1] if entry.name in names]
    assert len(told) == len(TOO_LARGE)
    assert {entry.code for entry in told} == {1}
    assert all("bytes, more than" in t.err or "nested deeper" in t.err for t in told), told


def test_a_card_shows_texts_as_they_are(used: tuple[Path, list[Told]]) -> None:
    copies, (exported, *_) = used
    assert (exported.name, exported.code) == ("texts", 0), exported
    card = (copies / "0" / "model" / "card.md").read_text()
    assert "&lt;img src=x&gt;" in card
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]|<img", card)


def test_a_bundle_that_is_more_than_weights_is_not_loaded(whole: Path, tmp_path: Path) -> None:
    _, told = strike(whole, tmp_path, each(BUNDLES, ["load_bundle"]))
    refused = {hostile.name for hostile in REFUSED}
    assert {entry.name for entry in told if entry.code} == refused, told
    for entry in told:
        assert "secret" not in entry.out
        assert len(entry.err) < 600, entry


@pytest.mark.slow
@pytest.mark.parametrize("names", BATCHES, ids=lambda names: f"{names[0]} to {names[-1]}")
def test_everything_leaves_nothing_behind(
    names: tuple[str, ...], over_folds: Path, tmp_path: Path
) -> None:
    hostiles = [one for one in EVERY if one.name in names]
    commands = (*READING, *USING, *AGAIN, *FURTHER, *RESUMING)
    _, told = strike(over_folds, tmp_path, each(hostiles, *commands), warm=True)
    assert_tame(told)
    assert_read(told)
    refused = {one.name for one in hostiles if one.refused}
    for entry in told:
        if entry.name in refused and entry.command in RESUMING:
            assert entry.code != 0, entry
