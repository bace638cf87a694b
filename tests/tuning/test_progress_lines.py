"""What a search tells on its way: plain lines, the log file and the display of a terminal."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from automl.common.root import Root
from automl.results.run_directory import RunDirectory
from automl.trial import EpochReport, FailureCause, TrialResult, TrialState, Verdict
from automl.tuning.live import LiveDisplay, differing, time_left
from automl.tuning.observer import RaceProgress, SearchProgress
from automl.tuning.progress_lines import (
    LogFile,
    LoggedLines,
    PacedLines,
    PlainLines,
    PrintedLines,
    failure,
    race_line,
    shown_duration,
    shown_path,
    trial_line,
)

PROGRESS = SearchProgress(
    done=3,
    completed=2,
    pruned=1,
    failed=0,
    running=2,
    total=10,
    elapsed=30.0,
    seconds_left=None,
    objective="log_loss",
    direction="minimize",
    top=((2, 0.25, {"depth": 1}), (0, 0.5, {"depth": 2})),
)
COMPLETED = TrialResult(
    TrialState.COMPLETED, score=0.25, epochs=20, seconds=1.26, verdict=Verdict.HEALTHY
)
FAILED = TrialResult(
    TrialState.FAILED,
    epochs=1,
    seconds=0.4,
    reason="ValueError: no\nsuch layer",
    cause=FailureCause.BUILDER,
)


RACE = RaceProgress(
    done=4, most=25, best=2, score=0.3, scorings=2, running=2, elapsed=75.0, objective="log_loss"
)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(
        tmp_path / "run",
        {
            "objective": {"name": "log_loss", "direction": "minimize"},
            "seed": 4,
            "space": {"definition": {"hyperparameters": [{"name": "depth"}, {"name": "depth"}]}},
            "request": {
                "space": "mlp",
                "sampler": "tpe",
                "pruner": "asha",
                "budget": {"trials": 10, "seconds": 90.0},
                "trial_budget": {"epochs": 20},
            },
        },
    )


def test_a_line_for_each_way_to_end() -> None:
    assert trial_line(2, COMPLETED, PROGRESS, 3) == (
        "[3/10] trial 2 completed: log_loss 0.2500, the best so far, 20 epochs, 1.3 s, healthy"
    )
    later = replace(COMPLETED, score=0.9)
    assert "log_loss 0.9000, best 0.2500 (trial 2), 20 epochs" in trial_line(7, later, PROGRESS, 3)
    assert trial_line(3, FAILED, PROGRESS, 4).endswith(
        "1 epoch, 0.4 s, builder: ValueError: no such layer"
    )
    assert trial_line("linear", COMPLETED, PROGRESS, 3).startswith("baseline linear completed: ")
    assert trial_line(2, COMPLETED, replace(PROGRESS, total=None), 3).startswith("[3] trial 2")


def test_a_diverged_trial_says_so_once() -> None:
    diverged = replace(
        FAILED,
        cause=FailureCause.DIVERGED,
        verdict=Verdict.DIVERGED,
        reason="the training loss became infinite",
    )
    line = trial_line(2, diverged, PROGRESS, 3)
    assert line.endswith("0.4 s, diverged: the training loss became infinite")
    assert line.count("diverged") == 1


def test_a_failure_whose_reason_is_its_cause_is_said_once() -> None:
    assert failure(replace(FAILED, reason="builder")) == "builder"
    assert failure(replace(FAILED, reason="")) == "builder"


def test_lines_come_in_order_and_count_the_trials(run: RunDirectory) -> None:
    lines: list[str] = []
    observer = PlainLines(lines.append)
    observer.note("task: regression")
    observer.run_opened(run.path)
    observer.trial_ended("mean", COMPLETED)
    observer.trial_ended(1, COMPLETED)
    observer.trial_ended(2, FAILED)
    assert len(lines) == 3  # ended trials wait for the best so far
    observer.progressed(PROGRESS)
    observer.progressed(PROGRESS)
    observer.finishing("exporting")
    assert lines[0] == "task: regression"
    assert "ranked by log_loss on the validation rows (lower is better)" in lines[1]
    assert "space mlp (1 hyperparameters), sampler tpe, pruner asha" in lines[2]
    assert "10 trials or 1:30 of up to 20 epochs, seed 4" in lines[2]
    assert [line.split(" ")[0] for line in lines[3:6]] == ["baseline", "[2/10]", "[3/10]"]
    assert lines[6:] == ["exporting"]


def test_finalists_have_a_line_each_and_one_on_where_their_race_stands() -> None:
    lines: list[str] = []
    observer = PlainLines(lines.append)
    for name in ("scoring_2_1_holdout", "scoring_7_2_fold_3"):
        observer.trial_ended(name, COMPLETED)
    observer.race_progressed(RACE)
    assert [line.split(":")[0] for line in lines] == [
        "[3/25] scoring 2 1 holdout completed",
        "[4/25] scoring 7 2 fold 3 completed",
    ]
    assert race_line(RACE) == (
        "finalists: 4 of at most 25 trainings, best log_loss 0.3000 (mean of 2) (trial 2), "
        "1:15 elapsed"
    )
    early = replace(RACE, done=0, best=None, score=None, scorings=0)
    assert race_line(early) == "finalists: 0 of at most 25 trainings, 1:15 elapsed"


def test_the_screen_shows_where_the_race_stands() -> None:
    stream = io.StringIO()
    paced = PacedLines(stream, period=3600.0)
    paced.race_progressed(RACE)
    assert stream.getvalue() == ""
    paced.finishing("exporting")
    assert stream.getvalue().splitlines() == [race_line(RACE), "exporting"]
    display = display_of(PROGRESS)
    display.finishing("training 5 finalists again")
    display.trial_started("scoring_2_1_holdout", {})
    display.epoch_finished("scoring_2_1_holdout", EpochReport(7, 0.5, {}))
    display.race_progressed(RACE)
    text = "\n".join(drawn(display, 120))
    assert "finalists: 4 of at most 25 trainings" in text
    assert "scoring_2_1_holdout epoch 7" in text
    assert "trial 0" not in text  # cut off when the search ended
    display.finishing("exporting")
    assert "epoch 7" not in "\n".join(drawn(display, 120))


def test_the_log_file_has_what_was_said_before_there_was_a_run(run: RunDirectory) -> None:
    with LoggedLines() as log:
        assert log.run is None
        log.note("column 'id' is left out")
        log.run_opened(run.path)
        assert log.run == run.path
        log.finishing("exporting")
    with LoggedLines() as log:
        log.run_opened(run.path)
    lines = run.log_file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 6  # a session that resumes appends
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S", line) for line in lines)
    assert lines[0].endswith("column 'id' is left out")


def test_the_log_file_says_what_stopped_a_search(run: RunDirectory) -> None:
    with pytest.raises(KeyboardInterrupt), LoggedLines() as log:
        log.run_opened(run.path)
        raise KeyboardInterrupt
    assert run.log_file.read_text().endswith("stopped: KeyboardInterrupt\n")


def test_a_search_without_a_run_leaves_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with LoggedLines() as log:
        log.note("task: regression")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_does_not_stop_the_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Closed(io.StringIO):
        tried = 0

        def write(self, text: str) -> int:
            self.tried += 1
            raise BrokenPipeError

    closed = Closed()
    monkeypatch.setattr("sys.stdout", closed)
    observer = PrintedLines()
    observer.note("one")
    observer.note("two")
    assert closed.tried == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (750, "12:30"), (3_750, "1:02:30")]
)
def test_durations(seconds: float, text: str) -> None:
    assert shown_duration(seconds) == text


def test_paths_are_shown_as_they_are_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "results" / "a b") == "'results/a b'"
    assert shown_path(Path("/elsewhere/run")) == "/elsewhere/run"


def test_time_left_is_the_limit_or_the_pace() -> None:
    origin = replace(PROGRESS, done=1, elapsed=20.0)
    assert time_left(PROGRESS, None) is None
    assert time_left(PROGRESS, origin) == pytest.approx(7 * 5.0)
    assert time_left(replace(PROGRESS, seconds_left=12.0), origin) == 12.0
    assert time_left(replace(PROGRESS, seconds_left=12.0, total=None), None) == 12.0
    assert time_left(origin, origin) is None
    assert time_left(replace(PROGRESS, done=12), origin) == 0.0


def test_only_what_differs_tells_configurations_apart() -> None:
    assert differing([{"a": 1, "b": 2}]) == ("a", "b")
    assert differing([{"a": 1, "b": 2}, {"a": 1, "b": 3, "c": None}]) == ("b", "c")
    assert differing([{"a": 1}, {"a": 1.0}, {"a": True}]) == ("a",)
    assert differing([]) == ()


def drawn(display: LiveDisplay, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as capture:
        console.print(display.render())
    return capture.get().splitlines()


def display_of(progress: SearchProgress, running: int = 2) -> LiveDisplay:
    display = LiveDisplay(Console(file=io.StringIO()))
    for trial in range(running):
        display.trial_started(trial, {})
        display.epoch_finished(trial, EpochReport(3, 0.5, {}))
    display.trial_ended(99, FAILED)
    display.progressed(progress)
    return display


counts = st.integers(0, 100_000)


@given(
    done=counts,
    total=st.none() | counts,
    running=st.integers(0, 40),
    width=st.sampled_from([40, 80, 100, 200]),
    configs=st.lists(
        st.dictionaries(st.text("abcdef_", min_size=1, max_size=20), st.floats(0, 1)), max_size=5
    ),
)
def test_the_display_keeps_to_its_place(
    done: int,
    total: int | None,
    running: int,
    width: int,
    configs: list[dict[str, float]],
) -> None:
    top = tuple((number, 0.1 * number, config) for number, config in enumerate(configs))
    progress = replace(PROGRESS, done=done, total=total, running=running, top=top)
    lines = drawn(display_of(progress, running), width)
    assert all(len(line) <= width for line in lines)
    assert len(lines) <= 5 + len(top) + 2  # however many trials there are


def test_the_display_shows_where_the_search_stands() -> None:
    text = "\n".join(drawn(display_of(PROGRESS), 100))
    assert "3/10 trials, 2 running, 1 pruned" in text
    assert "best log_loss 0.2500 (trial 2) · 0:30 elapsed" in text
    assert "trial 0 epoch 3 (log_loss 0.5000), trial 1 epoch 3" in text
    assert "trial 99 failed: builder: ValueError: no such layer" in text
    assert "depth=1" in text


def test_a_stage_takes_the_place_of_running_trials_and_time_left() -> None:
    display = display_of(PROGRESS)
    display.progressed(replace(PROGRESS, done=5))
    assert "left" in "\n".join(drawn(display, 100))
    display.finishing("exporting the best model")
    text = "\n".join(drawn(display, 100))
    assert "exporting the best model ..." in text
    assert "left" not in text
    assert "epoch 3" not in text


def test_before_the_first_epoch_the_workers_are_starting(run: RunDirectory) -> None:
    display = LiveDisplay(Console(file=io.StringIO()))
    assert "reading the data" in "\n".join(drawn(display, 80))
    display.run_opened(run.path)
    display.trial_ended("mean", COMPLETED)
    display.trial_started(0, {})
    display.progressed(PROGRESS)
    assert "starting the workers" in "\n".join(drawn(display, 80))
    display.epoch_finished(0, EpochReport(1, 0.5, {}))
    assert "starting the workers" not in "\n".join(drawn(display, 80))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_log_line_without_room_ends_no_search(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    full = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - the log closes it
    monkeypatch.setattr(Root, "open", lambda *_args, **_options: full)
    log = LogFile()
    log.write("early")
    log.open(tmp_path / "search.log")
    log.write("late")
    log.close()
    assert log._file is not None and log._file.closed
