"""What a person asked of a search, as one value that goes into the run's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from automl.common.forms import to_form
from automl.common.model_cost import CostLimits
from automl.common.option import check_options
from automl.data.options import DATA_OPTIONS
from automl.data.request import STANDARD_INPUT, DataRequest
from automl.errors import RequestError
from automl.results.storage_url import storage_url
from automl.space.batch_size import NAME
from automl.trial import REFIT, TrialBudget
from automl.tuning.budget import LEAST_TIME, SearchBudget, budget_of
from automl.tuning.options import SEARCH_OPTIONS
from automl.tuning.pruners import DEFAULT_WITH_TRIALS, default_pruner

_USUAL: Mapping[str, Any] = {name: option.default for name, option in SEARCH_OPTIONS.items()}


@dataclass(frozen=True)
class SearchRequest:
    """One search as asked for: the values of its options (`automl.tuning.options`).

    They have the options' names; of these alone more is to be said:

    Attributes:
        data: What to learn from, and how to read it.
        space: Reference of the search space (name, file or ``module:attribute``), or its name
            where it was given as an object.
        loss: A name of Keras's or a serialized object, or None for the builder's.
        optimizer: Likewise.
        hyperparameters: JSON forms of hyperparameters that count in place of the builder's own.
        callbacks: Names of the classes of callbacks that were given beside the space.
        budget: What the search may spend: ``trials`` and ``time``.
        trial_budget: What each trial may spend: ``epochs``, ``patience``, ``min_delta``,
            ``trial_time`` and ``goal``.
        sampler: Name of the sampler, or of the class of an object.
        pruner: Name of the pruner, likewise.
        grace: In seconds.
        memory_per_worker: In bytes; None for no limit.
        max_memory: Likewise.
        max_disk: In bytes; None for no limit.
        storage: URL without a password.
    """

    data: DataRequest
    space: str = _USUAL["space"]
    from_model: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int | str | tuple[int, ...] | None = None
    loss: str | Mapping[str, Any] | None = None
    optimizer: str | Mapping[str, Any] | None = None
    hyperparameters: tuple[Mapping[str, Any], ...] = ()
    tune_new_entries: bool = True
    allow_new_entries: bool = True
    callbacks: tuple[str, ...] = ()
    executions_per_trial: int = _USUAL["executions_per_trial"]
    objective: str | None = None
    direction: str | None = None
    metrics: str | tuple[str, ...] = ()
    budget: SearchBudget = field(default_factory=SearchBudget)
    trial_budget: TrialBudget = field(
        default_factory=lambda: TrialBudget(_USUAL["epochs"], _USUAL["patience"])
    )
    sampler: str = _USUAL["sampler"]
    pruner: str = DEFAULT_WITH_TRIALS
    engine: str = _USUAL["engine"]
    address: str | None = None
    workers: int | None = None
    device: str = _USUAL["device"]
    keep_models: int = _USUAL["keep_models"]
    finalists: int = _USUAL["finalists"]
    no_ensemble: bool = False
    export: str = _USUAL["export"]
    no_temperature: bool = False
    test_time_views: int = _USUAL["test_time_views"]
    max_parameters: int | None = None
    max_flops: int | None = None
    max_memory: int | None = None
    memory_per_worker: int | None = None
    max_disk: int | None = None
    grace: float = _USUAL["grace"]
    seed: int = _USUAL["seed"]
    storage: str | None = None
    study: str | None = None

    def __post_init__(self) -> None:
        """Checks what can be checked without the data.

        Raises:
            RequestError: A value is out of its range, or two contradict each other.
        """
        names = self.metrics.split(",") if isinstance(self.metrics, str) else self.metrics
        object.__setattr__(self, "metrics", tuple(names))
        check_options(SEARCH_OPTIONS, self._values())
        if self.direction is not None and self.objective is None:
            raise RequestError("--direction is for --objective METRIC; give the metric too.")
        if self.batch_size is not None and NAME in self.settings:
            raise RequestError(
                f"{NAME} is set twice, to {self.settings[NAME]} by --set and to {self.batch_size} "
                "by --batch-size; set it once."
            )
        if self.memory_per_worker is not None and self.engine == "ray":
            raise RequestError(
                "--memory-per-worker is for --engine local; with Ray, leave it out (Ray ends what "
                "takes too much of a machine's memory)."
            )
        if self.data.is_reshuffled and self.engine == "ray":
            raise RequestError("--holdout reshuffle is for --engine local; leave one of them out.")
        self._check_refit()
        self._check_views()
        if self.study is not None and self.storage is None:
            raise RequestError("--study is for a study in a database; add --storage URL.")
        if self.study is not None and not self.study.strip():
            raise RequestError("--study is empty; give the study a name.")
        if self.address is not None and self.engine != "ray":
            raise RequestError("--address is for --engine ray; leave it out or add --engine ray.")

    def _check_refit(self) -> None:
        if self.export != REFIT:
            return
        if self.storage is not None:
            raise RequestError(
                "--export refit is not for a study that several searches may share; leave "
                "--storage or --export out."
            )
        if STANDARD_INPUT in (str(self.data.source), str(self.data.test)):
            raise RequestError(
                "--export refit reads the data again at the end, which standard input cannot be; "
                "write the rows to a file."
            )

    def _check_views(self) -> None:
        if not self.test_time_views:
            return
        conflicts = {
            "--export refit, which no rows have validated": self.export == REFIT,
            "folds, whose models are exported together (--cv)": self.data.has_folds,
            "--holdout reshuffle, which scores trials on different rows": self.data.is_reshuffled,
            "a study that several searches may share (--storage)": self.storage is not None,
            "--task reconstruction, which answers with the image": self.data.reconstructs,
        }
        for what, is_asked in conflicts.items():
            if is_asked:
                raise RequestError(
                    f"--test-time-views is not for {what}; leave one of the two out."
                )

    def _values(self) -> dict[str, Any]:
        """The values by their options' names."""
        budget = to_form(self.trial_budget)
        return {**vars(self), **budget, "trial_time": budget["seconds"]}

    @property
    def limits(self) -> CostLimits:
        """What a model may cost to be trained."""
        return CostLimits(self.max_parameters, self.max_flops, self.max_memory)

    def changed(self, values: Mapping[str, Any]) -> SearchRequest:
        """The same request with other values of some options, by the options' names."""
        names = {"trials": "trials", "time": "seconds"}
        limits = {names[name]: value for name, value in values.items() if name in names}
        own = {name: value for name, value in values.items() if name not in names}
        return replace(self, budget=replace(self.budget, **limits), **own)

    def training_terms(self) -> dict[str, Any]:
        """What each trial is trained with beside its configuration, in JSON form."""
        terms = to_form(self.trial_budget)
        beside = {"loss": self.loss, "optimizer": self.optimizer, "callbacks": list(self.callbacks)}
        terms.update({name: value for name, value in beside.items() if value})
        if self.executions_per_trial > 1:
            terms["executions_per_trial"] = self.executions_per_trial
        if self.data.is_reshuffled:
            terms["holdout"] = self.data.holdout
        if len(self.data.views) > 1:
            terms["views"] = len(self.data.views)
        return terms


