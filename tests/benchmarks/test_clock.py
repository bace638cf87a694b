"""Events of a search's process, as the benchmark reads them."""

from __future__ import annotations

import copy
import math
import time
from pathlib import Path

import cloudpickle

from benchmarks.peers.clock import EventLog, read_events


def test_what_is_written_is_read(tmp_path: Path) -> None:
    started = time.monotonic()
    log = EventLog(tmp_path / "events")
    log.trial(0.5, 3, state="completed")
    log.trial(math.nan, 1)
    log.searched()
    log.told(versions={"keras": "3"})
    told = read_events(tmp_path / "events", started)
    assert [(trial.score, trial.epochs) for trial in told["trials"]] == [(0.5, 3), (None, 1)]
    assert told["trials"][0].more == {"state": "completed"}
    assert 0 <= told["trials"][0].at <= told["seconds"] <= time.monotonic() - started
    assert told["facts"] == {"versions": {"keras": "3"}}
    assert told["reason"] == ""


def test_a_process_that_wrote_nothing_has_nothing(tmp_path: Path) -> None:
    told = read_events(tmp_path / "none", 0.0)
    assert (told["trials"], told["seconds"]) == ((), None)


def test_tools_may_copy_and_pickle_a_log(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events")
    for made in (copy.deepcopy(log), cloudpickle.loads(cloudpickle.dumps(log))):
        made.failed("for a reason")
    assert read_events(tmp_path / "events", 0.0)["reason"] == "for a reason"
