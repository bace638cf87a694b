"""The base of samplers that propose a whole trial at once, and draw what is left at random."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from automl.tuning.samplers.independent import IndependentSampler

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from automl.space import SearchSpace


class ProposingSampler(IndependentSampler):
    """Proposes values for any part of the space's hyperparameters, active or not.

    Values of inactive hyperparameters are never asked for, and what is not proposed, or is out
    of range, is drawn by itself.

    Args:
        seed: The run's seed for sampling.
        space: The search space that trials are drawn from.
    """

    def __init__(self, seed: int, space: SearchSpace) -> None:
        super().__init__(seed)
        self._space = space
        self._distributions: dict[str, BaseDistribution] = {
            key: distribution
            for key, distribution in space.distributions().items()
            if not distribution.single()
        }

    @abstractmethod
    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """Values by Optuna key, as a function of the record and the trial's number."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every hyperparameter of the space that has more than one value."""
        return dict(self._distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The proposal (see `propose`)."""
        proposal = self.propose(study, trial)
        return {key: value for key, value in proposal.items() if key in search_space}
