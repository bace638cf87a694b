"""A search in which each trial has a division of its own: its rows are made ready, and removed."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from automl.data.request import DataRequest
from automl.results.run_directory import RunDirectory
from automl.trial import RESHUFFLE, TrialResult
from automl.tuning.observer import Observer
from automl.tuning.stored_rows import rows_again, write_own_rows


class Reshuffling(Observer):
    """Gives each trial its rows, and hears when it needs them no more.

    Args:
        run: The run's directory.
        request: The run's data.

    Raises:
        DataError: The data cannot be read again.
        RunError: They have changed since the run began.
    """

    def __init__(self, run: RunDirectory, request: DataRequest) -> None:
        self._run = run
        self._rows = rows_again(run, request)

    def views_of(self, trial: int) -> tuple[str, ...]:
        """Writes the rows of a trial.

        Args:
            trial: The trial's number.

        Returns:
            The name of its view.
        """
        view = f"{RESHUFFLE}{trial}"
        write_own_rows(self._run, trial, view, *self._rows.of(trial))
        return (view,)

    def arrays_of(self, trial: int | str) -> Path:
        """Where the rows are, written anew, by which a trial is scored at the end."""
        from automl.data.arrays import view_folder

        if isinstance(trial, str):
            return self._run.arrays
        return view_folder(self._run.arrays, self.views_of(trial)[0])

    @override
    def trial_ended(self, trial: int | str, result: TrialResult) -> None:
        """Removes the rows of a trial that is over."""
        from automl.data.arrays import view_folder

        self._run.root.remove_tree(view_folder(self._run.arrays, f"{RESHUFFLE}{trial}"))
