"""A run, as the Python interface gives it: to read, to export from, to go on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.shell import shown_path
from automl.errors import AutoMLError, RunError
from automl.results.record import RunRecord, read_record
from automl.results.run_directory import RunDirectory
from automl.run_trial import RunTrial

if TYPE_CHECKING:
    import pandas as pd
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from automl.tuning.budget import SearchBudget
    from automl.tuning.observer import Observer
    from automl.tuning.outcome import Outcome
    from automl.tuning.session import SearchEnd
    from automl.tuning.telling import KeptNotes


class Run:
    """One search: its directory, its leaderboard, its trials.

    Args:
        directory: The run's directory.
        outcome: How the search that has just ended in it ended; None for a run that was loaded.
        storage: The database of its study, as the person has named it, or None.
        not_exported: Why the search that has just ended has not exported its best model, or "".
        notes: What the search that has just ended has said; None for a run that was loaded.
    """

    def __init__(
        self,
        directory: RunDirectory,
        outcome: Outcome | None = None,
        storage: str | None = None,
        not_exported: str = "",
        notes: tuple[str, ...] | None = None,
    ) -> None:
        self._directory = directory
        self._outcome = outcome
        self._storage = storage
        self._not_exported = not_exported
        self._notes = notes

    @property
    def outcome(self) -> Outcome | None:
        """Why the search that has just ended stopped; None for a run that was only loaded."""
        return self._outcome

    @property
    def not_exported(self) -> str:
        """Why the search that has just ended has not exported its best model, or ""."""
        return self._not_exported

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the run, one sentence each.

        Of a search that has just ended all that it said, the same as in ``search.log``; of a run
        that was loaded what its data had to be told of.
        """
        if self._notes is not None:
            return self._notes
        from automl.results.overview import recorded_notes

        return recorded_notes(self._directory)

    @property
    def path(self) -> Path:
        """The run's directory."""
        return self._directory.path

    @property
    def record(self) -> RunRecord:
        """All that the study says about the run, read afresh."""
        return read_record(self._directory, storage=self._storage)

    def leaderboard(self) -> pd.DataFrame:
        """The leaderboard, one row a trial or baseline, best first.

        Its columns are those of ``leaderboard.csv``: ``rank``, ``trial``, ``score``, ...,
        ``metrics.accuracy``, ``config.depth``.
        """
        import pandas as pd

        from automl.results.leaderboard import leaderboard
        from automl.results.render import flat_columns

        return pd.DataFrame(flat_columns(leaderboard(self.record)))

    @property
    def best(self) -> RunTrial:
        """The completed trial with the best score.

        Raises:
            RunError: No trial has completed.
        """
        best = self.record.best()
        if best is None:
            raise RunError(f"No trial of {self.path} has completed; see its leaderboard for why.")
        return RunTrial(self._directory, best)

    def trial(self, number: int | str) -> RunTrial:
        """One trial by its number, or a baseline by its name.

        Raises:
            RequestError: The run has no such trial.
        """
        return RunTrial(self._directory, self.record.find(number))

    def export(self, to: str | Path, trial: int | str | None = None, trust: bool = False) -> Path:
        """Exports a trial's model as a bundle, checked to predict what was scored.

        Args:
            to: The bundle's directory, which must not exist.
            trial: The trial's number or baseline's name; None for the best.
            trust: Consent to run the code that the run holds of its author's, where the model
                needs it; without it such a model is refused.

        Returns:
            The bundle's directory.

        Raises:
            RequestError: The directory exists, or there is no such trial, or its model needs code
                and that was not allowed.
            RunError: The trial's model was not kept, or its export is not what was scored.
        """
        from automl.engines.processes import warm_processes
        from automl.engines.task import run_task
        from automl.export.bundle_writing import check_free
        from automl.results.export_request import export_request

        check_free(Path(to))  # before TensorFlow is started
        place = Path(to).absolute()
        arguments = export_request(self._directory, trial, place, self.record, trust)
        processes = warm_processes()
        try:
            run_task(processes, "automl.export.tasks:export_task", arguments)
        finally:
            processes.close()
        return Path(to)

    def resume(
        self,
        trials: int | None = None,
        time: float | str | None = None,
        workers: int | None = None,
        device: str | None = None,
        memory_per_worker: int | str | None = None,
        max_disk: int | str | None = None,
        grace: float | str | None = None,
        space: Any = None,
        data: Any = None,
        storage: str | None = None,
        address: str | None = None,
        callbacks: Any = None,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
        verbose: int = 1,
        observer: Observer | None = None,
    ) -> Run:
        """Goes on with the search.

        Args:
            trials: New total number of trials, earlier ones included, or None as before.
            time: New total of seconds (or a text such as ``"10m"``), those already spent
                included, or None as before.
            workers: Trials at once, or None as before.
            device: What trials run on (``auto``, ``cpu``, ``gpu``), or None as before.
            memory_per_worker: Bytes of memory that a worker may hold, or None as before.
            max_disk: Bytes of the disk that the run may take, or None as before.
            grace: Seconds after SIGTERM or SIGHUP within which the search ends, or None as before.
            space: The search space, where it was given as an object, or where it is not an
                installed one and was not named for the run on this machine.
            data: The data, where they were given in memory and are needed again.
            storage: URL of the database that the run's study is in, where it was not named for the
                run on this machine.
            address: Address of the run's Ray cluster, likewise, or of another one.
            callbacks: The run's callbacks once more, where it was started with some.
            sampler: Its sampler, where that was given as an object.
            pruner: Its pruner, likewise.
            verbose: What is shown on the way, as in `search`.
            observer: Who watches.

        Returns:
            This run, its best model exported to ``best/``.

        Raises:
            RequestError: The run cannot be resumed as asked.
            RunError: The search could not go on, or no trial completed.
        """
        from automl.space.fit_options import carried_callbacks
        from automl.tuning.argument_types import checked_types
        from automl.tuning.budget import bytes_of, seconds_of
        from automl.tuning.given import Given
        from automl.tuning.search import resume_search

        plain = checked_types(
            {
                "trials": trials,
                "time": time,
                "workers": workers,
                "device": "auto" if device is None else device,
                "memory_per_worker": memory_per_worker,
                "max_disk": max_disk,
                "grace": grace,
                "storage": storage,
                "address": address,
            }
        )
        trials, time, workers = plain["trials"], plain["time"], plain["workers"]
        memory_per_worker, max_disk = plain["memory_per_worker"], plain["max_disk"]
        budget = self._budget(trials, time)
        sizes = {"memory_per_worker": memory_per_worker, "max_disk": max_disk}
        given: dict[str, Any] = {
            name: bytes_of(size) for name, size in sizes.items() if size is not None
        }
        if device is not None:
            given["device"] = device
        if grace is not None:
            given["grace"] = seconds_of(grace)
        _, carried = carried_callbacks(callbacks)
        objects = Given(carried, sampler, pruner)
        return conducted(
            lambda told: resume_search(
                self.path,
                told,
                budget,
                workers,
                space,
                data,
                storage or self._storage,
                address,
                objects,
                **given,
            ),
            observer,
            verbose,
        )

    def _budget(self, trials: int | None, time: float | str | None) -> SearchBudget:
        """What the search may spend, as recorded where nothing else is given."""
        from automl.tuning.budget import seconds_of
        from automl.tuning.manifest import recorded_request

        budget = recorded_request(self._directory, self._directory.read_manifest()).budget
        if trials is not None:
            budget = replace(budget, trials=trials)
        return budget if time is None else replace(budget, seconds=seconds_of(time))

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """The run in short and the top of its leaderboard, for a notebook."""
        from automl.results.html import run_html

        return run_html(self._directory, self.record)


