"""What samplers and pruners remember of a study: told of every finished trial, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from optuna.trial import TrialState

from automl.results.voids import voided_trials
from automl.tuning.optuna_private import storage_of, study_id
from automl.tuning.storage import finished_since

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

State = TypeVar("State")

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


class StudyDigest(Generic[State]):
    """A digest of a study's completed and pruned trials, brought up to date where it is asked for.

    Trials that a person has voided are left out, as they stand when it is begun: nothing is to be
    learnt from them.

    Finished trials never change, so a digest need not be made anew for every proposal: what a
    trial costs would grow with the number of trials. It holds nothing but what the record says:
    whoever digests a whole record at once has the same as who followed it trial by trial, in
    whatever order the trials ended.

    Args:
        make: Makes the digest of a study without finished trials.
        add: Adds a finished trial to a digest; the order of the calls must not matter.
    """

    def __init__(
        self, make: Callable[[], State], add: Callable[[State, FrozenTrial], None]
    ) -> None:
        self._make = make
        self._add = add
        self._state: State | None = None
        self._source: tuple[object, int] | None = None
        self._position = 0
        self._seen: set[int] = set()

    def of(self, study: Study) -> State:
        """The digest of a study as it stands."""
        source = (storage_of(study), study_id(study))
        if self._state is None or source != self._source:
            self._state, self._source = self._make(), source
            self._position, self._seen = 0, set(voided_trials(study.user_attrs))
        for trial in self._new(study):
            self._add(self._state, trial)
        return self._state

    def _new(self, study: Study) -> list[FrozenTrial]:
        ended = finished_since(study, self._position)
        if ended is not None:
            self._position += len(ended)
            return [t for t in ended if t.state in FINISHED and t.number not in self._seen]
        trials = study.get_trials(deepcopy=False, states=FINISHED)
        new = [trial for trial in trials if trial.number not in self._seen]
        self._seen.update(trial.number for trial in new)
        return new
