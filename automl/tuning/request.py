"""What a person asked of a search, as one value that goes into the run's record."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.common.forms import to_form
from automl.data.request import DataRequest
from automl.engines.devices import DEVICES
from automl.engines.limits import LEAST_WORKER_MEMORY
from automl.engines.memory import shown_size
from automl.errors import RequestError
from automl.results.storage_url import storage_url
from automl.space.batch_size import NAME, batch_sizes
from automl.trial import TrialBudget
from automl.tuning.argument_types import whole_number
from automl.tuning.budget import LEAST_TIME, SearchBudget
from automl.tuning.interruption import DEFAULT_GRACE
from automl.tuning.pruners import DEFAULT_WITH_TRIALS, default_pruner

ENGINES = ("local", "ray")
#: Most epochs of a trial and the patience of its early stopping: Géron, Hands-On Machine
#: Learning (2nd ed.), chapter 10, trains up to 100 epochs with a patience of 10.
DEFAULT_EPOCHS = 100
DEFAULT_PATIENCE = 10
DEFAULT_KEEP_MODELS = 10
#: Least that a run can be held to on the disk: a small model and its export, logs and the study.
LEAST_DISK = 5 << 20


@dataclass(frozen=True)
class SearchRequest:
    """One search as asked for.

    Attributes:
        data: What to learn from, and how to read it.
        space: Reference of the search space (name, file or ``module:attribute``), or its name
            where it was given as an object.
        settings: Hyperparameters fixed or narrowed: name to value, range or list, as text or
            JSON scalar.
        batch_size: Rows in a step: a number, several or a range (see `automl.space.batch_size`),
            or None for what the space has.
        loss: Loss in place of the one that a builder in KerasTuner's form compiles with: a name of
            Keras's or a serialized object, or None for the builder's.
        optimizer: Its optimizer, likewise.
        hyperparameters: JSON forms of hyperparameters that count in place of the builder's own.
        tune_new_entries: Whether the builder's others are searched.
        allow_new_entries: Whether the builder may have others.
        callbacks: Names of the classes of callbacks that were given beside the space.
        executions_per_trial: How often each configuration is trained, with other seeds.
        objective: The metric to rank by, in any known spelling, or None for the task's default.
        direction: ``min`` or ``max``, of a metric of a compiled model whose direction is not
            known; else None.
        metrics: Metrics to compute and show beside those that always are.
        budget: What the search may spend.
        trial_budget: What each trial may spend.
        sampler: Name of the sampler.
        pruner: Name of the pruner.
        engine: ``local`` or ``ray``.
        address: Address of a Ray cluster, or None for one started on this machine.
        workers: Trials at once, or None for the number of cores, or of GPUs, of this machine or
            of the cluster at ``address``; see ``device``.
        device: What trials run on: ``auto``, ``cpu`` or ``gpu``; see `automl.engines.devices`.
        keep_models: How many of the best trials keep their model.
        grace: Seconds after SIGTERM or SIGHUP within which the search ends.
        seed: Seed of everything random; 0 is a seed.
        memory_per_worker: Bytes of memory that a worker may hold, or None for no limit.
        max_disk: Bytes of the disk that the run's directory may take, or None for no limit.
        storage: URL of a database for the study, or None for the run's own journal.
        study: Name of the study in the database, which other runs may share; None for one of
            this run's own.
    """

    data: DataRequest
    space: str = "mlp"
    settings: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | str | tuple[int, ...] | None = None
    loss: str | Mapping[str, Any] | None = None
    optimizer: str | Mapping[str, Any] | None = None
    hyperparameters: tuple[Mapping[str, Any], ...] = ()
    tune_new_entries: bool = True
    allow_new_entries: bool = True
    callbacks: tuple[str, ...] = ()
    executions_per_trial: int = 1
    objective: str | None = None
    direction: str | None = None
    metrics: str | tuple[str, ...] = ()
    budget: SearchBudget = field(default_factory=SearchBudget)
    trial_budget: TrialBudget = field(
        default_factory=lambda: TrialBudget(DEFAULT_EPOCHS, DEFAULT_PATIENCE)
    )
    sampler: str = "tpe"
    pruner: str = DEFAULT_WITH_TRIALS
    engine: str = "local"
    address: str | None = None
    workers: int | None = None
    device: str = "auto"
    keep_models: int = DEFAULT_KEEP_MODELS
    memory_per_worker: int | None = None
    max_disk: int | None = None
    grace: float = DEFAULT_GRACE
    seed: int = 0
    storage: str | None = None
    study: str | None = None

    def __post_init__(self) -> None:
        """Checks what can be checked without the data.

        Raises:
            RequestError: A value is out of its range.
        """
        self._check_metrics()
        least = {
            "--epochs": (self.trial_budget.epochs, 1),
            "--patience": (self.trial_budget.patience, 1),
            "--workers": (1 if self.workers is None else self.workers, 1),
            "--keep-models": (self.keep_models, 1),
            "--seed": (self.seed, 0),
            "--executions-per-trial": (self.executions_per_trial, 1),
        }
        for option, (value, minimum) in least.items():
            if whole_number(option, value) < minimum:
                raise RequestError(f"{option} is {value}; it must be at least {minimum}.")
        if self.trial_budget.min_delta < 0:
            raise RequestError(
                f"--min-delta is {self.trial_budget.min_delta}; it must not be negative."
            )
        for option in ("goal", "min_delta"):
            value = getattr(self.trial_budget, option)
            if value is not None and not math.isfinite(value):
                raise RequestError(
                    f"--{option.replace('_', '-')} is {value}; it must be a finite number."
                )
        if self.trial_budget.seconds is not None and not self.trial_budget.seconds > 0:
            raise RequestError(
                f"--trial-time is {self.trial_budget.seconds:g} s; it must be above zero."
            )
        self._check_sizes()
        self._check_batch_size()
        if self.engine not in ENGINES:
            raise RequestError(
                f"There is no engine {self.engine!r}; choose {' or '.join(ENGINES)}."
            )
        if self.device not in DEVICES:
            raise RequestError(
                f"There is no --device {self.device}; choose {', '.join(DEVICES[:-1])} or "
                f"{DEVICES[-1]}."
            )
        if self.study is not None and self.storage is None:
            raise RequestError("--study is for a study in a database; add --storage URL.")
        if self.study is not None and not self.study.strip():
            raise RequestError("--study is empty; give the study a name.")
        if self.address is not None and self.engine != "ray":
            raise RequestError("--address is for --engine ray; leave it out or add --engine ray.")

    def _check_metrics(self) -> None:
        names = self.metrics.split(",") if isinstance(self.metrics, str) else self.metrics
        object.__setattr__(self, "metrics", tuple(names))
        if self.direction is not None and self.objective is None:
            raise RequestError("--direction is for --objective METRIC; give the metric too.")

    def _check_batch_size(self) -> None:
        if self.batch_size is None:
            return
        batch_sizes(self.batch_size)
        if NAME in self.settings:
            raise RequestError(
                f"{NAME} is set twice, to {self.settings[NAME]} by --set and to {self.batch_size} "
                "by --batch-size; set it once."
            )

    def _check_sizes(self) -> None:
        if not 0 < self.grace < math.inf:
            raise RequestError(f"--grace is {self.grace:g} s; it must be above zero.")
        memory, disk = self.memory_per_worker, self.max_disk
        if memory is not None and memory < LEAST_WORKER_MEMORY:
            raise RequestError(
                f"--memory-per-worker is {shown_size(memory)}, but TensorFlow alone takes about "
                f"300 MB of it; give at least {shown_size(LEAST_WORKER_MEMORY)}."
            )
        if memory is not None and self.engine == "ray":
            raise RequestError(
                "--memory-per-worker is for --engine local; with Ray, leave it out (Ray ends what "
                "takes too much of a machine's memory)."
            )
        if disk is not None and disk < LEAST_DISK:
            raise RequestError(
                f"--max-disk is {shown_size(disk)}; a run takes {shown_size(LEAST_DISK)} at least."
            )

    def training_terms(self) -> dict[str, Any]:
        """What each trial is trained with beside its configuration, in JSON form."""
        terms = to_form(self.trial_budget)
        beside = {"loss": self.loss, "optimizer": self.optimizer, "callbacks": list(self.callbacks)}
        terms.update({name: value for name, value in beside.items() if value})
        if self.executions_per_trial > 1:
            terms["executions_per_trial"] = self.executions_per_trial
        return terms


def make_request(
    source: Any,
    target: Any = None,
    *,
    space: str,
    settings: Mapping[str, Any] | None,
    budget: SearchBudget,
    epochs: int | None,
    patience: int | None,
    min_delta: float,
    trial_seconds: float | None,
    goal: float | None,
    pruner: str | None,
    keep_models: int | None,
    seed: int,
    data_options: Mapping[str, Any],
    storage: str | None = None,
    **options: Any,
) -> SearchRequest:
    """Makes a request from options, with defaults where an option is None.

    Args:
        source: The data; see `DataRequest`.
        target: The target columns; see `DataRequest`.
        space: Reference or name of the space.
        settings: Hyperparameters fixed or narrowed.
        budget: What the search may spend.
        epochs: Most epochs of a trial.
        patience: Epochs without improvement before a trial stops.
        min_delta: Least improvement that counts.
        trial_seconds: Wall-clock limit of a trial, in seconds.
        goal: Score at which a trial stops.
        pruner: Name of the pruner, or None for the one that suits the budget.
        keep_models: How many of the best trials keep their model.
        seed: Seed of everything random, the split included.
        data_options: Further fields of `DataRequest`; none else.
        storage: URL of a database for the study, without a password.
        **options: Further fields of `SearchRequest`.

    Returns:
        The request.

    Raises:
        RequestError: An option is unknown or out of its range.
    """
    if budget.seconds is not None and budget.seconds < LEAST_TIME:
        raise RequestError(
            f"--time is {budget.seconds:g} s, but start-up and the checked export alone take about "
            "8 s; give at least 20 s."
        )
    return SearchRequest(
        data=DataRequest(source, () if target is None else target, seed=seed, **data_options),
        space=space,
        settings=dict(settings or {}),
        budget=budget,
        trial_budget=TrialBudget(
            epochs=DEFAULT_EPOCHS if epochs is None else epochs,
            patience=DEFAULT_PATIENCE if patience is None else patience,
            min_delta=min_delta,
            seconds=trial_seconds,
            goal=goal,
        ),
        pruner=default_pruner(budget.seconds is not None) if pruner is None else pruner,
        keep_models=DEFAULT_KEEP_MODELS if keep_models is None else keep_models,
        seed=seed,
        storage=None if storage is None else storage_url(storage),
        **options,
    )
