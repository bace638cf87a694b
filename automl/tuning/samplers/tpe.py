"""Tree-structured Parzen estimators, fast enough for thousands of trials and bounded beyond."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.trial import TrialState

from automl.tuning.optuna_private import contains, storage_of, trial_id
from automl.tuning.samplers.independent import IndependentSampler
from automl.tuning.samplers.observations import Observations, Rows
from automl.tuning.samplers.parzen import ParzenEstimator, Values
from automl.tuning.samplers.study_view import draw_seed
from automl.tuning.study_digest import StudyDigest

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

# Optuna's: trials drawn at random before anything is learnt, candidates compared, the share of
# good trials and the most of them, and how many of the latest have the full weight.
STARTUP_TRIALS = 10
_CANDIDATES = 24
_GOOD_SHARE = 0.1
MOST_GOOD = 25
_FULL_WEIGHT = 25
# Trials that the estimator of the bad ones is made of: up to here it is Optuna's, beyond it a
# proposal costs no more. Fewer are cheaper (after 10,000 trials of the mlp space a trial costs the
# driver 36 ms with all, 21 ms with 1,000) but may be worse: of 12 runs of 3,000 trials on four
# surrogates of `benchmarks.samplers`, with 1,000 eight ended with a greater regret than with all,
# three with a lower one; by 0.07 in the mean, with a standard error of 0.04. What 10,000 lose in a
# run that is longer yet was not measured.
MOST_BAD = 10_000


class TpeSampler(IndependentSampler):
    """Multivariate TPE in groups, the kind of Optuna's that follows conditional spaces.

    Bergstra et al. 2011, Watanabe 2023. The good trials (a tenth, 25 at most) and the bad ones
    each give a density; of 24 draws from the good ones' density, the one with the greatest ratio
    of the two is taken. This is Optuna's arithmetic, with three differences.

    Beyond `MOST_BAD` bad trials, so many stand for all (see `thinned`).

    Hyperparameters that occur together are drawn together when the first of them is asked for,
    with a seed of the group's own: a group that is inactive costs nothing, and a trial that was
    interrupted between two of them gets the values that it would have had.

    Nothing is written into the study, and nothing remembered but a digest of finished trials.

    Args:
        seed: The run's seed for sampling.
        direction: ``"minimize"`` or ``"maximize"``.
        count_running: Count running trials as bad ones, so that workers that run at the same
            time do not try the same place.
        only: The hyperparameters to learn; None for all. Others are drawn at random.
        most_bad: Bad trials that are learnt from.
    """

    def __init__(
        self,
        seed: int,
        direction: str,
        *,
        count_running: bool = False,
        only: Collection[str] | None = None,
        most_bad: int = MOST_BAD,
    ) -> None:
        super().__init__(seed)
        self._count_running = count_running
        self._only = only
        self._most_bad = most_bad
        self._memory: StudyDigest[Observations] = StudyDigest(
            lambda: Observations(direction, MOST_GOOD, only), Observations.add
        )
        self._drawn: dict[str, Any] = {}
        self._drawn_for: tuple[object, int] | None = None
        self._generator = np.random.RandomState(0)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing is proposed beforehand; called once when a trial is asked for."""
        self._drawn, self._drawn_for = {}, (storage_of(study), trial_id(trial))
        self._memory.of(study)
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """The value of a hyperparameter, drawn with those that occur together with it."""
        if self._drawn_for != (storage_of(study), trial_id(trial)):
            self.infer_relative_search_space(study, trial)
        if param_name not in self._drawn:
            seen = self._memory.of(study)
            unknown = self._only is not None and param_name not in self._only
            if unknown or len(seen) < STARTUP_TRIALS:
                return super().sample_independent(study, trial, param_name, param_distribution)
            self._drawn |= self._draw(study, trial, seen, param_name, param_distribution)
        value = self._drawn[param_name]
        if not contains(param_distribution, value):
            return super().sample_independent(study, trial, param_name, param_distribution)
        return param_distribution.to_external_repr(value)

    def _draw(
        self,
        study: Study,
        trial: FrozenTrial,
        seen: Observations,
        name: str,
        distribution: BaseDistribution,
    ) -> dict[str, Any]:
        """Values, as Optuna represents them inside, of the group of a hyperparameter."""
        group = seen.groups.of(name)
        space = {key: seen.distributions.get(key, distribution) for key in group}
        space[name] = distribution
        good_rows = seen.best(good_count(len(seen)))
        having = seen.having(name)
        bad_rows = np.setdiff1d(having, good_rows, assume_unique=True)
        good_rows = np.intersect1d(good_rows, having, assume_unique=True)
        self._generator.seed(draw_seed(self._seed, trial.number, group[0]))
        bad_rows, weights = thinned(bad_rows, self._most_bad, self._generator)
        bad, good = seen.values(bad_rows, group), seen.values(good_rows, group)
        if self._count_running:
            bad, weights = self._with_running(study, trial, space, bad, weights)
        below = ParzenEstimator(space, good, recency_weights(len(good_rows)))
        above = ParzenEstimator(space, bad, weights)
        candidates = below.sample(self._generator, _CANDIDATES)
        best = int(np.argmax(below.log_density(candidates) - above.log_density(candidates)))
        return {key: values[best].item() for key, values in candidates.items()}

    def _with_running(
        self,
        study: Study,
        trial: FrozenTrial,
        space: Mapping[str, BaseDistribution],
        bad: Mapping[str, Values],
        weights: Values,
    ) -> tuple[dict[str, Values], Values]:
        """Adds the other running trials to the bad ones, with the weight of the latest."""
        running = [
            other.params
            for other in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
            if other.number != trial.number and space.keys() <= other.params.keys()
        ]
        more = {
            key: [distribution.to_internal_repr(params[key]) for params in running]
            for key, distribution in space.items()
        }
        joined = {key: np.concatenate([values, more[key]]) for key, values in bad.items()}
        return joined, np.concatenate([weights, np.ones(len(running))])


def good_count(trials: int) -> int:
    """How many of some trials count as good."""
    return min(math.ceil(_GOOD_SHARE * trials), MOST_GOOD)


def recency_weights(count: int) -> Values:
    """The weights of trials in order of their numbers: rising, the latest alike."""
    rising = np.linspace(1 / max(count, 1), 1.0, max(0, count - _FULL_WEIGHT))
    return np.concatenate([rising, np.ones(min(count, _FULL_WEIGHT))])


def thinned(rows: Rows, count: int, generator: np.random.RandomState) -> tuple[Rows, Values]:
    """Draws some of the rows, by their weights and without repeats, that stand for all.

    Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir". What is drawn weighs
    the same, and together what all weigh, so that the density is in the mean that of all.

    Args:
        rows: Rows in order of their trials' numbers.
        count: The most to draw; where there are no more, all are taken with their own weights.
        generator: Where chance comes from.

    Returns:
        Rows in the same order, and their weights.
    """
    weights = recency_weights(len(rows))
    if len(rows) <= count:
        return rows, weights
    keys = np.log(generator.uniform(size=len(rows))) / weights
    drawn = np.sort(np.argpartition(keys, -count)[-count:])
    return rows[drawn], np.full(count, weights.sum() / count)
