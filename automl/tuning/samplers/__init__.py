"""Which configuration next: the samplers, by name.

A proposal is a pure function of the record and the seed. No sampler keeps a random state, so a
search that was killed and is resumed with one worker proposes what the unbroken one would have,
also where it was killed between two hyperparameters of one trial.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from automl.errors import RequestError
from automl.tuning.known_names import check_direction, unknown_name

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler

    from automl.space import SearchSpace

SAMPLERS: Mapping[str, str] = MappingProxyType(
    {
        "tpe": "tree-structured Parzen estimators (default): learns from finished trials",
        "random": "independent draws; never the same twice where a space is small enough to know",
        "grid": "every configuration once, in a shuffled order; needs a finite space",
        "qmc": "a scrambled Sobol sequence: spreads more evenly than random draws",
        "gp": "Gaussian process with expected improvement; needs automl[gp]",
        "cmaes": "CMA-ES for numbers, TPE for choices",
        "evolution": "crossover and mutation of the best trials, generation by generation",
        "local": "the best trials with a few hyperparameters changed, from the first trial on",
    }
)
# Names of before. With one objective, NSGA-II is evolution and no more: nothing is dominated.
FORMER: Mapping[str, str] = MappingProxyType({"nsga2": "evolution"})
DEFAULT_SAMPLER = "tpe"

# Up to this many configurations a space is enumerated (a second or two, some tens of MB);
# beyond it, distinct draws gain nothing because independent ones hardly ever collide.
ENUMERABLE = 100_000


def make_sampler(
    name: str, *, seed: int, space: SearchSpace, workers: int, direction: str
) -> BaseSampler:
    """Makes the sampler of a run.

    Args:
        name: One of `SAMPLERS`, or of `FORMER`.
        seed: The run's seed for sampling, at least 0.
        space: The search space that trials are drawn from.
        workers: How many trials run at the same time, at least 1.
        direction: ``"minimize"`` or ``"maximize"``.

    Returns:
        An Optuna sampler without state: a new one made with the same arguments goes on where
        this one stopped.

    Raises:
        RequestError: The name is unknown, an extra it needs is not installed, the space does not
            suit it, or the seed is negative.
    """
    name = FORMER.get(name, name)
    if name not in SAMPLERS:
        raise unknown_name("sampler", name, SAMPLERS)
    if seed < 0:
        raise RequestError(f"The seed is {seed}; expected an integer of at least 0.")
    check_direction(direction)
    return _MAKERS[name](seed, space, workers, direction)


def _tpe(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.tpe import TpeSampler

    return TpeSampler(seed, direction, count_running=workers > 1)


def _random(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    if space.count() <= ENUMERABLE:
        from automl.tuning.samplers.distinct import DistinctRandomSampler

        return DistinctRandomSampler(seed, space)
    from automl.tuning.samplers.independent import IndependentSampler

    return IndependentSampler(seed)


def _grid(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.distinct import GridSampler

    grid_size(space)
    return GridSampler(seed, space)


def _qmc(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.qmc import SobolSampler

    return SobolSampler(seed, space)


def _gp(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    _require_extra("gp", package="torch", name="gp")
    from automl.tuning.samplers.replayable import ReplayableSampler, make_gp

    return ReplayableSampler(seed, make_gp)


def _cmaes(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.cmaes import CmaEsSampler

    return CmaEsSampler(seed, space, direction)


def _evolution(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.evolution import EvolutionSampler

    return EvolutionSampler(seed, space, direction)


def _local(seed: int, space: SearchSpace, workers: int, direction: str) -> BaseSampler:
    from automl.tuning.samplers.local_search import LocalSampler

    return LocalSampler(seed, space, direction)


_MAKERS: Mapping[str, Callable[[int, SearchSpace, int, str], BaseSampler]] = MappingProxyType(
    {
        "tpe": _tpe,
        "random": _random,
        "grid": _grid,
        "qmc": _qmc,
        "gp": _gp,
        "cmaes": _cmaes,
        "evolution": _evolution,
        "local": _local,
    }
)


def grid_size(space: SearchSpace) -> int:
    """How many configurations a grid search of the space tries.

    Raises:
        RequestError: The space is infinite or too large to be enumerated.
    """
    count = space.count()
    if count == math.inf:
        continuous = [h.name for h in space.hyperparameters if h.size == math.inf]
        names = ", ".join(dict.fromkeys(continuous))
        raise RequestError(
            f"A grid needs a finite space, but '{space.name}' has continuous hyperparameters "
            f"({names}): give each a step, fix it with --set NAME=VALUE, or choose another sampler."
        )
    if count > ENUMERABLE:
        raise RequestError(
            f"The grid of '{space.name}' has {count:,} configurations, expected at most "
            f"{ENUMERABLE:,}: fix or narrow hyperparameters with --set, or use --sampler random."
        )
    return int(count)


def proposals_left(sampler: BaseSampler, study: Study) -> int | None:
    """How many new configurations the sampler still has for this study.

    The driver asks before it starts a new trial and stops at 0: a sampler that has run out
    raises `RequestError` when asked all the same. A trial that was interrupted in the middle of
    its hyperparameters counts only once it has all of them, so these are asked again first.

    Returns:
        A number for `grid`, and for `random` on a finite space; None where there is no end.
    """
    from automl.tuning.samplers.distinct import DistinctSampler

    return sampler.proposals_left(study) if isinstance(sampler, DistinctSampler) else None


def _require_extra(extra: str, *, package: str, name: str) -> None:
    """Raises RequestError where an optional package is missing."""
    if find_spec(package) is None:
        raise RequestError(
            f"The sampler '{name}' needs the package {package}, which is not installed: "
            f"pip install 'automl[{extra}]', or choose another sampler."
        )
