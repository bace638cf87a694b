"""When a running trial is pruned, and at which of its epochs its worker need not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.engines.contract import EpochFinished
from automl.tuning.pruners.by_time import EqualSeconds

if TYPE_CHECKING:
    import optuna

    from automl.tuning.study import RunStudy

#: Share of --time that a trial may take before it is compared with others at equal seconds.
LEAST_TIME_SHARE = 1 / 50
#: Factor by which its seconds have grown when a trial is compared again (own choice). A comparison
#: looks at every trial: with 2,000 of them it takes 5 ms, as long as some epochs of a small net.
COMPARED_AGAIN = 1.05


class Pruning:
    """The pruner of a search, and the comparison at equal seconds beside it.

    Args:
        study: The run's study.
        pruner: What stops trials early.
        direction: ``minimize`` or ``maximize``.
        seconds: The search's --time in seconds, or None where it has none.
    """

    def __init__(
        self,
        study: RunStudy,
        pruner: optuna.pruners.BasePruner,
        direction: str,
        seconds: float | None,
    ) -> None:
        self._study = study
        self._pruner = pruner
        self._by_time = (
            None if seconds is None else EqualSeconds(direction, LEAST_TIME_SHARE * seconds)
        )
        self._ends = 0
        self._told_at: dict[int, int] = {}  # how many had ended when thresholds were told
        self._compared: dict[int, float] = {}  # at how many seconds a trial was compared last

    def thresholds(self, trial: int) -> tuple[float, ...]:
        """The scores by which a trial's next epochs need no question (`TrialSpec.thresholds`)."""
        self._told_at[trial] = self._ends
        return self._study.thresholds(trial, self._pruner)

    def stops(self, trial: int, event: EpochFinished) -> bool:
        """Whether a trial is to stop after an epoch that the study has been told of."""
        is_slow = self._is_slow(trial, event)
        # What the thresholds have spared stays spared until another trial ends.
        if not event.waits and self._told_at.get(trial) == self._ends:
            return is_slow
        return self._study.should_prune(trial, self._pruner) or is_slow

    def _is_slow(self, trial: int, event: EpochFinished) -> bool:
        """Whether a trial is behind the others at equal seconds, which are what is spent."""
        seconds = event.report.metrics.get("seconds")
        if self._by_time is None or seconds is None:
            return False
        self._by_time.report(trial, seconds, event.report.score)
        if seconds < COMPARED_AGAIN * self._compared.get(trial, 0.0):
            return False
        self._compared[trial] = seconds
        return self._by_time.should_prune(trial)

    def ended(self, trial: int | str) -> None:
        """Notes that a trial has ended, which may change what becomes of the others."""
        self._ends += 1
        if isinstance(trial, int):
            self._told_at.pop(trial, None)
            self._compared.pop(trial, None)
            if self._by_time is not None:
                self._by_time.end(trial)
