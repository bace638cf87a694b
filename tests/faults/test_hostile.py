"""A hostile run or bundle leaves no file, connection or process behind, as the system sees it."""

from __future__ import annotations

import json
import re
import shutil
import sys
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
#: Of each group, the runs that are also used and resumed in the quick tests.
STRUCK = (
    "link at study.log", "link at run.lock", "link at trials/2", "link at logs/worker-0.log",
    "link at best/model.keras",
)  # fmt: skip


EVERY = tuple(hostile for group in (*GROUPS.values(), BUNDLES) for hostile in group)

#: Python itself, and what its `platform` asks for the processor's name.
EXPECTED = {Path(sys.executable).name, "uname"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real run of two trials, with a model and an exported bundle."""
    folder = tmp_path_factory.mktemp("whole")
    lines = [f"{i / 7},{(i * 5) % 11},{'yes' if i % 3 else 'no'}" for i in range(120)]
    (folder / "rows.csv").write_text("\n".join(["a,b,y", *lines, ""]))
    search = "search rows.csv --target y --space linear --trials 2 --epochs 2 --workers 1"
    succeed(folder, *search.split(), "--directory", "run")
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
    whole: Path, place: Path, hostiles: tuple[Hostile, ...], commands: Any
) -> tuple[Deeds, list[Told]]:
    """Runs commands on hostile copies of a run, watched, and checks that nothing else happened."""
    outside = place / "outside"
    outside.mkdir()
    (outside / "secret").write_text("[client]\npassword=hush\n")
    orders = []
    for index, hostile in enumerate(hostiles):
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


@pytest.mark.parametrize("group", GROUPS)
def test_reading_leaves_nothing_behind(group: str, whole: Path, tmp_path: Path) -> None:
    _, told = strike(whole, tmp_path, GROUPS[group], READING)
    assert_tame(told)
    for entry in told:
        if group == "databases" and entry.command != ["load_run"]:
            assert (entry.code, "add --storage" in entry.err) == (0, True), entry
        if group == "code":
            assert entry.code == 0, entry


@pytest.mark.parametrize("group", GROUPS)
def test_reading_what_follows_the_trials_leaves_nothing_behind(
    group: str, whole: Path, tmp_path: Path
) -> None:
    _, told = strike(whole, tmp_path, GROUPS[group], FURTHER)
    assert_tame(told)


def test_what_only_the_run_names_is_not_resumed(whole: Path, tmp_path: Path) -> None:
    hostiles = (*GROUPS["databases"], *GROUPS["code"])
    deeds, told = strike(whole, tmp_path, hostiles, RESUMING)
    assert {entry.code for entry in told} <= {1, 2}
    assert all(
        "name it" in t.err or "came with the run" in t.err or "option" in t.err for t in told
    )
    assert len(deeds.programs) == 1, "a refused resumption has started a process"


def test_a_run_with_links_is_resumed_and_used_inside_of_it_or_not_at_all(
    whole: Path, tmp_path: Path
) -> None:
    hostiles = tuple(run for run in GROUPS["links"] if run.name in STRUCK)
    _, told = strike(whole, tmp_path, hostiles, (USING[1], *RESUMING))
    for entry in told:
        in_best = "best" in entry.name
        assert (entry.code != 0) is (in_best if entry.command[0] == "predict" else not in_best)
        assert entry.code == 0 or "is a link" in entry.err or "no exported" in entry.err, entry


def test_a_bundle_that_is_too_large_is_refused(whole: Path, tmp_path: Path) -> None:
    hostiles = tuple(run for run in GROUPS["sizes"] if "best" in run.name or run.name == "archive")
    _, told = strike(whole, tmp_path, hostiles, USING[1:])
    assert {entry.code for entry in told} == {1}
    assert all("bytes, more than" in t.err or "nested deeper" in t.err for t in told), told


def test_a_bundle_that_is_more_than_weights_is_not_loaded(whole: Path, tmp_path: Path) -> None:
    _, told = strike(whole, tmp_path, BUNDLES, (["load_bundle"],))
    refused = {hostile.name for hostile in REFUSED}
    assert {entry.name for entry in told if entry.code} == refused, told
    for entry in told:
        assert "secret" not in entry.out
        assert len(entry.err) < 600, entry


def test_a_card_shows_texts_as_they_are(whole: Path, tmp_path: Path) -> None:
    _, told = strike(whole, tmp_path, GROUPS["texts"], USING[:1])
    assert [entry.code for entry in told] == [0], told
    card = (tmp_path / "inside" / "0" / "model" / "card.md").read_text()
    assert "&lt;img src=x&gt;" in card
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|<img", card)


@pytest.mark.slow
@pytest.mark.parametrize("name", [hostile.name for hostile in EVERY])
def test_everything_leaves_nothing_behind(name: str, whole: Path, tmp_path: Path) -> None:
    (hostile,) = (one for one in EVERY if one.name == name)
    _, told = strike(whole, tmp_path, (hostile,), (*READING, *USING, *AGAIN, *FURTHER, *RESUMING))
    if hostile.refused:
        assert told[-1].code != 0, told[-1]
