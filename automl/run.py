"""A run, as the Python interface gives it: to read, to export from, to go on with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.option import described
from automl.common.shell import shown_path
from automl.errors import AutoMLError, RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.run_readings import RunReadings
from automl.run_trial import RunTrial
from automl.tuning.options import RESUME_OPTIONS

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from automl.results.retrained import Retrained
    from automl.tuning.observer import Observer
    from automl.tuning.outcome import Outcome
    from automl.tuning.search_observers import KeptNotes
    from automl.tuning.session import SearchEnd
    from automl.tuning.voiding import Voided


class Run(RunReadings):
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
        super().__init__(directory, storage)
        self._outcome = outcome
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

    def export(
        self,
        to: str | Path,
        trial: int | str | None = None,
        trust: bool = False,
        format: str = "bundle",
        threshold: str | float | None = None,
        costs: str | Sequence[float] | None = None,
    ) -> Path:
        """Exports a trial's model as a bundle, checked to predict what was scored.

        Args:
            to: The bundle's directory, which must not exist.
            trial: The trial's number or baseline's name; None for the best.
            trust: Consent to run the code that the run holds of its author's, where the model
                needs it; without it such a model is refused.
            format: Name of the format; see `automl.export.formats`.
            threshold: Of a binary classifier, the probability above which its second class is
                told: a number, or ``"f1"`` for the one with the best F1 on the validation rows.
                None for one half.
            costs: In place of it what a false positive and a false negative cost.

        Returns:
            The bundle's directory.

        Raises:
            RequestError: The directory exists, or there is no such trial, or its model needs code
                and that was not allowed, or it has no threshold.
            RunError: The trial's model was not kept, or its export is not what was scored.
        """
        from automl.engines.warm_processes import run_in_warm_process
        from automl.export.formats import DEFAULT, check_format
        from automl.export.writing import check_free
        from automl.results.asked_threshold import asked_threshold
        from automl.results.export_request import export_request

        check_format(format)
        wanted = asked_threshold(threshold, costs)
        if wanted is not None and format != DEFAULT:
            raise RequestError(
                f"The format {format} keeps no threshold; leave --threshold and --costs out, or "
                f"export the format {DEFAULT}."
            )
        check_free(to)  # before TensorFlow is started
        place = Path(to).absolute()
        asked = export_request(self._directory, trial, place, self.record, trust, wanted)
        arguments = {**asked, "format_name": format}
        run_in_warm_process("automl.export.in_child:export_in_child", arguments)
        return Path(to)

    @described(RESUME_OPTIONS, resumed=True)
    def resume(
        self,
        trials: int | None = None,
        time: float | str | None = None,
        finalists: int | None = None,
        export: str | None = None,
        test_time_views: int | None = None,
        workers: int | None = None,
        device: str | None = None,
        max_parameters: int | str | None = None,
        max_flops: int | str | None = None,
        max_memory: int | str | None = None,
        memory_per_worker: int | str | None = None,
        max_disk: int | str | None = None,
        grace: float | str | None = None,
        space: Any = None,
        from_model: str | os.PathLike[str] | None = None,
        data: Any = None,
        storage: str | None = None,
        address: str | None = None,
        callbacks: Any = None,
        sampler: BaseSampler | None = None,
        pruner: BasePruner | None = None,
        metrics: Any = (),
        verbose: int = 1,
        observer: Observer | None = None,
    ) -> Run:
        """Goes on with the search.

        Args:
            trials, ...: See `automl.tuning.options`, from where they are put in here.
            data: The data, where they were given in memory and are needed again.
            sampler: The run's sampler, where that was given as an object.
            pruner: Its pruner, likewise.
            metrics: Its metrics that were given as functions, the objective among them.
            verbose: What is shown on the way, as in `search`.
            observer: Who watches.

        Returns:
            This run, its best model exported to ``best/``.

        Raises:
            RequestError: The run cannot be resumed as asked.
            RunError: The search could not go on, or no trial completed.
        """
        given = {name: value for name, value in locals().items() if name in RESUME_OPTIONS}
        from automl.tuning.arguments import resumed_values
        from automl.tuning.search import resume_search

        changes, objects = resumed_values(given, sampler, pruner, metrics)
        changes.setdefault("storage", self._storage)
        return conducted(
            lambda told: resume_search(self.path, told, changes, data, objects), observer, verbose
        )

    def replay(
        self,
        trial: int | str | None = None,
        space: Any = None,
        data: Any = None,
        callbacks: Any = None,
        metrics: Any = (),
        say: Callable[[str], None] | None = None,
        from_model: str | os.PathLike[str] | None = None,
    ) -> Retrained:
        """Trains a trial again from its record, in a temporary place, and compares the two.

        On the same machine the difference is zero, whatever ran beside it: a worker computes on
        one thread.

        Args:
            trial: The trial's number or the baseline's name; None for the best.
            space: The search space, where it is not installed and was not named for the run on
                this machine. Its code is run.
            data: The data, where they were given in memory and are needed again.
            callbacks: The run's callbacks, where it has some.
            metrics: Its metrics that were given as functions, the objective among them.
            say: Told in a sentence what is trained, once it is known that it can be.
            from_model: The exported model, or the file of weights, that its layers come from,
                where it takes some over and was not begun on this machine.

        Returns:
            What is recorded and what it came to now; see `automl.results.retrained.Retrained`.

        Raises:
            RequestError: There is no such trial, or it cannot be trained again as it was.
            RunError: The run cannot be read, or its space or data have changed.
        """
        from automl.tuning.arguments import resumed_values
        from automl.tuning.trial_replay import replay_trial

        _, objects = resumed_values({"callbacks": callbacks}, metrics=metrics)
        return replay_trial(
            self.path,
            trial,
            space=space,
            source=data,
            objects=objects,
            storage=self._storage,
            from_model=None if from_model is None else os.fspath(from_model),
            say=say,
        )

    def void(self, trial: int, reason: str = "", undo: bool = False) -> Voided:
        """Takes a trial out of the ranking, because it was found to be invalid; or back into it.

        Its record stays, with the reason; the best trial is then another one, which `resume`
        exports to ``best/``.

        Args:
            trial: The trial's number.
            reason: Why it is invalid.
            undo: Whether the trial is to be ranked again.

        Returns:
            What has come of it; see `automl.tuning.voiding.Voided`.

        Raises:
            RequestError: There is no such trial, or no reason.
            RunError: The run is in use, or cannot be written.
        """
        from automl.tuning.voiding import void_trial

        return void_trial(self.path, trial, reason, undo=undo, storage=self._storage)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """The run in short and the top of its leaderboard, for a notebook."""
        from automl.results.readings.html import run_html

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
    from automl.tuning.search_observers import end_line, search_observers

    with search_observers(observer, verbose) as told:
        try:
            run = _ended(start(told.observer), told.kept)
        except AutoMLError as error:
            error.notes = tuple(told.kept.notes)
            if error.run is None and told.log.run is not None:
                error.run = Run(RunDirectory(told.log.run), notes=error.notes)
            raise
        told.log.note(end_line(run.outcome, run.record))
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
