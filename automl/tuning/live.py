"""A search as it runs, on a terminal: a progress line, and the top of the leaderboard below."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from automl.common.neutral import printable
from automl.results.board_columns import config_text, number
from automl.trial import EpochReport, TrialResult, TrialState
from automl.tuning.observer import RaceProgress, SearchProgress
from automl.tuning.progress_lines import (
    best_so_far,
    counts,
    describe_run,
    failure,
    race_line,
    shown_duration,
)
from automl.tuning.running_trials import RunningTrials

REFRESHES_PER_SECOND = 4
BAR_WIDTH = 24


class LiveDisplay(RunningTrials):
    """Shows a search on a terminal; what should stay on the screen scrolls up above the display.

    Events only change what is to be shown; it is drawn a few times a second, so that its price
    depends neither on how many trials there are nor on how fast epochs come.

    Args:
        console: Where to draw.
    """

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._stage, self._shows_running = "reading the data", False
        self._progress: SearchProgress | None = None
        self._origin: SearchProgress | None = None
        self._drawn_at = 0.0
        self._failure = ""
        self._spinner = Spinner("dots")
        self._live = Live(
            console=console,
            get_renderable=self.render,
            refresh_per_second=REFRESHES_PER_SECOND,
            transient=True,
        )

    def __enter__(self) -> Self:
        """Begins to draw."""
        self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Takes the display off the screen."""
        self._live.stop()

    @override
    def note(self, message: str) -> None:
        self._console.print(Text(printable(message)), soft_wrap=False)

    @override
    def run_opened(self, path: Path) -> None:
        self._stage = "starting the workers, building the first models"
        for line in describe_run(path):
            self._console.print(Text(printable(line)))

    @override
    def epoch_finished(self, trial: int | str, report: EpochReport) -> None:
        super().epoch_finished(trial, report)
        self._begin()

    @override
    def epoch_running(self, trial: int | str, epoch: int, done: float) -> None:
        super().epoch_running(trial, epoch, done)
        self._begin()

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        super().trial_ended(trial, result)
        if isinstance(trial, int):
            self._begin()
        if result.state is TrialState.FAILED and not result.is_over_limit:
            name = trial if isinstance(trial, str) else f"trial {trial}"
            self._failure = f"{name} failed: {failure(result)}"

    @override
    def progressed(self, progress: SearchProgress) -> None:
        self._progress = progress
        self._drawn_at = time.monotonic()
        if not self._stage and self._origin is None:
            self._origin = progress

    @override
    def race_progressed(self, progress: RaceProgress) -> None:
        self._stage = race_line(progress)
        self._shows_running = True

    @override
    def finishing(self, message: str) -> None:
        super().finishing(message)
        self._stage, self._shows_running = message, False

    def _begin(self) -> None:
        """The workers have come up, and train."""
        if self._origin is None:
            self._stage = ""

    def render(self) -> RenderableType:
        """What is on the screen now."""
        progress = self._progress
        parts: list[RenderableType] = []
        if progress is not None:
            since = time.monotonic() - self._drawn_at
            left = None if self._stage else time_left(progress, self._origin)
            parts += [_bar(progress), _counts_line(progress, since, left)]
        if self._stage:
            self._spinner.update(text=Text(f"{self._stage} ..."))
            parts.append(self._spinner)
        if (not self._stage or self._shows_running) and self._running and progress is not None:
            parts.append(_line(self.describe(progress.objective), "dim"))
        if self._failure:
            parts.append(_line(self._failure, "red"))
        if progress is not None and progress.top:
            parts += [Text(), _top(progress)]
        # The cursor rests on a line of its own, where the terminal's echo of ^C does no harm.
        return Group(*parts, Text())


def _line(text: str, style: str = "") -> Text:
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")


def _bar(progress: SearchProgress) -> RenderableType:
    """A bar, and how many trials are in which state."""
    states = ", ".join(counts(progress))
    if progress.total is None:
        return _line(f"{progress.done} trials done, {states}")
    row = Table.grid(padding=(0, 1))
    bar = ProgressBar(total=progress.total, completed=progress.done, width=BAR_WIDTH)
    row.add_row(bar, _line(f"{progress.done}/{progress.total} trials, {states}"))
    return row


def _counts_line(progress: SearchProgress, since: float, left: float | None) -> Text:
    """The best so far and the time, as it has gone on since the last report."""
    elapsed = progress.elapsed + since
    parts = [*best_so_far(progress), f"{shown_duration(elapsed)} elapsed"]
    if left is not None:
        parts.append(f"about {shown_duration(max(0.0, left - since))} left")
    return _line(" · ".join(parts))


def time_left(progress: SearchProgress, origin: SearchProgress | None) -> float | None:
    """Seconds until the trials are over, as far as can be told: by the limit, or by their pace.

    Args:
        progress: Where the search stands.
        origin: Where it stood when trials began to train in this session; the seconds before
            that, in which the workers started, say nothing about a trial's.

    Returns:
        The less of the two, or None where neither says anything yet.
    """
    estimates = []
    if progress.seconds_left is not None:
        estimates.append(progress.seconds_left)
    if progress.total is not None and origin is not None and progress.done > origin.done:
        pace = (progress.elapsed - origin.elapsed) / (progress.done - origin.done)
        estimates.append((progress.total - progress.done) * pace)
    return max(0.0, min(estimates)) if estimates else None


def _top(progress: SearchProgress) -> RenderableType:
    """The best trials, with the hyperparameters in which they differ."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    header = ("rank", "trial", progress.objective, "configuration")
    table.add_row(*(Text(printable(name), style="bold") for name in header))
    names = differing([config for _, _, config in progress.top])
    for rank, (trial, score, config) in enumerate(progress.top, start=1):
        style = "green" if rank == 1 else ""
        cells = (str(rank), str(trial), number(score), config_text(config, names))
        table.add_row(*(Text(printable(cell), style=style) for cell in cells))
    return table


def differing(configs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the hyperparameters in which configurations differ; all of a single one.

    Args:
        configs: Configurations; one that lacks a name differs from one that has it.
    """
    names = dict.fromkeys(name for config in configs for name in config)
    if len(configs) < 2:
        return tuple(names)
    return tuple(
        name for name in names if len({json.dumps(config.get(name, ())) for config in configs}) > 1
    )
