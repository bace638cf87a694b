"""The Python interface: `search`, `load_run` and the `Run` that both give."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.bounded import MOST_TEXT, read_bounded
from automl.common.shell import shown_path
from automl.errors import RequestError, RunError
from automl.results.record import RunRecord, TrialRecord, read_record
from automl.results.run_directory import RunDirectory

if TYPE_CHECKING:
    import pandas as pd

    from automl.space import SearchSpace
    from automl.tuning.driver import Outcome
    from automl.tuning.observer import Observer
    from automl.tuning.search import SearchEnd


@dataclass(frozen=True, repr=False)
class RunTrial:
    """One trial, or baseline, of a run.

    Attributes:
        run: The run's directory.
        record: What the study says of the trial.
    """

    run: RunDirectory
    record: TrialRecord

    def __repr__(self) -> str:
        score = "" if self.score is None else f", score {self.score:.6g}"
        return f"<trial {self.number} of {str(self.run.path)!r}: {self.record.state}{score}>"

    def _repr_html_(self) -> str:
        """The trial's configuration and metrics, for a notebook."""
        from automl.results.html import trial_html

        return trial_html(self.record)

    @property
    def number(self) -> int | str:
        """The trial's number, or the baseline's name."""
        return self.record.trial

    @property
    def config(self) -> dict[str, Any]:
        """Value of every active hyperparameter."""
        return dict(self.record.config)

    @property
    def score(self) -> float | None:
        """The objective at the best epoch, in its own direction."""
        return self.record.score

    @property
    def metrics(self) -> dict[str, float]:
        """The task's metrics on the validation rows at the best epoch."""
        return dict(self.record.result.metrics) if self.record.result else {}

    def history(self) -> pd.DataFrame:
        """The learning curve: one row an epoch, as in ``history.csv``.

        Raises:
            RunError: The trial has no curve, or it cannot be read.
        """
        import pandas as pd

        from automl.training.history import read_history

        path = self.run.trial_file(self.number, "history.csv")
        if not read_history(path.parent):
            raise RunError(f"Trial {self.number} of {self.run.path} has no learning curve.")
        return pd.read_csv(io.BytesIO(read_bounded(self.run.root, path, MOST_TEXT)))

    def model(self, trust: bool = False) -> Any:
        """The exported `keras.Model` of this trial: raw rows in, predictions out.

        The run's exported best model is loaded as it is; another trial's is exported on the way.

        Args:
            trust: Consent to run the code of its author that the model needs (a layer of their
                own); without it such a model is refused.

        Raises:
            RequestError: The model needs code and that was not allowed.
            RunError: The trial's model was not kept, or its export is not what was scored.
        """
        import tempfile

        from automl.export.bundle import load_model
        from automl.export.tasks import export_task
        from automl.results.export_request import export_request

        if self._is_exported():
            return load_model(self.run.root.checked(self.run.best), trust)
        with tempfile.TemporaryDirectory() as folder:
            bundle = Path(folder) / "bundle"
            export_task(**export_request(self.run, self.number, bundle, trust=trust))
            return load_model(bundle, trust)

    def _is_exported(self) -> bool:
        """Whether ``best/`` holds this trial; while a search goes on it holds an earlier best."""
        from automl.export.bundle import open_bundle

        if self.record.result is None or not self.run.root.is_folder(self.run.best):
            return False
        exported = open_bundle(self.run.root.checked(self.run.best)).config
        own = (self.number, self.record.result.model_hash)
        return own == (exported.get("trial"), exported.get("model_hash"))


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
        from automl.export.bundle import check_free
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
            verbose: What is shown on the way, as in `search`.
            observer: Who watches.

        Returns:
            This run, its best model exported to ``best/``.

        Raises:
            RequestError: The run cannot be resumed as asked.
            RunError: The search could not go on, or no trial completed.
        """
        from automl.space.fit_options import carried_callbacks
        from automl.tuning.manifest import recorded_request
        from automl.tuning.search import resume_search

        budget = recorded_request(self._directory, self._directory.read_manifest()).budget
        if trials is not None:
            budget = replace(budget, trials=trials)
        if time is not None:
            budget = replace(budget, seconds=_seconds(time))
        sizes = {"memory_per_worker": memory_per_worker, "max_disk": max_disk}
        given: dict[str, Any] = {
            name: _bytes(size) for name, size in sizes.items() if size is not None
        }
        if device is not None:
            given["device"] = device
        if grace is not None:
            given["grace"] = _seconds(grace)
        _, carried = carried_callbacks(callbacks)
        return _conducted(
            lambda told: resume_search(
                self.path,
                told,
                budget,
                workers,
                space,
                data,
                storage or self._storage,
                address,
                carried,
                **given,
            ),
            observer,
            verbose,
        )

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """The run in short and the top of its leaderboard, for a notebook."""
        from automl.results.html import run_html

        return run_html(self._directory, self.record)


def load_run(path: str | Path, storage: str | None = None) -> Run:
    """Opens an existing run; nothing of it is run, written or connected to.

    Args:
        path: The run's directory.
        storage: URL of the database that the run's study is in, to read it from there; without,
            the run's own ``leaderboard.csv`` is read.

    Returns:
        The run.

    Raises:
        RequestError: There is no run.
    """
    return Run(RunDirectory.open(path), storage=storage)


def search(
    data: Any = None,
    target: str | int | Sequence[str | int] | None = None,
    *,
    space: str | SearchSpace | Any = "mlp",
    settings: Mapping[str, Any] | None = None,
    batch_size: int | str | Sequence[int] | None = None,
    hyperparameters: Any = None,
    tune_new_entries: bool = True,
    allow_new_entries: bool = True,
    loss: Any = None,
    optimizer: Any = None,
    callbacks: Any = None,
    trials: int | None = None,
    time: float | str | None = None,
    epochs: int | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    trial_time: float | str | None = None,
    executions_per_trial: int = 1,
    memory_per_worker: int | str | None = None,
    max_disk: int | str | None = None,
    grace: float | str | None = None,
    goal: float | None = None,
    objective: str | Any | None = None,
    direction: str | None = None,
    metrics: str | Sequence[str] = (),
    sampler: str = "tpe",
    pruner: str | None = None,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    device: str = "auto",
    keep_models: int | None = None,
    seed: int = 0,
    storage: str | None = None,
    study: str | None = None,
    directory: str | Path | None = None,
    verbose: int = 1,
    observer: Observer | None = None,
    **data_options: Any,
) -> Run:
    """Searches for a good Keras model.

    Args:
        data: A file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, packed or not), ``-``
            for standard input, the name of one of scikit-learn's bundled sets, a
            `pandas.DataFrame`, or a pair of arrays (x, y).
        target: Name or position of the target column, or several.
        space: Name of a search space, ``file.py:space``, ``module:attribute``, a `SearchSpace`, or
            what KerasTuner takes: a function ``build(hp)`` or a ``keras_tuner.HyperModel``.
        settings: Hyperparameters fixed (``{"depth": 3}``) or narrowed (``{"width": "64:256"}``).
        batch_size: Rows in a step, for every trial: a number, several, or a range as
            ``"16:256"``; by default as the space has it, else 32.
        hyperparameters: A ``keras_tuner.HyperParameters``, which count in place of those that your
            own builder declares under the same names.
        tune_new_entries: Whether those that it declares beside them are searched; else they have
            their defaults.
        allow_new_entries: Whether it may declare others.
        loss: A loss of Keras's, or its name, in place of the one that your own builder
            ``build(hp)`` compiles its models with.
        optimizer: Its optimizer, likewise.
        callbacks: `keras.callbacks.Callback` objects for the models of your own builder, which
            `Model.fit` then trains; each trial gets them as new.
        trials: Total number of trials; 30 where neither this nor ``time`` is given.
        time: Wall-clock seconds from start to exported model, or a text such as ``"10m"``.
        epochs: Most epochs of a trial (100).
        patience: Epochs without improvement before a trial stops early (10).
        min_delta: Least improvement of the objective that counts.
        trial_time: Seconds that a trial may take, or a text such as ``"30s"``.
        executions_per_trial: How often each configuration is trained, with other seeds; its score
            is the mean, its model that of the best one.
        memory_per_worker: Bytes of memory that a worker may hold, or a text such as ``"4G"``.
        max_disk: Bytes of the disk that the run's directory may take, or a text such as ``"2G"``.
        grace: Seconds after SIGTERM or SIGHUP within which the search ends, what is complete
            scored and exported, or a text such as ``"30s"`` (10).
        goal: Score at which a trial stops.
        objective: Metric to rank by, under scikit-learn's or Keras's name, or a
            ``keras_tuner.Objective``; by default the validation log loss, or mean squared error.
        direction: ``min`` or ``max``, where the objective is a metric that your own model is
            compiled with and its name does not say which way is better.
        metrics: Metrics to compute and show beside the usual ones, such as ``fbeta:2``.
        sampler: ``tpe``, ``random``, ``grid``, ``qmc``, ``gp``, ``cmaes`` or ``nsga2``.
        pruner: ``median``, ``asha``, ``hyperband``, ``patient`` or ``none``; by default asha with
            ``time``, else patient.
        engine: ``local`` or ``ray``.
        address: Address of a Ray cluster.
        workers: Trials at once; by default one on each core, or one on each GPU.
        device: What trials run on: ``cpu``, ``gpu``, or ``auto``, which is the cores for models of
            table rows and the GPUs, where there are any, for others.
        keep_models: How many of the best trials keep their model (10).
        seed: Seed of everything random.
        storage: URL of a database for the study, without a password (see the README).
        study: Name of a study in it, which searches with the same data and space share.
        directory: The run's directory; by default a new one below ``results/``.
        verbose: What is shown on the way, on standard error: 0 nothing, 1 the notes and the
            progress, 2 the notes and a line a trial. `Run.notes`, the run's ``search.log`` and the
            logger ``automl`` have all of it whatever is shown.
        observer: Who watches; see `automl.tuning.observer.Observer`.
        **data_options: How to read the data; see `automl.data.request.DataRequest`.

    Returns:
        The finished run, its best model exported to ``best/``.

    Raises:
        RequestError: Something asked for cannot be done; nothing was written.
        RunError: The search could not go on, or no trial completed.
    """
    from automl.engines.processes import warm_processes
    from automl.space.fit_options import carried_callbacks, recordable
    from automl.space.given_hyperparameters import given_forms
    from automl.tuning.objective_given import metrics_given, objective_given
    from automl.tuning.other_words import check_arguments

    if "sample_weight" in data_options:  # as fit and KerasTuner's search call it
        data_options.setdefault("weight", data_options.pop("sample_weight"))
    check_arguments(data_options, _argument_names())
    if data is None:
        raise RequestError(
            "No data are given; give a file, a data frame or a pair of arrays: "
            "automl.search((x, y), ...)."
        )
    if target is not None and hasattr(target, "ndim"):
        raise RequestError(
            "The second argument is an array, and target is the name of a column; give arrays as "
            "one pair: automl.search((x, y), ...)."
        )
    objective, own_direction = objective_given(objective)
    shown_metrics = metrics_given(metrics)
    named_callbacks, carried = carried_callbacks(callbacks)

    def start(told: Observer) -> SearchEnd:
        with closing(warm_processes()) as processes:  # they import TensorFlow while the rest begins
            from automl.space.keras_tuner import space_of
            from automl.tuning.request import make_request
            from automl.tuning.search import start_search

            if isinstance(space, str):
                given, name = None, space
            else:
                given = space_of(space)
                name = given.name
            request = make_request(
                data,
                target,
                space=name,
                settings=settings,
                batch_size=batch_size
                if isinstance(batch_size, int | str | None)
                else tuple(batch_size),
                hyperparameters=given_forms(hyperparameters),
                tune_new_entries=tune_new_entries,
                allow_new_entries=allow_new_entries,
                loss=recordable("loss", loss),
                optimizer=recordable("optimizer", optimizer),
                callbacks=named_callbacks,
                executions_per_trial=executions_per_trial,
                budget=_budget(trials, time),
                epochs=epochs,
                patience=patience,
                min_delta=min_delta,
                trial_seconds=_seconds(trial_time),
                goal=goal,
                objective=objective,
                direction=own_direction if direction is None else direction,
                metrics=shown_metrics,
                sampler=sampler,
                pruner=pruner,
                engine=engine,
                address=address,
                workers=workers,
                device=device,
                keep_models=keep_models,
                memory_per_worker=_bytes(memory_per_worker),
                max_disk=_bytes(max_disk),
                **({} if grace is None else {"grace": _seconds(grace)}),
                seed=seed,
                storage=storage,
                study=study,
                data_options=data_options,
            )
            return start_search(request, directory, told, given, processes, carried)

    return _conducted(start, observer, verbose)


def _argument_names() -> set[str]:
    """The names of all arguments of `search`, those on how to read the data among them."""
    from automl.data.request import DataRequest

    own = set(signature(search).parameters) - {"data_options"}
    return own | {field.name for field in fields(DataRequest)} - {"source"}


def _conducted(
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
        run = _ended(start(told.observer), tuple(told.kept.notes))
        told.log.said(ending(run.outcome, run.record))
    return run


def _ended(end: SearchEnd, notes: tuple[str, ...]) -> Run:
    """The run of a search that is over; one that a person stopped need not have come to anything.

    Raises:
        RunError: No trial has completed.
    """
    from automl.tuning.driver import StopReason

    if end.best is None and end.outcome.stopped_by is not StopReason.INTERRUPTED:
        raise RunError(
            f"No trial of {end.run.path} completed; see "
            f"`automl leaderboard {shown_path(end.run.path)}`. "
            f"{end.outcome.message}".strip()
        )
    return Run(end.run, end.outcome, end.storage, end.not_exported, notes)


def _seconds(duration: float | str | None) -> float | None:
    from automl.tuning.budget import parse_duration

    return parse_duration(duration) if isinstance(duration, str) else duration


def _bytes(size: int | str | None) -> int | None:
    from automl.tuning.budget import parse_size

    return parse_size(size) if isinstance(size, str) else size


def _budget(trials: int | None, time: float | str | None) -> Any:
    from automl.tuning.budget import DEFAULT_TRIALS, SearchBudget

    if trials is None and time is None:
        trials = DEFAULT_TRIALS
    return SearchBudget(trials, _seconds(time))
