"""A search in which each trial has a division of its own: its rows are made ready, and removed."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from automl.common.files import read_json_object, write_sealed_json
from automl.data.request import DataRequest
from automl.errors import RunError
from automl.results.run_directory import RunDirectory
from automl.trial import RESHUFFLE, TrialResult
from automl.tuning.observer import Observer
from automl.tuning.stored_rows import plan_form


class Reshuffling(Observer):
    """Gives each trial its rows, and hears when it needs them no more.

    What its export needs stays with the trial: the plan that its rows have given, and the raw
    rows by which an export is checked.

    Args:
        run: The run's directory.
        request: The run's data.

    Raises:
        DataError: The data cannot be read again.
        RunError: They have changed since the run began.
    """

    def __init__(self, run: RunDirectory, request: DataRequest) -> None:
        from automl.data.prepare import ReshuffledRows

        self._run = run
        self._rows = ReshuffledRows(request)
        if self._rows.fingerprint != run.read_manifest()["data"]["fingerprint"]:
            raise RunError(
                f"The data of {run.path} have changed since the run began; start a new search, or "
                "restore the data."
            )

    def views_of(self, trial: int) -> tuple[str, ...]:
        """Writes the rows of a trial.

        Args:
            trial: The trial's number.

        Returns:
            The name of its view.
        """
        from automl.data.arrays import save_arrays, view_folder
        from automl.results.check_rows import write_check_rows

        arrays, check = self._rows.of(trial)
        view = f"{RESHUFFLE}{trial}"
        write_check_rows(self._run, check, arrays.check_positions, trial)
        summary = read_json_object(self._run.plan_file)["summary"]
        own_plan = self._run.trial_file(trial, self._run.plan_file.name)
        write_sealed_json(own_plan, plan_form(arrays, (), summary))
        save_arrays(arrays, view_folder(self._run.arrays, view))
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
