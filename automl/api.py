"""The Python interface: `search` and `load_run`, which both give a `Run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.errors import RequestError
from automl.results.run_directory import RunDirectory
from automl.run import Run, conducted
from automl.run_trial import RunTrial

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from automl.space import SearchSpace
    from automl.tuning.observer import Observer
    from automl.tuning.session import SearchEnd

__all__ = ["Run", "RunTrial", "load_run", "search"]


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
    sampler: str | BaseSampler = "tpe",
    pruner: str | BasePruner | None = None,
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
        sampler: ``tpe``, ``random``, ``grid``, ``qmc``, ``gp``, ``cmaes`` or ``nsga2``, or a
            sampler of Optuna's or your own (`optuna.samplers.BaseSampler`).
        pruner: ``median``, ``asha``, ``hyperband``, ``patient`` or ``none``, or a pruner of
            Optuna's or your own (`optuna.pruners.BasePruner`), which is asked after every epoch;
            by default asha with ``time``, else patient.
        engine: ``local`` or ``ray``.
        address: Address of a Ray cluster.
        workers: Trials at once; by default one on each core, or one on each GPU, of the cluster
            where there is an ``address``.
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
    asked = dict(locals())  # the arguments, by their names
    from automl.tuning.arguments import request_arguments

    _check_given(data, target, data_options)
    arguments, objects = request_arguments(asked)

    def start(told: Observer) -> SearchEnd:
        from automl.engines.processes import warm_processes

        with closing(warm_processes()) as processes:  # they import TensorFlow while the rest begins
            from automl.space.keras_tuner import space_of
            from automl.tuning.request import make_request
            from automl.tuning.search import start_search

            given = None if isinstance(space, str) else space_of(space)
            name = str(space) if given is None else given.name
            request = make_request(data, target, space=name, **arguments)
            return start_search(request, directory, told, given, processes, objects)

    return conducted(start, observer, verbose)


def _check_given(data: Any, target: Any, data_options: dict[str, Any]) -> None:
    """Checks what `search` was called with, and takes other tools' words where they are clear.

    Args:
        data: The data.
        target: The target.
        data_options: The arguments that `search` does not name itself, which are changed.

    Raises:
        RequestError: An argument is not known, or the data are not there.
    """
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


def _argument_names() -> set[str]:
    """The names of all arguments of `search`, those on how to read the data among them."""
    from automl.data.request import DataRequest

    own = set(signature(search).parameters) - {"data_options"}
    return own | {field.name for field in fields(DataRequest)} - {"source"}
