"""CMA-ES rebuilt from the record: every finished trial is told again, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from cmaes import CMA
from optuna.distributions import FloatDistribution, IntDistribution

from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.record import by_standing, derive_seed, finished_trials
from automl.tuning.samplers.replayable import ReplayableSampler, make_tpe
from automl.tuning.samplers.unit_cube import from_unit, to_unit

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.space import SearchSpace

Point = npt.NDArray[np.float64]

# Optuna's start: the middle of every range, with a sixth of it as the standard deviation.
_SIGMA = 1 / 6
# A draw outside the box is drawn again this often, then clipped; in 40 dimensions at the start
# one in ten is outside, and each draw costs a matrix product.
_RESAMPLING = 10


class CmaEsSampler(ProposingSampler):
    """CMA-ES on the numbers of the space, TPE on its choices.

    Optuna's own pickles its optimizer into the study and unpickles it from the file; here
    nothing but the trials is recorded. The optimizer works in the unit cube of all numerical
    hyperparameters, conditional ones included: where one is inactive, the trial stands for the
    value it was offered. Only the order of trials counts, so pruned ones take part, behind the
    completed.
    """

    def __init__(self, seed: int, space: SearchSpace, direction: str) -> None:
        super().__init__(seed, space)
        self._direction = direction
        self._numbers: dict[str, FloatDistribution | IntDistribution] = {
            key: distribution
            for key, distribution in self._distributions.items()
            if isinstance(distribution, FloatDistribution | IntDistribution)
        }
        # A memo of the last replay and the trials in it, which never change: replaying 1,000 trials
        # in 58 dimensions takes about a second.
        self._replayed: tuple[list[tuple[str, int]], CMA] | None = None
        self._choices = ReplayableSampler(seed, make_tpe)

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A point of the current generation."""
        if not self._numbers:
            return {}
        optimizer = self._replay(study.study_name, finished_trials(study))
        point = self._ask(optimizer, trial.number)
        return {
            key: from_unit(distribution, float(share))
            for (key, distribution), share in zip(self._numbers.items(), point, strict=True)
        }

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value of a choice, from TPE."""
        return self._choices.sample_independent(study, trial, param_name, param_distribution)

    def _replay(self, study_name: str, finished: Sequence[FrozenTrial]) -> CMA:
        """The optimizer after every whole generation of the finished trials."""
        told, optimizer = self._replayed or ([], self._start())
        keys = [(study_name, trial.number) for trial in finished]
        if keys[: len(told)] != told:
            told, optimizer = [], self._start()
        size = optimizer.population_size
        for generation in _whole(finished[len(told) :], size):
            points = {t.number: self._point(optimizer, t) for t in generation}
            best_first = by_standing(generation, self._direction)
            optimizer.tell([(points[t.number], float(r)) for r, t in enumerate(best_first)])
            if optimizer.should_stop():
                # Converged or degenerate: further draws would repeat themselves.
                optimizer = self._start()
        self._replayed = (keys[: len(keys) // size * size], optimizer)
        return optimizer

    def _start(self) -> CMA:
        dimensions = len(self._numbers)
        return CMA(
            mean=np.full(dimensions, 0.5),
            sigma=_SIGMA,
            bounds=np.tile([0.0, 1.0], (dimensions, 1)),
            n_max_resampling=_RESAMPLING,
            seed=0,
        )

    def _ask(self, optimizer: CMA, number: int) -> Point:
        optimizer.reseed_rng(derive_seed(self._seed, number, "cmaes"))
        point: Point = optimizer.ask()
        return point

    def _point(self, optimizer: CMA, trial: FrozenTrial) -> Point:
        """Where a trial lies: its recorded values, and the offered ones of inactive numbers."""
        point = self._ask(optimizer, trial.number)
        for index, (key, distribution) in enumerate(self._numbers.items()):
            if key in trial.params:
                point[index] = to_unit(distribution, trial.params[key])
        return point


def _whole(trials: Sequence[FrozenTrial], size: int) -> Iterator[Sequence[FrozenTrial]]:
    """The trials in groups of `size`; a last group that is not full is left out."""
    for start in range(0, len(trials) - size + 1, size):
        yield trials[start : start + size]
