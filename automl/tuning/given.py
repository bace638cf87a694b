"""What a person hands over as objects in place of names: samplers, pruners, metrics, callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automl.common.carrying import carried
from automl.errors import RequestError
from automl.tuning.pruners.fold_rules import FOLD_PRUNERS, FoldPruningRule, NoRule, PairedRule

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

    from automl.engines.processes import Processes
    from automl.space import SearchSpace
    from automl.vocabulary.metric import Metric

#: Samplers that end Optuna's own loop when they have tried everything, which there is none of.
_ENDING = {
    "optuna.samplers.GridSampler": 'sampler="grid"',
    "optuna.samplers.BruteForceSampler": 'sampler="grid"',
}


@dataclass(frozen=True)
class Given:
    """What a person has handed over that no record can hold.

    Attributes:
        callbacks: Callbacks, serialized (`automl.space.callbacks.carried_callbacks`).
        sampler: What proposes configurations, or None for the one that the request names.
        pruner: What stops trials early, likewise.
        metrics: Metrics that are functions, the objective among them.
    """

    callbacks: str = ""
    sampler: BaseSampler | None = None
    pruner: BasePruner | None = None
    metrics: tuple[Metric, ...] = ()


def check_objects(given: Given, processes: Processes) -> None:
    """Checks that workers can have what was handed over for them, before a run is made.

    Args:
        given: What was handed over.
        processes: Where workers come from.

    Raises:
        RequestError: They cannot.
    """
    from automl.engines.run_in_child import run_in_child

    sent = {"The callbacks": given.callbacks, "The metrics": _sent_metrics(given.metrics)}
    for what, text in sent.items():
        if text:
            run_in_child(
                processes, "automl.common.carrying:check_arrival", {"text": text, "what": what}
            )


def _sent_metrics(metrics: tuple[Metric, ...]) -> str:
    try:
        return carried(metrics) if metrics else ""
    except Exception as error:
        names = ", ".join(metric.name for metric in metrics)
        raise RequestError(
            f"The metrics {names} cannot be sent to a worker process ({error}); leave out what "
            "their functions hold of open files, locks or models."
        ) from error


#: For a search that was given names only.
NOTHING_GIVEN = Given()


def named_sampler(sampler: str | BaseSampler) -> tuple[str, BaseSampler | None]:
    """The name that is recorded for a sampler, and the sampler where it is an object.

    Raises:
        RequestError: It is neither a name nor a sampler, or one that ends Optuna's own loop.
    """
    if isinstance(sampler, str):
        return sampler, None
    from optuna.samplers import BaseSampler

    name = _name(sampler, BaseSampler, "sampler")
    if name in _ENDING:
        raise RequestError(
            f"{name} ends Optuna's own loop when it has tried everything; give {_ENDING[name]}."
        )
    return name, sampler


def named_pruner(pruner: str | BasePruner | None) -> tuple[str | None, BasePruner | None]:
    """The name that is recorded for a pruner, and the pruner where it is an object.

    Raises:
        RequestError: It is neither a name nor a pruner.
    """
    if pruner is None or isinstance(pruner, str):
        return pruner, None
    from optuna.pruners import BasePruner

    return _name(pruner, BasePruner, "pruner"), pruner


def _name(given: Any, base: type, word: str) -> str:
    if not isinstance(given, base):
        raise RequestError(
            f"{word} is of the type {type(given).__name__}; give a name, or an object of a class "
            f"that derives from optuna.{word}s.{base.__name__}."
        )
    module = type(given).__module__
    own = f"optuna.{word}s"
    return f"{own if module.startswith(own) else module}.{type(given).__qualname__}"


def asked_sampler(
    name: str, given: Given, *, seed: int, space: SearchSpace, workers: int, direction: str
) -> BaseSampler:
    """The sampler of a search; see `automl.tuning.samplers.make_sampler`.

    Raises:
        RequestError: There is none of the name, or it was an object and is not given again.
    """
    from automl.tuning.samplers import make_sampler

    if given.sampler is not None:
        return given.sampler
    _check_is_name(name, "sampler")
    return make_sampler(name, seed=seed, space=space, workers=workers, direction=direction)


def asked_pruner(
    name: str,
    given: Given,
    *,
    direction: str,
    epochs: int,
    patience: int,
    folds: int = 1,
) -> BasePruner | None:
    """What stops trials of a search after an epoch; see `automl.tuning.pruners.make_pruner`.

    Returns:
        It, or None where nothing does.

    Raises:
        RequestError: There is none of the name, it was an object and is not given again, or it
            looks at folds and there are none.
    """
    from optuna.pruners import NopPruner, WilcoxonPruner

    from automl.tuning.pruners import make_pruner

    if given.pruner is not None:
        compares_folds = isinstance(given.pruner, WilcoxonPruner) and folds > 1
        return None if compares_folds else given.pruner
    _check_is_name(name, "pruner")
    if name in FOLD_PRUNERS and folds == 1:
        raise RequestError(
            f"--pruner {name} compares folds, and there are none: add --cv 5, or choose another."
        )
    made = make_pruner(name, direction=direction, epochs=epochs, patience=patience)
    return None if isinstance(made, NopPruner) else made


def asked_fold_rule(name: str, given: Given, direction: str) -> FoldPruningRule:
    """What stops trials after a fold; see `automl.tuning.pruners.fold_rule`.

    Optuna's `WilcoxonPruner` compares instances of a problem, which folds are, and no epochs;
    another pruner that was handed over decides alone.
    """
    from optuna.pruners import WilcoxonPruner

    from automl.tuning.pruners import fold_rule

    if isinstance(given.pruner, WilcoxonPruner):
        return PairedRule(direction, given.pruner)
    return NoRule(direction) if given.pruner is not None else fold_rule(name, direction)


def _check_is_name(name: str, word: str) -> None:
    if "." in name:
        raise RequestError(
            f"The run's {word} was given as an object, {name}; give one again, in Python: "
            f"run.resume({word}=...)."
        )


def replay_note(given: Given) -> str:
    """What a person should know of a sampler of Optuna's own, or ""."""
    if given.sampler is None:
        return ""
    return (
        "sampler: an object, which draws its own random numbers: resumed, the search proposes "
        "other configurations than an unbroken one would"
    )
