"""``leaderboard.csv``: rebuilt now and then while a search runs, and at its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.readings.csv import write_leaderboard_csv
from automl.results.study_content import study_content
from automl.tuning.observer import Observer

if TYPE_CHECKING:
    import optuna

    from automl.results.run_directory import RunDirectory

#: The leaderboard file is rebuilt at most this often while a search runs, in seconds, and never
#: for more than this share of the driver's time: it takes 0.7 s for 10,000 trials (measured).
LEADERBOARD_INTERVAL = 5.0
LEADERBOARD_SHARE = 0.02


def write_leaderboard(run: RunDirectory, study: optuna.Study | None = None) -> None:
    """Rebuilds ``leaderboard.csv``.

    Args:
        run: The run.
        study: Its study where it is open, which saves reading it; None to read it.
    """
    content = None if study is None else study_content(study)
    write_leaderboard_csv(leaderboard(read_record(run, content)), run.leaderboard_file)


class LeaderboardWriter(Observer):
    """Rebuilds ``leaderboard.csv`` now and then while the search runs.

    Args:
        run: The run.

    Attributes:
        study: The run's study as soon as it is open.
    """

    def __init__(self, run: RunDirectory) -> None:
        self._run = run
        self.study: optuna.Study | None = None
        self._due = time.monotonic() + LEADERBOARD_INTERVAL

    @override
    def trial_ended(self, trial: int | str, result: Any) -> None:
        started = time.monotonic()
        if started >= self._due:
            write_leaderboard(self._run, self.study)
            ended = time.monotonic()
            pause = max(LEADERBOARD_INTERVAL, (ended - started) / LEADERBOARD_SHARE)
            self._due = ended + pause
