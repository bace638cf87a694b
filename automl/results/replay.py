"""What a study's journal says, replayed without Optuna: fast enough for every leaderboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from automl.errors import RunError
from automl.results.journal_lines import parse_lines, read_tail, whole_lines
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

# `optuna.trial.TrialState` by its number.
_STATES = (
    TrialState.RUNNING,
    TrialState.COMPLETED,
    TrialState.PRUNED,
    TrialState.FAILED,
    TrialState.WAITING,
)
_FINISHED = (TrialState.COMPLETED, TrialState.PRUNED, TrialState.FAILED)


@dataclass
class StudyTrial:
    """One trial as the study knows it.

    Attributes:
        number: The trial's number in the study.
        state: Where it is in its life.
        value: The objective it ended with, or None.
        values_by_epoch: The objective after each epoch.
        attributes: Its user attributes.
    """

    number: int
    state: TrialState
    value: float | None = None
    values_by_epoch: dict[int, float] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


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
        RunError: A line in the middle is not JSON.
    """
    lines = whole_lines(read_tail(path))
    # Most lines of a long journal set parameters; leaving them out halves the time.
    needed = [line for line in lines if not line.startswith(_SKIPPED)]
    replay = _Replay()
    try:
        for log in parse_lines(needed, path):
            replay.apply(log)
    except (RunError, KeyError, IndexError, TypeError) as error:
        parse_lines(lines, path)  # the same error, with the line's number in the whole file
        raise RunError(
            f"The study file {path} is no journal of Optuna 5 ({error}), so the run cannot be "
            "read; restore the file from a copy."
        ) from error
    return list(replay.studies.values())


class _Replay:
    """The state of a replay: Optuna counts studies, and trials over all studies, from 0."""

    def __init__(self) -> None:
        self.studies: dict[int, StudyContent] = {}
        self._studies_made = 0
        self._trials: list[StudyTrial] = []

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
            values_by_epoch={
                int(epoch): value for epoch, value in log.get("intermediate_values", {}).items()
            },
            attributes=dict(log.get("user_attrs", {})),
        )
        study.trials.append(trial)
        self._trials.append(trial)

    def _change_trial(self, operation: int, log: Mapping[str, Any]) -> None:
        number = log["trial_id"]
        if number >= len(self._trials) or self._trials[number].state in _FINISHED:
            return
        trial = self._trials[number]
        if operation == _SET_TRIAL_INTERMEDIATE_VALUE:
            trial.values_by_epoch[log["step"]] = log["intermediate_value"]
        elif operation == _SET_TRIAL_USER_ATTR:
            trial.attributes.update(log["user_attr"])
        else:
            trial.state = _STATES[log["state"]]
            if log["values"] is not None:
                trial.value = log["values"][0]
