"""Evolution: children of the best trials, by crossover and mutation, generation by generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.record import by_standing, derive_seed, finished_trials

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from automl.space import SearchSpace

# Trials of a generation, and parents kept. NSGA-II's usual 50 would leave the searches made here
# (30 to 200 trials) with little but random draws.
POPULATION = 12
# Optuna's rates for its NSGA-II sampler.
_CROSSOVER = 0.9
_SWAP = 0.5


class EvolutionSampler(ProposingSampler):
    """NSGA-II for one objective, with generations read off the record.

    With one objective, NSGA-II keeps the best of all whole generations so far as parents, and
    picks each parent as the better of two. Optuna's own writes generations and parents into the
    study and, once it has, reads the parents in another order, so that an interrupted trial would
    get other values; and it crosses only what all trials have in common, which in a conditional
    space is little. Here a child takes each value from one parent, or from the other one where
    the first has none; what is mutated, and what neither has, is drawn at random.
    """

    def __init__(self, seed: int, space: SearchSpace, direction: str) -> None:
        super().__init__(seed, space)
        self._direction = direction

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A child of two parents; nothing (all is drawn at random) in the first generation."""
        finished = finished_trials(study)
        whole = finished[: len(finished) // POPULATION * POPULATION]
        parents = by_standing(whole, self._direction)[:POPULATION]
        if not parents:
            return {}
        rng = np.random.default_rng(derive_seed(self._seed, trial.number, "evolution"))
        first, second = self._pick(parents, rng), self._pick(parents, rng)
        crossed = rng.random() < _CROSSOVER
        child: dict[str, Any] = {}
        active = sum(key in first.params for key in self._distributions)
        for key in self._distributions:
            # Drawn for every hyperparameter, so that one's luck never depends on another's.
            swap, mutate = rng.random() < _SWAP, rng.random() < 1 / max(1, active)
            giver, other = (second, first) if crossed and swap else (first, second)
            source = giver if key in giver.params or not crossed else other
            if key in source.params and not mutate:
                child[key] = source.params[key]
        return child

    def _pick(self, parents: Sequence[FrozenTrial], rng: np.random.Generator) -> FrozenTrial:
        """The better of two: parents come best first, so it is the one with the lower index."""
        return parents[int(rng.integers(len(parents), size=2).min())]
