"""What a study's journal says, replayed without Optuna: fast enough for every leaderboard."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from automl.errors import RunError
from automl.results.journal_lines import collector_paused, parse_lines, read_blocks
from automl.results.seal import Seal
from automl.trial import TrialState

# Optuna's operations (`optuna.storages.journal._storage.JournalOperation`, Optuna 5). The
# parameters of a trial (5) are not needed here: its "config" attribute holds them by name.
_CREATE_STUDY = 0
_DELETE_STUDY = 1
_SET_STUDY_USER_ATTR = 2
_CREATE_TRIAL = 4
_SET_TRIAL_STATE_VALUES = 6
_SET_TRIAL_INTERMEDIATE_VALUE = 7
_SET_TRIAL_USER_ATTR = 8
_SKIPPED = tuple(b'{"op_code":%d,' % operation for operation in (3, 5, 9, 10))
# Most of what is left: an epoch's value, which is only read of a trial that has not ended.
_EPOCH = b'{"op_code":7,'
_TRIAL = b'"trial_id":'

# `optuna.trial.TrialState` by its number.
_STATES = (
    TrialState.RUNNING,
    TrialState.COMPLETED,
    TrialState.PRUNED,
    TrialState.FAILED,
    TrialState.WAITING,
)
# What lines that are no study's lead to.
_UNREADABLE = (
    RunError,
    KeyError,
    IndexError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
)
_FINISHED = (TrialState.COMPLETED, TrialState.PRUNED, TrialState.FAILED)


@dataclass
class StudyTrial:
    """One trial as the study knows it.

    Attributes:
        number: The trial's number in the study.
        state: Where it is in its life.
        value: The objective it ended with, or None.
        attributes: Its user attributes.
        first_values: The objective by epoch as it was when the trial was made.
        later: The journal, and its lines that set further ones.
    """

    number: int
    state: TrialState
    value: float | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    first_values: Mapping[int, float] = field(default_factory=dict)
    later: tuple[Path, list[bytes]] | None = None

    @cached_property
    def values_by_epoch(self) -> dict[int, float]:
        """The objective after each epoch.

        Raises:
            RunError: A line of the journal cannot be read.
        """
        values = dict(self.first_values)
        if self.later is not None:
            path, lines = self.later
            try:
                for log in parse_lines(lines, path):
                    values[log["step"]] = log["intermediate_value"]
            except (RunError, KeyError, TypeError) as error:
                raise RunError(
                    f"The study file {path} has an epoch of trial {self.number} that cannot be "
                    "read; restore the file from a copy."
                ) from error
        return values


@dataclass
class StudyContent:
    """One study.

    Attributes:
        name: The study's name.
        attributes: Its user attributes.
        trials: Its trials by number.
    """

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    trials: list[StudyTrial] = field(default_factory=list)


def replay_journal(path: Path) -> list[StudyContent]:
    """Replays a journal by the rules of Optuna's ``JournalStorage``.

    Args:
        path: The journal; one that is not there is empty. A last line that was cut is ignored.

    Returns:
        The studies that were created and not deleted, oldest first.

    Raises:
        RunError: A line in the middle is not JSON, or the file was changed after it was written.
    """
    replay, seal, first = _JournalReplay(path), Seal(), 1
    with collector_paused():
        for lines in read_blocks(path):
            seal = seal.checked(b"".join(lines), path)
            try:
                replay.take(lines)
            except _UNREADABLE as error:
                parse_lines(lines, path, first)  # the same error, with the line's number
                raise RunError(
                    f"The study file {path} is no journal of Optuna 5 ({error}), so the run cannot "
                    "be read; restore the file from a copy."
                ) from error
            first += len(lines)
    return replay.finished()


class _JournalReplay:
    """The state of a replay: Optuna counts studies, and trials over all studies, from 0."""

    def __init__(self, path: Path) -> None:
        self.studies: dict[int, StudyContent] = {}
        self._path = path
        self._studies_made = 0
        self._trials: list[StudyTrial] = []
        # Epochs by trial, and between which of all lines a trial takes them.
        self._lines = self._line = 0
        self._epochs: dict[int, list[tuple[int, bytes]]] = {}
        self._open: dict[int, tuple[int, float]] = {}

    def take(self, lines: list[bytes]) -> None:
        """Takes the next whole lines."""
        needed, places = [], []
        for place, line in enumerate(lines, start=self._lines):
            if line.startswith(_SKIPPED):
                continue
            trial_id = _epoch_of(line) if line.startswith(_EPOCH) else None
            if trial_id is None:
                needed.append(line)
                places.append(place)
            else:
                self._epochs.setdefault(trial_id, []).append((place, line))
        self._lines += len(lines)
        for log, place in zip(parse_lines(needed, self._path), places, strict=True):
            self._line = place
            self.apply(log)

    def finished(self) -> list[StudyContent]:
        """The studies, after the last line."""
        for trial_id, epochs in self._epochs.items():
            if trial_id < len(self._trials):
                first, last = self._open[trial_id]
                lines = [line for place, line in sorted(epochs) if first < place < last]
                self._trials[trial_id].later = self._path, lines
        return list(self.studies.values())

    def apply(self, log: Mapping[str, Any]) -> None:
        operation = log["op_code"]
        if operation == _CREATE_STUDY:
            self._create_study(log["study_name"])
        elif operation == _DELETE_STUDY:
            self.studies.pop(log["study_id"], None)
        elif operation == _SET_STUDY_USER_ATTR:
            if log["study_id"] in self.studies:
                self.studies[log["study_id"]].attributes.update(log["user_attr"])
        elif operation == _CREATE_TRIAL:
            self._create_trial(log)
        elif operation in (
            _SET_TRIAL_STATE_VALUES,
            _SET_TRIAL_INTERMEDIATE_VALUE,
            _SET_TRIAL_USER_ATTR,
        ):
            self._change_trial(operation, log)

    def _create_study(self, name: str) -> None:
        # Of two writers that create one study at once, Optuna lets the first win.
        if name in (study.name for study in self.studies.values()):
            return
        self.studies[self._studies_made] = StudyContent(name)
        self._studies_made += 1

    def _create_trial(self, log: Mapping[str, Any]) -> None:
        study = self.studies.get(log["study_id"])
        if study is None:
            return
        trial = StudyTrial(
            number=len(study.trials),
            state=_STATES[log.get("state", 0)],
            value=log.get("value"),
            attributes=dict(log.get("user_attrs", {})),
            first_values={
                int(epoch): value for epoch, value in log.get("intermediate_values", {}).items()
            },
        )
        end = self._line if trial.state in _FINISHED else math.inf
        self._open[len(self._trials)] = self._line, end
        study.trials.append(trial)
        self._trials.append(trial)

    def _change_trial(self, operation: int, log: Mapping[str, Any]) -> None:
        number = log["trial_id"]
        if not 0 <= number < len(self._trials) or self._trials[number].state in _FINISHED:
            return
        trial = self._trials[number]
        if operation == _SET_TRIAL_INTERMEDIATE_VALUE:
            line = json.dumps(log).encode()  # not as Optuna spells it; read as if it were
            self._epochs.setdefault(number, []).append((self._line, line))
        elif operation == _SET_TRIAL_USER_ATTR:
            trial.attributes.update(log["user_attr"])
        else:
            trial.state = _STATES[log["state"]]
            if trial.state in _FINISHED:
                self._open[number] = self._open[number][0], self._line
            if log["values"] is not None:
                trial.value = log["values"][0]


def _epoch_of(line: bytes) -> int | None:
    """The trial whose epoch a line sets, as Optuna spells it; None where it is spelt otherwise."""
    _, found, rest = line.partition(_TRIAL)
    digits = rest.partition(b",")[0]
    return int(digits) if found and digits.isdigit() else None