def conducted(
    start: Callable[[Observer], SearchEnd], observer: Observer | None, verbose: int
) -> Run:
    """Runs a search, told to everybody who should know.

    Args:
        start: Begins it, watched by an observer, and returns when it is over.
        observer: Who watches besides.
        verbose: What is shown on the way.
    """
    from automl.tuning.telling import ending, telling

    with telling(observer, verbose) as told:
        try:
            run = _ended(start(told.observer), told.kept)
        except AutoMLError as error:
            error.notes = tuple(told.kept.notes)
            if error.run is None and told.log.run is not None:
                error.run = Run(RunDirectory(told.log.run), notes=error.notes)
            raise
        told.log.said(ending(run.outcome, run.record))
    return run


def _ended(end: SearchEnd, kept: KeptNotes) -> Run:
    """The run of a search that is over; one that a person stopped need not have come to anything.

    Raises:
        RunError: No trial has completed; it holds the run.
    """
    from automl.tuning.outcome import StopReason

    run = Run(end.run, end.outcome, end.storage, end.not_exported, tuple(kept.notes))
    if end.best is None and end.outcome.stopped_by is not StopReason.INTERRUPTED:
        error = RunError(_why_nothing(end))
        error.run = run
        raise error
    return run


def _why_nothing(end: SearchEnd) -> str:
    """The sentence on a search of which no trial has completed."""
    why = f": {end.last_failure}" if end.last_failure else ""
    place = f"`automl leaderboard {shown_path(end.run.path)}`"
    return f"No trial of {end.run.path} completed{why}; see {place}. {end.outcome.message}".strip()
