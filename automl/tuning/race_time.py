"""How a search's `--time` is divided between its trials and the race of its finalists.

What one trial may take, what is kept for the race, and whether there is time for it are one rule:
a trial that becomes the best must be short enough to be trained again in what is left. Else the
time that is kept is of no use, and goes back to the trials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Share of --time, beyond what follows the trials, that is kept for training finalists again; and
#: how much it may become where the best trial takes longer: a race without it would be none.
FINALIST_SHARE, MOST_FINALIST_SHARE = 0.2, 0.4
#: Scorings of each finalist for which time is kept: of one there is no standard error.
LEAST_SCORINGS = 2
#: Finalists for whom time is kept: the best trial and one that it is compared with.
LEAST_FINALISTS = 2
#: Of the best trials, those beside the first of which one must be short enough to race with it.
RIVALS = 3
#: Share of the time that is left that these are planned for: other seeds take more
#: epochs or fewer, and at its end some workers have nothing to do (own choice).
USABLE_SHARE = 0.75
#: Share of the longest trial that there would be time to train again that one may take: it ends a
#: little after its limit, and the search a little after its own (own choice).
LONGEST_SHARE = 0.9
#: Least --time in which finalists are trained again: in less there are hardly trials to choose
#: among, for starting and exporting take ten seconds of it.
FINALISTS_FROM = 30.0


def seconds_for(costs: Sequence[float], slots: int) -> float:
    """Wall-clock seconds to plan for trainings.

    Args:
        costs: About how many seconds each takes.
        slots: Trainings at once.
    """
    if not costs:
        return 0.0
    return max(max(costs), sum(costs) / slots) / USABLE_SHARE


@dataclass(frozen=True)
class TimeLeft:
    """What there is for a race.

    Attributes:
        seconds: Wall-clock seconds; None for no limit.
        slots: Trainings at once.
    """

    seconds: float | None
    slots: int

    def has_room_for(self, costs: Sequence[float]) -> bool:
        """Whether trainings end in time that take about so many seconds each."""
        return self.seconds is None or seconds_for(costs, self.slots) <= max(0.0, self.seconds)

    def stretch(self, costs: Sequence[float]) -> float | None:
        """How many times as long each may take, at most; None for no limit."""
        needed = USABLE_SHARE * seconds_for(costs, self.slots)
        return self.seconds / needed if self.seconds is not None and needed > 0 else None


@dataclass(frozen=True)
class RaceTime:
    """Divides the time of a search with finalists.

    Attributes:
        slots: Trainings at once.
        views: On how many views each trial is trained, and each finalist in one round.
    """

    slots: int
    views: int

    @property
    def least_rounds(self) -> int:
        """Rounds in which each finalist has its least scorings."""
        return -(-LEAST_SCORINGS // self.views)

    def needed(self, seconds: Sequence[float], rounds: int) -> float:
        """Wall-clock seconds of a race.

        Args:
            seconds: Of each finalist what its trial took, on all views.
            rounds: How often each is trained.
        """
        each = [one / self.views for one in seconds for _ in range(rounds * self.views)]
        return seconds_for(each, self.slots)

    def kept(self, whole: float, leader: float, rivals: Sequence[float] = ()) -> float:
        """Seconds that are kept for the race.

        Args:
            whole: Seconds of the trials and the race together.
            leader: What the best trial so far took; 0.0 without one.
            rivals: What the next best took, the best of them first; as long as it without any.

        Returns:
            The seconds; none where the best trial took so long, or all that it could race with,
            that they could not be trained again, so that trials have all of it.
        """
        for rounds in range(self.least_rounds, 0, -1):
            for rival in rivals or (leader,):
                needed = self.needed((leader, rival), rounds)
                if needed <= MOST_FINALIST_SHARE * whole:
                    return max(FINALIST_SHARE * whole, needed)
        return 0.0

    def longest_trial(self, whole: float, left: float) -> float:
        """Seconds that a trial which begins now may take, so that it could be trained again.

        Args:
            whole: Seconds of the trials and the race together.
            left: Those of them that are left.
        """
        pace = self.needed([1.0] * LEAST_FINALISTS, self.least_rounds)
        return LONGEST_SHARE * min(MOST_FINALIST_SHARE * whole / pace, left / (1.0 + pace))
