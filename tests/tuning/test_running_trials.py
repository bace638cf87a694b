"""What is told of trials while they run."""

from __future__ import annotations

import io
import re
from itertools import pairwise

from rich.console import Console

from automl.trial import EpochReport, TrialResult, TrialState
from automl.tuning.live import LiveDisplay
from automl.tuning.notebook import NotebookDisplay
from automl.tuning.observer import Observer, Observers, SearchProgress
from automl.tuning.progress_lines import PacedLines, PlainLines
from automl.tuning.running_trials import FIRST_PACE, LONGEST_PACE, RunningTrials

PROGRESS = SearchProgress(0, 0, 0, 0, 1, 5, 30.0, None, "log_loss", "minimize")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_trial_builds_then_is_inside_an_epoch_then_has_finished_one() -> None:
    clock = Clock()
    running = RunningTrials(clock)
    running.trial_started(0, {})
    assert running.describe("mse") == "trial 0 building"
    clock.now += 12.4
    assert running.describe("mse") == "trial 0 building 12 s"
    running.epoch_running(0, 1, 0.344)
    assert running.describe("mse") == "trial 0 epoch 1 at 34 %"
    running.epoch_finished(0, EpochReport(1, 0.5, {}))
    assert running.describe("mse") == "trial 0 epoch 1 (mse 0.5000)"
    running.epoch_running(0, 2, 0.5)
    assert running.describe("mse") == "trial 0 epoch 2 at 50 % (mse 0.5000)"
    running.trial_ended(0, TrialResult(TrialState.COMPLETED))
    assert running.describe("mse") == ""


def test_what_comes_of_a_trial_that_is_over_is_ignored() -> None:
    running = RunningTrials(Clock())
    running.epoch_running(3, 1, 0.5)
    running.epoch_finished(3, EpochReport(1, 0.5, {}))
    assert running.describe("mse") == ""


def test_only_as_many_are_named_as_fit() -> None:
    clock = Clock()
    running = RunningTrials(clock)
    for trial in ("linear", 0, 1):
        running.trial_started(trial, {})
    assert running.describe("mse", most=2) == "linear building, trial 0 building, 1 more"
    running.trial_started("boosting", {})
    assert running.describe("mse").endswith(", boosting training")
    clock.now += 5
    running.trial_started(2, {})
    assert "trial 2" not in running.describe("mse", since=5)


def test_a_long_trial_has_ever_fewer_lines() -> None:
    clock = Clock()
    running = RunningTrials(clock)
    running.trial_started(0, {})
    begun, told = clock.now, []
    while clock.now < begun + 4 * 3600:
        clock.now += 0.25
        told += [(clock.now - begun, line) for line in running.lines("mse")]
    assert told[0] == (FIRST_PACE, "trial 0 building 10 s")
    assert [at for at, _ in told[:4]] == [10, 30, 70, 150]
    gaps = [later - before for (before, _), (later, _) in pairwise(told)]
    assert max(gaps) == LONGEST_PACE
    assert len(told) < 40


def told_by(observer: Observer) -> None:
    """A trial that is inside its first epoch."""
    whole = Observers(observer)
    whole.trial_started(0, {})
    whole.epoch_running(0, 1, 0.25)
    whole.progressed(PROGRESS)


def test_whoever_shows_a_search_shows_it() -> None:
    display = LiveDisplay(Console(file=io.StringIO()))
    told_by(display)
    console = Console(width=100, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(display.render())
    assert "trial 0 epoch 1 at 25 %" in capture.get()
    shown: list[str] = []

    class Handle:
        def update(self, bundle: dict[str, str], raw: bool) -> None:
            shown.append(bundle["text/plain"])

    told_by(NotebookDisplay(lambda *_args, **_options: Handle()))
    assert shown[-1].endswith("trial 0 epoch 1 at 25 %")
    stream = io.StringIO()
    told_by(PacedLines(stream, period=0.0))
    assert re.search(r"elapsed, trial 0 epoch 1 at 25 %$", stream.getvalue().strip())


def test_plain_lines_and_so_the_log_have_it() -> None:
    lines: list[str] = []
    observer = PlainLines(lines.append)
    clock = Clock()
    observer._clock = clock
    told_by(observer)
    assert lines == []
    clock.now += FIRST_PACE
    observer.progressed(PROGRESS)
    assert lines == ["trial 0 epoch 1 at 25 %, 10 s so far"]
