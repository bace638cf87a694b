"""Optuna's own samplers made pure: a fresh one, with a seed of its own, for every draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from optuna.samplers import BaseSampler, GPSampler

from automl.tuning.samplers.study_view import StudyView, draw_seed

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

# Trials drawn at random before a model is fitted: Optuna's default.
STARTUP_TRIALS = 10


class ReplayableSampler(BaseSampler):
    """Gives every draw a new Optuna sampler, seeded by the run's seed, the trial and the draw.

    What Optuna's samplers hold in memory (a generator, a fitted kernel, caches of the search
    space) would be lost with the process, and a resumed search would propose something else.

    Args:
        seed: The run's seed for sampling.
        make: Makes the Optuna sampler from a seed in [0, 2**32).
    """

    def __init__(self, seed: int, make: Callable[[int], BaseSampler]) -> None:
        self._seed = seed
        self._make = make

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The hyperparameters that are proposed together (see Optuna)."""
        view = _view(study, trial)
        return self._inner(trial, "relative").infer_relative_search_space(view, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Values of the hyperparameters that are proposed together (see Optuna)."""
        view, inner = _view(study, trial), self._inner(trial, "relative")
        return inner.sample_relative(view, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value of one hyperparameter by itself (see Optuna)."""
        inner = self._inner(trial, param_name)
        return inner.sample_independent(_view(study, trial), trial, param_name, param_distribution)

    def _inner(self, trial: FrozenTrial, label: str) -> BaseSampler:
        return self._make(draw_seed(self._seed, trial.number, label))


def make_gp(seed: int) -> BaseSampler:
    """A Gaussian process; hyperparameters that are not in every trial are drawn at random."""
    return GPSampler(seed=seed, n_startup_trials=STARTUP_TRIALS, warn_independent_sampling=False)


def _view(study: Study, trial: FrozenTrial) -> Study:
    """The study without the trial itself; a stand-in with the part of a study that they use."""
    return cast("Study", StudyView(study, trial.number))
