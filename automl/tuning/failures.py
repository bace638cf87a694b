"""Failures that end a search: those of its files, and so many alike that more would be the same."""

from __future__ import annotations

from collections import deque

from automl.errors import RunError
from automl.trial import FailureCause, TrialResult, TrialState

#: Failures in a row with the same cause after which a search stops (contract 3 of the design).
SAME_FAILURES = 3
_WRONG = "the search space or the data is wrong"
_WAYS_OUT = {
    str(FailureCause.TIME_LIMIT): "give more --trial-time, or search a smaller space",
    str(FailureCause.OUT_OF_MEMORY): "give more memory a worker, or search a smaller space",
    str(FailureCause.REFUSED): "the builder refuses its own configurations; search others",
    str(FailureCause.DISK_LIMIT): "give more --max-disk, or search a smaller space",
}
_REFUSALS = (FailureCause.DIVERGED, FailureCause.REFUSED, FailureCause.OTHER_LOSS)
_RAISED = (FailureCause.EXCEPTION, FailureCause.BUILDER)


def ends_search(result: TrialResult, has_completed: bool) -> bool:
    """Whether after a trial no other is to follow, whatever its configuration.

    Args:
        result: How it ended.
        has_completed: Whether any trial of the search has completed.
    """
    if result.cause is FailureCause.NO_OBJECTIVE:
        return not has_completed  # another configuration had it
    return result.cause is FailureCause.FATAL


class FailuresInARow:
    """The causes of the latest failures in a row."""

    def __init__(self) -> None:
        self._causes: deque[str] = deque(maxlen=SAME_FAILURES)

    def add(self, result: TrialResult, has_completed: bool) -> None:
        """Takes a trial that is over; one that is no failure ends the row.

        A diverged trial says something about its configuration, such as its learning rate, and
        so does one that its builder refused; only where no trial has ever completed do they say
        something about the space or the data. What costs more than is allowed was not trained, and
        says nothing here.

        Args:
            result: How it ended.
            has_completed: Whether any trial of the search has completed.
        """
        if result.is_over_limit:
            return
        if result.state is not TrialState.FAILED or (result.cause in _REFUSALS and has_completed):
            self._causes.clear()
            return
        # Only what was raised has kinds; other reasons name the step, the epoch or the seconds.
        kind = result.reason.partition(":")[0] if result.cause in _RAISED else ""
        self._causes.append(f"{result.cause}: {kind}" if kind else str(result.cause))

    def clear(self) -> None:
        """Forgets the row."""
        self._causes.clear()

    def are_alike(self) -> bool:
        """Whether as many as stop a search have failed in a row with the same cause."""
        return len(self._causes) == SAME_FAILURES and len(set(self._causes)) == 1

    def message(self) -> str:
        """One sentence on a row that is alike, with the way out."""
        cause = self._causes[-1]
        return (
            f"{SAME_FAILURES} trials in a row failed with the same cause ({cause}); "
            f"{_WAYS_OUT.get(cause, _WRONG)}."
        )


def check_files_written(trial: int | str, result: TrialResult) -> None:
    """Checks that a trial could write its files.

    Args:
        trial: The trial's number, or the baseline's name.
        result: How it ended.

    Raises:
        RunError: It could not.
    """
    if result.cause is FailureCause.DISK_FULL:
        # No fault of the trial's: it stays running in the record, and is run again.
        raise RunError(
            f"There is no room for the files of trial {trial} ({result.reason}); make "
            "room, then go on with `automl resume`."
        )
    if result.cause is FailureCause.UNWRITABLE:
        raise RunError(
            f"The files of trial {trial} cannot be written ({result.reason}); make its "
            "directory writable, then go on with `automl resume` and the run's directory, "
            "where that has another name now, by that one."
        )
