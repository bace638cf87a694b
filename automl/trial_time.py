"""What a trial may take of the time of its search."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class TrialTime:
    """What a trial may take of the time of its search, in seconds; no limit of what is None.

    The trial's own limit stands in its `automl.trial.TrialBudget`.

    Attributes:
        left: Until the whole search needs its result, from when the trial is handed over.
        share: What one trial may take, after which it is complete with what it has reached.
        planned: Within which its epochs should fit: where those of its budget take longer, there
            are fewer, over which schedules stretch (`automl.training.epoch_plan`). None where they
            are as many as the budget has.
        most: What it may take, in spite of its share, where too few epochs to come to anything fit
            into the planned seconds; None for no more than those.
        kept_back: What was taken off for what the best trial so far needs after the search.
        leader_epochs: How many epochs the best trial so far had: it is pruned where far fewer fit;
            or 0.
    """

    left: float | None = None
    share: float | None = None
    planned: float | None = None
    most: float | None = None
    kept_back: float = 0.0
    leader_epochs: int = 0

    def after(self, waited: float) -> TrialTime:
        """The same after some seconds, in which the trial has waited for a worker."""
        return self if self.left is None else replace(self, left=self.left - waited)
