"""Samplers that never propose a configuration twice: grid, and random on a finite space."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping, Set
from functools import cached_property
from typing import TYPE_CHECKING, Any

from optuna.trial import FixedTrial, FrozenTrial, TrialState

from automl.errors import RequestError
from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.record import derive_seed

if TYPE_CHECKING:
    import numpy as np
    from optuna import Study

    from automl.space import Configuration, SearchSpace

# Draws that may hit a configuration already tried before the untried ones are listed: while one
# in ten is untried, the odds of a hundred misses are 0.9**100, below 1 in 30,000.
_DRAWS = 100


class DistinctSampler(ProposingSampler):
    """Proposes configurations that no trial with a smaller number has.

    Trials are asked for in the order of their numbers, and each is recorded whole before the
    next is asked for, so what is known of the smaller numbers is the same whenever it is asked
    and however many workers there are. States do not matter: a failed configuration is not tried
    again either.
    """

    def __init__(self, seed: int, space: SearchSpace) -> None:
        super().__init__(seed, space)
        self._count = int(space.count())
        # A memo of a pure function of recorded trials, which never change once they are whole.
        self._known: dict[tuple[str, int], Configuration] = {}

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A configuration that has not been tried and agrees with values fixed beforehand.

        Raises:
            RequestError: All have been tried.
        """
        tried = self._tried(study, before=trial.number)
        if len(tried) >= self._count:
            raise RequestError(
                f"All {len(tried):,} configurations of '{self._space.name}' have been tried: "
                "widen the space, or ask for no more trials."
            )
        fixed = {**_fixed(trial), **trial.params}
        config = self._choose(trial, tried, fixed)
        return {} if config is None else self._space.optuna_params(config)

    def proposals_left(self, study: Study) -> int:
        """How many configurations no trial of the study has."""
        return max(0, self._count - len(self._tried(study, before=None)))

    @abstractmethod
    def _choose(
        self, trial: FrozenTrial, tried: Set[Configuration], fixed: Mapping[str, Any]
    ) -> Configuration | None:
        """An untried configuration, or None where none agrees with the fixed values."""

    def _fits(self, config: Configuration, fixed: Mapping[str, Any]) -> bool:
        if not fixed:
            return True
        params = self._space.optuna_params(config)
        return all(params.get(key, value) == value for key, value in fixed.items())

    def _tried(self, study: Study, before: int | None) -> set[Configuration]:
        trials = study.get_trials(deepcopy=False)
        return {
            config
            for trial in trials
            if before is None or trial.number < before
            if (config := self._configuration(study.study_name, trial)) is not None
        }

    def _configuration(self, study_name: str, trial: FrozenTrial) -> Configuration | None:
        """A trial's configuration, or None where it was interrupted before it had one."""
        key = (study_name, trial.number)
        if key not in self._known:
            params = _fixed(trial) if trial.state == TrialState.WAITING else trial.params
            try:
                with warnings.catch_warnings():
                    # A numeric choice may be fixed to a number that is none of its options.
                    warnings.simplefilter("ignore", UserWarning)
                    config = self._space.suggest(FixedTrial(params, trial.number))
            except ValueError:
                return None
            self._known[key] = config
        return self._known[key]

    @cached_property
    def _grid(self) -> list[Configuration]:
        return list(self._space.grid())

    def _generator(self, number: int, label: str) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng(derive_seed(self._seed, number, label))


class GridSampler(DistinctSampler):
    """Every configuration once, in an order shuffled by the seed."""

    @cached_property
    def _shuffled(self) -> list[Configuration]:
        order = self._generator(0, "grid").permutation(len(self._grid))
        return [self._grid[index] for index in order]

    def _choose(
        self, trial: FrozenTrial, tried: Set[Configuration], fixed: Mapping[str, Any]
    ) -> Configuration | None:
        return next((c for c in self._shuffled if c not in tried and self._fits(c, fixed)), None)


class DistinctRandomSampler(DistinctSampler):
    """Draws from the space without replacement.

    A draw that was tried before is drawn again, so that every hyperparameter keeps its own
    uniform distribution; a choice among all configurations would prefer the branches of a
    conditional space that have many.
    """

    def _choose(
        self, trial: FrozenTrial, tried: Set[Configuration], fixed: Mapping[str, Any]
    ) -> Configuration | None:
        rng = self._generator(trial.number, "relative")
        for _ in range(_DRAWS):
            config = self._space.sample(rng)
            if config not in tried and self._fits(config, fixed):
                return config
        untried = [c for c in self._grid if c not in tried and self._fits(c, fixed)]
        return untried[int(rng.integers(len(untried)))] if untried else None


def _fixed(trial: FrozenTrial) -> dict[str, Any]:
    """The values that a trial was given beforehand (Optuna's `enqueue_trial`)."""
    return dict(trial.system_attrs.get("fixed_params", {}))
