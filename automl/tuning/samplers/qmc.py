"""Quasi-random search: a scrambled Sobol sequence over every hyperparameter of the space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.study_view import draw_seed
from automl.tuning.samplers.unit_cube import from_unit

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

    from automl.space import SearchSpace


class SobolSampler(ProposingSampler):
    """Trial n takes the n-th point of the sequence.

    Optuna's own counts its points in the study, so that an interrupted trial would be given the
    next point, and knows only the hyperparameters of the first trial. Here the index is the
    trial's number, and conditional hyperparameters have coordinates too, unused where inactive.
    """

    def __init__(self, seed: int, space: SearchSpace) -> None:
        super().__init__(seed, space)
        # The sequence and the number of its next point: going there from the start takes a time
        # that grows with the number.
        self._sequence: tuple[Any, int] | None = None

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """The point of the trial's number, a coordinate for every hyperparameter."""
        if not self._distributions:
            return {}
        return {
            key: from_unit(distribution, float(share))
            for (key, distribution), share in zip(
                self._distributions.items(), self._point(trial.number), strict=True
            )
        }

    def _point(self, number: int) -> Any:
        """The point of a number, shape (hyperparameters,)."""
        from scipy.stats.qmc import Sobol

        engine, reached = self._sequence or (None, 0)
        if engine is None or reached > number:
            # Scrambling keeps the sequence even and moves point 0 off the corner of all low ends.
            engine, reached = (
                Sobol(
                    len(self._distributions), scramble=True, rng=draw_seed(self._seed, 0, "sobol")
                ),
                0,
            )
        if number > reached:
            engine.fast_forward(number - reached)
        point = engine.random(1)[0]
        self._sequence = engine, number + 1
        return point
