"""Local search: one of the best trials with a few of its hyperparameters changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from automl.space.optuna_bridge import stored
from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.study_view import best_first, draw_seed
from automl.tuning.samplers.unit_cube import from_unit, to_unit
from automl.tuning.study_digest import StudyDigest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from automl.space import SearchSpace

# Own choices: the best trials that are varied, the best of them half of the time; how many
# hyperparameters are changed in the mean; and the standard deviation of a number's change, as a
# share of its range.
LEADERS = 3
_CHANGES = 2.0
_STEP = 0.2


class LocalSampler(ProposingSampler):
    """Changes a few hyperparameters of one of the best trials, for searches of few costly trials.

    In a space of dozens of hyperparameters, of which each has bad values, nearly every random draw
    is bad somewhere, and a model of the space is learnt only after some hundred. What is known to
    be good, from a portfolio or from defaults, is then the better place to search: the local search
    of SMAC (Hutter et al. 2011) and FLAML's (Wu et al. 2021, arXiv 2005.01571), with the mutations
    of regularized evolution (Real et al. 2019, arXiv 1802.01548).

    A hyperparameter that a change makes active, and that its trial does not have, gets its default.
    """

    def __init__(self, seed: int, space: SearchSpace, direction: str) -> None:
        super().__init__(seed, space)
        self._defaults = {
            parameter.key: stored(parameter.default)
            for parameter in space.hyperparameters
            if parameter.key in self._distributions
        }
        #: Of the hyperparameters that are active by default: to change others would change nothing.
        self._default_params = space.optuna_params(space.defaults())
        self._memory: StudyDigest[_Leaders] = StudyDigest(lambda: _Leaders(direction), _Leaders.add)

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A neighbour of one of the best; of the defaults where no trial has finished."""
        rng = np.random.default_rng(draw_seed(self._seed, trial.number, "local"))
        leaders = self._memory.of(study).trials
        place = min(int(rng.geometric(0.5)) - 1, max(len(leaders) - 1, 0))
        own = leaders[place].params if leaders else self._default_params
        proposal = {**self._defaults, **own}
        active = [key for key in self._distributions if key in own]
        if not active:
            return proposal
        count = min(1 + int(rng.poisson(_CHANGES - 1.0)), len(active))
        for key in rng.choice(active, count, replace=False):
            proposal[key] = changed(self._distributions[key], proposal[key], rng)
        return proposal


def changed(distribution: BaseDistribution, value: Any, rng: np.random.Generator) -> Any:
    """Another value of a hyperparameter: a number near by, or any other option.

    Args:
        distribution: Of the hyperparameter, with more than one value.
        value: Its value; of a number that is out of the range, the nearer end is varied.
        rng: Where chance comes from.
    """
    if isinstance(distribution, CategoricalDistribution):
        others = [choice for choice in distribution.choices if choice != value]
        return others[int(rng.integers(len(others)))]
    if not isinstance(distribution, FloatDistribution | IntDistribution):
        raise TypeError(f"{type(distribution).__name__} has no values near by.")
    share = to_unit(distribution, min(max(value, distribution.low), distribution.high))
    while True:
        moved = share + rng.normal(0.0, _STEP)
        # Reflected at the ends, where draws beyond would pile up.
        moved = abs(moved) if moved < 1.0 else 2.0 - moved
        if 0.0 <= moved <= 1.0:
            found = from_unit(distribution, moved)
            # By their places, for two sums of the same steps may differ by a rounding.
            if to_unit(distribution, found) != share:
                return found


class _Leaders:
    """The best finished trials, the first of them first."""

    def __init__(self, direction: str) -> None:
        self._direction = direction
        self.trials: Sequence[FrozenTrial] = ()

    def add(self, trial: FrozenTrial) -> None:
        self.trials = best_first([*self.trials, trial], self._direction)[:LEADERS]
