"""The study's journal in its driver's memory, where no trial costs more than the first.

Optuna's `JournalStorage` copies a trial for every line that changes it, looks through all trials
for every hyperparameter and to find those in one state, and keeps a distribution object for every
value. For 10,000 trials of 25 hyperparameters and 20 epochs that is 9 s and 530 MB to open the
study, and up to 16 ms a trial. Here trials are changed in place, and what is alike is held once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    check_distribution_compatibility,
    json_to_distribution,
)
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from automl.results.journal_lines import collector_paused
from automl.tuning.optuna_private import JournalStorageReplayResult, storage_of, study_id

_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


class RunStorage(JournalStorage):
    """A journal with one driver; the file is Optuna's, line for line.

    Trials are handed out as they are kept, and change as they go on: what must not change under
    its reader is to be copied by him.

    Args:
        backend: The journal's file.
    """

    def __init__(self, backend: BaseJournalBackend) -> None:
        self._held: list[dict[str, Any]] | None = None
        super().__init__(_NoLines())
        self._backend = backend
        self._replay_result: _IndexedReplay = _IndexedReplay(self._worker_id_prefix)
        with self._thread_lock, collector_paused():
            self._sync_with_backend()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written meanwhile reaches the file at once, all of it or nothing."""
        if self._held is not None:
            yield
            return
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            if held:
                self._backend.append_logs(held)

    def get_trial(self, trial_id: int) -> FrozenTrial:
        """A trial as it stands: Optuna's `Trial` writes into what it is given."""
        trial = copy(super().get_trial(trial_id))
        if not trial.state.is_finished():
            trial.params, trial.distributions = dict(trial.params), dict(trial.distributions)
            trial.user_attrs = dict(trial.user_attrs)
            trial.intermediate_values = dict(trial.intermediate_values)
        return trial

    def finished(self, study_id: int) -> list[FrozenTrial]:
        """The trials that are over, in the order in which they ended; not to be changed."""
        return self._replay_result.finished[study_id]

    def _write_log(self, op_code: int, extra_fields: dict[str, Any]) -> None:
        if self._held is None:
            super()._write_log(op_code, extra_fields)
            return
        log = {"op_code": op_code, "worker_id": self._replay_result.worker_id, **extra_fields}
        self._held.append(log)
        # As it will be read from the file: tuples as lists, keys as texts.
        self._replay_result.apply_logs([json.loads(json.dumps(log))])

    def _sync_with_backend(self) -> None:
        if self._held is None:
            super()._sync_with_backend()


class _NoLines(BaseJournalBackend):
    """Nothing to read yet: Optuna's storage reads its journal as soon as it is made."""

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        return []

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        raise NotImplementedError


class _IndexedReplay(JournalStorageReplayResult):
    """The studies and trials that the lines say."""

    def __init__(self, worker_id_prefix: str) -> None:
        super().__init__(worker_id_prefix)
        self.finished: dict[int, list[FrozenTrial]] = {}
        self._all: dict[int, list[FrozenTrial]] = {}
        self._unfinished: dict[int, dict[int, FrozenTrial]] = {}
        # By study and hyperparameter, of the first trial that has it; and by their text.
        self._distributions: dict[int, dict[str, BaseDistribution]] = {}
        self._by_text: dict[str, BaseDistribution] = {}

    def get_all_trials(
        self, study_id: int, states: Container[TrialState] | None
    ) -> list[FrozenTrial]:
        self.get_study(study_id)  # raises KeyError where there is none
        if states is None:
            return list(self._all[study_id])
        some = any(state in states for state in _FINISHED)
        trials = self._all[study_id] if some else list(self._unfinished[study_id].values())
        return [trial for trial in trials if trial.state in states]

    def _apply_create_study(self, log: dict[str, Any]) -> None:
        made = self._next_study_id
        super()._apply_create_study(log)
        if self._next_study_id > made:
            self.finished[made], self._all[made] = [], []
            self._unfinished[made], self._distributions[made] = {}, {}

    def _apply_create_trial(self, log: dict[str, Any]) -> None:
        trial_id = len(self._trials)
        super()._apply_create_trial(log)
        trial = self._trials.get(trial_id)
        if trial is None:
            return
        study_id = log["study_id"]
        self._all[study_id].append(trial)
        for name, distribution in trial.distributions.items():
            self._distributions[study_id].setdefault(name, distribution)
        if trial.state.is_finished():
            self.finished[study_id].append(trial)
        else:
            self._unfinished[study_id][trial_id] = trial

    def _apply_set_trial_param(self, log: dict[str, Any]) -> None:
        trial_id, name, text = log["trial_id"], sys.intern(log["param_name"]), log["distribution"]
        if not self._trial_exists_and_updatable(trial_id, log):
            return
        distribution = self._by_text.get(text)
        if distribution is None:
            distribution = self._by_text[text] = json_to_distribution(text)
        known = self._distributions[self._trial_id_to_study_id[trial_id]]
        first = known.setdefault(name, distribution)
        if first is not distribution:
            try:
                check_distribution_compatibility(first, distribution)
            except ValueError:
                if self._is_issued_by_this_worker(log):
                    raise
                return
        trial = self._trials[trial_id]
        trial.params[name] = distribution.to_external_repr(log["param_value_internal"])
        trial.distributions[name] = distribution

    def _apply_set_trial_state_values(self, log: dict[str, Any]) -> None:
        trial_id = log["trial_id"]
        before = self._trials.get(trial_id)
        super()._apply_set_trial_state_values(log)
        after = self._trials.get(trial_id)
        if before is None or after is None or after is before:
            return
        # Optuna's has made a changed copy; lists and readers hold the trial itself.
        before.__dict__.update(after.__dict__)
        self._trials[trial_id] = before
        if before.state.is_finished():
            study_id = self._trial_id_to_study_id[trial_id]
            del self._unfinished[study_id][trial_id]
            self.finished[study_id].append(before)

    def _apply_set_trial_intermediate_value(self, log: dict[str, Any]) -> None:
        if self._trial_exists_and_updatable(log["trial_id"], log):
            trial = self._trials[log["trial_id"]]
            trial.intermediate_values[log["step"]] = log["intermediate_value"]

    def _apply_set_trial_user_attr(self, log: dict[str, Any]) -> None:
        if self._trial_exists_and_updatable(log["trial_id"], log):
            self._trials[log["trial_id"]].user_attrs.update(_interned(log["user_attr"]))

    def _apply_set_trial_system_attr(self, log: dict[str, Any]) -> None:
        if self._trial_exists_and_updatable(log["trial_id"], log):
            self._trials[log["trial_id"]].system_attrs.update(log["system_attr"])


def finished_since(study: Study, position: int) -> list[FrozenTrial] | None:
    """The trials of a study that ended after those already seen, as they come.

    Args:
        study: A study, or a stand-in with its storage.
        position: How many have been seen.

    Returns:
        The later ones, in the order in which they ended; None where the study's storage does not
        know that order, so that all its trials have to be looked through.
    """
    storage = storage_of(study)
    if not isinstance(storage, RunStorage):
        return None
    return storage.finished(study_id(study))[position:]


def _interned(value: Any) -> Any:
    """A JSON value with every text held once for all trials: they are mostly the same."""
    if isinstance(value, str):
        return sys.intern(value) if len(value) < 64 else value
    if isinstance(value, dict):
        return {sys.intern(key): _interned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_interned(inner) for inner in value]
    return value
