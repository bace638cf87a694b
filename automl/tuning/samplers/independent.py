"""Random search: every hyperparameter drawn by itself, whatever has been tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler

from automl.tuning.samplers.study_view import RandomDraws

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


class IndependentSampler(BaseSampler):
    """Uniform draws, seeded by the run's seed, the trial and the hyperparameter.

    Args:
        seed: The run's seed for sampling.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = RandomDraws(seed)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing is proposed beforehand."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A uniform draw."""
        return self._random.draw(trial.number, param_name, param_distribution)
