"""Where a search's worker seconds went: to trials that count, and to those that came to nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl.results.record import RunRecord, TrialRecord
from automl.trial import BOOSTING, TrialState

#: The states of trials that are over.
_OVER = (TrialState.COMPLETED, TrialState.PRUNED, TrialState.FAILED)


@dataclass(frozen=True)
class TimeSpent:
    """What one kind of trials has taken.

    Attributes:
        what: ``completed``, ``pruned``, ``failed``, ``over limits`` (built, not trained) or
            ``baselines``.
        trials: How many there are.
        seconds: Worker seconds that they took.
        share: Share of all worker seconds of trials that are over, 0 to 1.
        longest: The trial that took longest, or None without any.
        longest_seconds: Its seconds.
    """

    what: str
    trials: int
    seconds: float
    share: float
    longest: int | str | None
    longest_seconds: float


def time_spent(record: RunRecord) -> list[TimeSpent]:
    """Sums up the worker seconds of a run by what its trials came to.

    Args:
        record: The run as recorded.

    Returns:
        One entry each for completed, pruned and failed trials, for configurations over a limit and
        for baselines, in this order; without gradient boosting, which takes no worker's seconds.
    """
    counted = record.counted
    groups = {
        state.value: [one for one in counted if one.state is state and one.result is not None]
        for state in _OVER
    }
    groups["over limits"] = [one for one in record.trials if one.is_over_limit]
    groups["baselines"] = [
        one for one in record.baselines if one.result is not None and one.trial != BOOSTING
    ]
    total = sum(_seconds(trial) for trials in groups.values() for trial in trials)
    return [_summed(what, trials, total) for what, trials in groups.items()]


def time_lines(record: RunRecord) -> list[str]:
    """The same as lines, those without a trial left out."""
    lines = []
    for spent in time_spent(record):
        if not spent.trials:
            continue
        line = f"{spent.what}: {spent.trials}, {spent.seconds:.1f} s ({100 * spent.share:.0f} %)"
        if spent.trials > 1:
            line += f", the longest {spent.longest_seconds:.1f} s (trial {spent.longest})"
        lines.append(line)
    return lines


def _summed(what: str, trials: Sequence[TrialRecord], total: float) -> TimeSpent:
    seconds = sum(map(_seconds, trials))
    longest = max(trials, key=_seconds, default=None)
    return TimeSpent(
        what=what,
        trials=len(trials),
        seconds=round(seconds, 3),
        share=round(seconds / total, 4) if total > 0 else 0.0,
        longest=None if longest is None else longest.trial,
        longest_seconds=0.0 if longest is None else round(_seconds(longest), 3),
    )


def _seconds(trial: TrialRecord) -> float:
    return 0.0 if trial.result is None else trial.result.seconds
