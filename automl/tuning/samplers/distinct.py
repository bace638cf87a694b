"""Samplers that never propose a configuration twice: grid, and random on a finite space."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from optuna.trial import FixedTrial, FrozenTrial, TrialState

from automl.errors import RequestError
from automl.tuning.optuna_private import fixed_values, storage_of, study_id
from automl.tuning.samplers.proposals import ProposingSampler
from automl.tuning.samplers.study_view import draw_seed

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
        self._tried = _Tried(space)

    def propose(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        """A configuration that has not been tried and agrees with values fixed beforehand.

        Raises:
            RequestError: All have been tried.
        """
        self._tried.look(study)
        count = self._tried.count(before=trial.number)
        if count >= self._count:
            raise RequestError(
                f"All {count:,} configurations of '{self._space.name}' have been tried: "
                "widen the space, or ask for no more trials."
            )
        config = self._choose(trial, {**fixed_values(trial), **trial.params})
        return {} if config is None else self._space.optuna_params(config)

    def proposals_left(self, study: Study) -> int:
        """How many configurations no trial of the study has."""
        self._tried.look(study)
        return max(0, self._count - self._tried.count(before=None))

    @abstractmethod
    def _choose(self, trial: FrozenTrial, fixed: Mapping[str, Any]) -> Configuration | None:
        """An untried configuration, or None where none agrees with the fixed values."""

    def _fits(self, config: Configuration, fixed: Mapping[str, Any]) -> bool:
        if not fixed:
            return True
        params = self._space.optuna_params(config)
        return all(params.get(key, value) == value for key, value in fixed.items())

    @cached_property
    def _grid(self) -> list[Configuration]:
        return list(self._space.grid())

    def _generator(self, number: int, label: str) -> np.random.Generator:
        import numpy as np

        return np.random.default_rng(draw_seed(self._seed, number, label))


class GridSampler(DistinctSampler):
    """Every configuration once, in an order shuffled by the seed."""

    def __init__(self, seed: int, space: SearchSpace) -> None:
        super().__init__(seed, space)
        # How many at the start of the order were tried before the trial of a number.
        self._passed = (0, 0)

    @cached_property
    def _shuffled(self) -> list[Configuration]:
        order = self._generator(0, "grid").permutation(len(self._grid))
        return [self._grid[index] for index in order]

    def _choose(self, trial: FrozenTrial, fixed: Mapping[str, Any]) -> Configuration | None:
        count, number = self._passed if self._passed[1] <= trial.number else (0, 0)
        while count < len(self._shuffled) and self._tried.has(self._shuffled[count], trial.number):
            count += 1
        if trial.number >= number:
            self._passed = count, trial.number
        rest = islice(self._shuffled, count, None)
        untried = (c for c in rest if not self._tried.has(c, trial.number))
        return next((c for c in untried if self._fits(c, fixed)), None)


class DistinctRandomSampler(DistinctSampler):
    """Draws from the space without replacement.

    A draw that was tried before is drawn again, so that every hyperparameter keeps its own
    uniform distribution; a choice among all configurations would prefer the branches of a
    conditional space that have many.
    """

    def _choose(self, trial: FrozenTrial, fixed: Mapping[str, Any]) -> Configuration | None:
        rng = self._generator(trial.number, "relative")
        for _ in range(_DRAWS):
            config = self._space.sample(rng)
            if not self._tried.has(config, trial.number) and self._fits(config, fixed):
                return config
        untried = [
            config
            for config in self._grid
            if not self._tried.has(config, trial.number) and self._fits(config, fixed)
        ]
        return untried[int(rng.integers(len(untried)))] if untried else None


class _Tried:
    """The configurations of a study's trials, and the first trial that had each.

    A trial that is whole never changes, so each is looked at once; one that was interrupted
    before it had all its values is looked at again.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._source: tuple[object, int] | None = None
        self._first: dict[Configuration, int] = {}
        self._numbers: set[int] = set()
        self._unfinished: list[int] = []
        self._looked_at = 0

    def look(self, study: Study) -> None:
        """Takes up the trials that are new in a study."""
        source = (storage_of(study), study_id(study))
        if source != self._source:
            self._source, self._first, self._numbers = source, {}, set()
            self._unfinished, self._looked_at = [], 0
        trials = study.get_trials(deepcopy=False)
        new = [*self._unfinished, *range(self._looked_at, len(trials))]
        self._looked_at, self._unfinished = len(trials), []
        for number in new:
            config = self._configuration(trials[number])
            if config is None:
                self._unfinished.append(number)
            elif number < self._first.get(config, len(trials)):
                self._numbers.discard(self._first.get(config, -1))
                self._first[config] = number
                self._numbers.add(number)

    def has(self, config: Configuration, before: int) -> bool:
        """Whether a trial with a smaller number has a configuration."""
        return self._first.get(config, before) < before

    def count(self, before: int | None) -> int:
        """How many configurations the trials have, or those with smaller numbers."""
        if before is None:
            return len(self._numbers)
        if before >= self._looked_at - 1:  # the trial that asks is the last one
            return len(self._numbers) - (before in self._numbers)
        return sum(number < before for number in self._numbers)

    def _configuration(self, trial: FrozenTrial) -> Configuration | None:
        """A trial's configuration, or None where it was interrupted before it had one."""
        params = fixed_values(trial) if trial.state == TrialState.WAITING else trial.params
        try:
            with warnings.catch_warnings():
                # A numeric choice may be fixed to a number that is none of its options.
                warnings.simplefilter("ignore", UserWarning)
                return self._space.suggest(FixedTrial(params, trial.number))
        except ValueError:
            return None
