"""Evolution: children of the best trials, by crossover and mutation, generation by generation."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.study_view import best_first, draw_seed
from automl.tuning.study_digest import StudyDigest

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
    """Evolution of one objective, with generations read off the record.

    It is what is left of NSGA-II with one objective: the best of all whole generations so far are
    the parents, and each parent is picked as the better of two. Optuna's own writes generations and
    parents into the study and, once it has, reads the parents in another order, so that an
    interrupted trial would get other values; and it crosses only what all trials have in common,
    which in a conditional space is little. Here a child takes each value from one parent, or from
    the other one where the first has none; what is mutated, and what neither has, is drawn at
    random.
    """

    def __init__(self, seed: int, space: SearchSpace, direction: str) -> None:
        super().__init__(seed, space)
        self._memory: StudyDigest[_Generations] = StudyDigest(
            lambda: _Generations(direction), _Generations.add
        )

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A child of two parents; nothing (all is drawn at random) in the first generation."""
        parents = self._memory.of(study).parents()
        if not parents:
            return {}
        rng = np.random.default_rng(draw_seed(self._seed, trial.number, "evolution"))
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


class _Generations:
    """Finished trials by number, and the best of all whole generations."""

    def __init__(self, direction: str) -> None:
        self._direction = direction
        self._trials: list[tuple[int, FrozenTrial]] = []
        # The parents, and how many trials they were chosen from.
        self._chosen: tuple[list[FrozenTrial], int] = ([], 0)

    def add(self, trial: FrozenTrial) -> None:
        if self._chosen[1] and trial.number < self._trials[self._chosen[1] - 1][0]:
            self._chosen = [], 0  # it belongs into a generation that was taken for whole
        insort(self._trials, (trial.number, trial), key=lambda entry: entry[0])

    def parents(self) -> Sequence[FrozenTrial]:
        """The best, at most `POPULATION`, the first of them first."""
        best, count = self._chosen
        whole = len(self._trials) // POPULATION * POPULATION
        if whole > count:
            new = [trial for _, trial in self._trials[count:whole]]
            best = best_first([*best, *new], self._direction)[:POPULATION]
            self._chosen = best, whole
        return best
