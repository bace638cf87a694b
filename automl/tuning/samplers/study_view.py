"""What a sampler may know: the finished trials of a study, and a seed for every draw."""

from __future__ import annotations

import math
from collections.abc import Container, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zlib import crc32

from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from automl.results.voids import voided_trials
from automl.tuning.finished_executions import finished_folds
from automl.tuning.optuna_private import study_id
from automl.vocabulary.directions import as_loss

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.study import StudyDirection


def draw_seed(seed: int, number: int, label: str) -> int:
    """A seed of its own for one draw of one trial.

    Args:
        seed: The run's seed.
        number: The trial's number.
        label: What is drawn: a hyperparameter's key, or a word of the sampler's.

    Returns:
        An integer in [0, 2**32), the range that NumPy's older generator takes.
    """
    import numpy as np

    entropy = [seed, number, crc32(label.encode())]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint32)[0])


class RandomDraws:
    """Uniform draws, each with a seed of its own: the values of Optuna's `RandomSampler`.

    Args:
        seed: The run's seed for sampling.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        # Making a generator takes 0.2 ms, giving it a new seed a hundredth of that.
        self._sampler = RandomSampler(0)

    def draw(self, number: int, key: str, distribution: BaseDistribution) -> Any:
        """A value of a trial's hyperparameter.

        Args:
            number: The trial's.
            key: The hyperparameter's.
            distribution: What to draw from.
        """
        self._sampler._rng.rng.seed(draw_seed(self._seed, number, key))
        # Neither study nor trial is looked at.
        nothing: Any = None
        return self._sampler.sample_independent(nothing, nothing, key, distribution)


class StudyView:
    """A study as the samplers of Optuna may see it: without the asking trial, and read-only.

    Nor do they see trials that a person has voided.

    A trial that was interrupted while it was asked is already in the record, with some of its
    hyperparameters or with notes that a sampler left; unseen, they cannot change its proposal.
    Optuna's samplers also share proposals through notes in the storage; here one driver asks for
    one trial at a time and records it whole, so that nothing has to be shared.
    """

    def __init__(self, study: Study, number: int) -> None:
        self._study = study
        self._number = number
        self._storage = _NotesDropped()
        self._study_id = study_id(study)
        self.study_name = study.study_name

    @cached_property
    def _trials(self) -> list[FrozenTrial]:
        # Only where they are looked at: a random draw, made for each hyperparameter, does not.
        unseen = {self._number, *voided_trials(self._study.user_attrs)}
        return [t for t in self._study.get_trials(deepcopy=False) if t.number not in unseen]

    @property
    def direction(self) -> StudyDirection:
        """As the study's."""
        return self._study.direction

    @property
    def directions(self) -> list[StudyDirection]:
        """As the study's."""
        return self._study.directions

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """The other trials of these states; never copied, so not to be changed."""
        return self._get_trials(deepcopy, states)

    def _get_trials(
        self,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
        use_cache: bool = False,
    ) -> list[FrozenTrial]:
        return [t for t in self._trials if states is None or t.state in states]

    def _is_multi_objective(self) -> bool:
        return len(self._study.directions) > 1


class _NotesDropped:
    """A storage that takes a sampler's notes and forgets them."""

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None: ...


#: More than any trial has.
_EPOCHS = 10**12


def rank_key(trial: FrozenTrial, direction: str) -> tuple[int, int, float]:
    """A sort key of a finished trial, the best first.

    Completed trials stand before pruned ones; of these, the longer survivor before the other
    (the order that Optuna's TPE uses): one that has finished folds before one that has not
    finished its first. No value and NaN are worst, but for what breaks a constraint: of these the
    one that breaks it least stands first, likewise as in Optuna's.
    """
    if broken := sum(value for value in trial.constraints.values() if value > 0):
        return 3, 0, broken
    if trial.state == TrialState.COMPLETE:
        return 0, 0, as_loss(trial.value, direction)
    if folds := finished_folds(trial.user_attrs):
        return 1, -(_EPOCHS + folds), as_loss(trial.value, direction)  # the mean over them
    step = trial.last_step
    if step is None:
        return 2, 0, math.inf
    return 1, -step, as_loss(trial.intermediate_values[step], direction)


def best_first(trials: Sequence[FrozenTrial], direction: str) -> list[FrozenTrial]:
    """Finished trials, the best first; equals in order of their numbers."""
    return sorted(trials, key=lambda t: (rank_key(t, direction), t.number))