def make_request(source: Any, values: Mapping[str, Any]) -> SearchRequest:
    """Makes a request of the options' values.

    Args:
        source: The data; see `DataRequest`.
        values: The value of each option, by its name; see `automl.tuning.arguments.asked_values`.
            ``space`` is a reference or a name.

    Raises:
        RequestError: A value is out of its range, or two contradict each other.
    """
    seconds, storage, pruner = values["time"], values["storage"], values["pruner"]
    if seconds is not None and seconds < LEAST_TIME:
        raise RequestError(
            f"--time is {seconds:g} s, but start-up and the checked export alone take about "
            "8 s; give at least 20 s."
        )
    trial_budget = ("epochs", "patience", "min_delta", "goal")
    data = {name: values[name] for name in (*DATA_OPTIONS, "seed")}
    own = {f.name: values[f.name] for f in fields(SearchRequest) if f.name in values}
    own |= {
        "data": DataRequest(source, **data),
        "settings": dict(values["settings"] or {}),
        "budget": budget_of(values["trials"], seconds),
        "trial_budget": TrialBudget(
            seconds=values["trial_time"], **{name: values[name] for name in trial_budget}
        ),
        "pruner": default_pruner(seconds is not None) if pruner is None else pruner,
        "storage": None if storage is None else storage_url(storage),
    }
    return SearchRequest(**own)
