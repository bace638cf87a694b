"""A disk that fills up at a random moment: one sentence, and on when there is room again."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from automl.results.journal_lines import whole_lines
from tests.faults.drivers import (
    PLAIN,
    Driver,
    Ended,
    automl,
    board,
    go_on,
    lines_of,
    logged,
    succeed,
)
from tests.faults.rounds import rounds, slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
SMALL = str(Path(__file__).with_name("small_space.py"))
SEARCH = [
    *("search", "iris", "--epochs", "8", "--workers", "1", "--seed", "1", "--space", SMALL),
    *("--cv", "none"),
]
TRIALS = 8
SIZE = 32 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk of a fixed size needs the right to mount one")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], Path]:
    """The run of a search that nothing strikes."""
    made: dict[tuple[str, ...], Path] = {}

    def run_of(search: list[str]) -> Path:
        key = tuple(search)
        if key not in made:
            folder = tmp_path_factory.mktemp("unbroken")
            succeed(folder, *search, "--directory", "run")
            made[key] = folder / "run"
        return made[key]

    return run_of


def fill(disk: Path, leaving: int) -> Path:
    """Fills a disk up but for some bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            os.ftruncate(file.fileno(), os.fstat(file.fileno()).st_size - leaving)
    return filler


def check_stopped(ended: Ended, run: Path, before: list[bytes]) -> None:
    """What must hold of a search that has found no room."""
    assert ended.code == 1, ended
    assert ended.is_one_sentence(), ended
    assert "make room" in ended.complaint, ended
    assert "defect" not in ended.complaint
    study = run / "study.log"
    after = whole_lines(study.read_bytes()) if study.exists() else []
    assert after[: len(before)] == before, "what was recorded has changed"


@pytest.mark.parametrize("times", rounds(1, 25))
def test_a_full_disk_stops_the_search_and_costs_nothing(
    times: int, disk: Path, unbroken: Callable[[list[str]], Path], moments: random.Random
) -> None:
    run, search = disk / "run", [*SEARCH, "--trials", str(TRIALS), *(PLAIN if times == 1 else ())]
    total = lines_of(unbroken(search))
    stopped = 0
    for time in range(times):
        with Driver(disk, *go_on(run, search)) as driver:
            before = lines_of(run)
            ahead = moments.uniform(0.0, 2.0) * max(0, total - before - 10) / (times - time)
            driver.wait_for(
                lambda b=before, a=ahead: lines_of(run) > b + a or "exporting" in logged(run)
            )
            filler = fill(disk, leaving=4096 * moments.choice([0, 0, 1, 2, 5, 10]))
            known = whole_lines((run / "study.log").read_bytes())
            ended = driver.end()
        if ended.code != 0:  # otherwise there was just enough room for the rest
            stopped += 1
            check_stopped(ended, run, known[:-1])
        filler.unlink()
    print(f"stopped {stopped} of {times} times")
    succeed(disk, *go_on(run, search))
    assert board(run) == board(unbroken(search))
    assert (run / "best" / "model.keras").exists()
    assert not list(run.rglob(".*tmp")), "a half-written file was left"


@pytest.mark.parametrize("times", slowly(25))
def test_a_file_that_may_not_grow_stops_the_search_and_costs_nothing(
    times: int, tmp_path: Path, unbroken: Callable[[list[str]], Path], moments: random.Random
) -> None:
    run, search = tmp_path / "run", [*SEARCH, "--trials", str(TRIALS)]
    succeed(tmp_path, *SEARCH, "--trials", "1", "--directory", "run")
    for _ in range(times):
        before = whole_lines((run / "study.log").read_bytes())
        least = (run / "study.log").stat().st_size
        limit = least + moments.randrange(8000)

        def hold(limit: int = limit) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

        with Driver(tmp_path, "resume", "run", "--trials", str(TRIALS), preexec_fn=hold) as driver:
            ended = driver.end()
        if ended.code != 0:
            check_stopped(ended, run, before)
    succeed(tmp_path, *go_on(run, search), "--trials", str(TRIALS))
    # The first trial was the best of one, and so has a score on the test rows too.
    boards = [
        [{**row, "test_metrics": {}} for row in board(place)] for place in (run, unbroken(search))
    ]
    assert boards[0] == boards[1]


@pytest.mark.parametrize("leaving", [4096, *slowly(0, 16384)])
def test_no_room_from_the_start_leaves_nothing(disk: Path, leaving: int) -> None:
    fill(disk, leaving)
    ended = automl(disk.parent, *SEARCH, "--trials", "2", "--directory", "disk/run")
    assert ended.code in (1, 2), ended
    assert ended.is_one_sentence(), ended
    assert "room" in ended.complaint
    assert {path.name for path in disk.iterdir()} == {"filler"}
