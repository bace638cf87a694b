"""Configurations that cost more than a search allows: how many in a row end it."""

from __future__ import annotations

from automl.trial import TrialResult

#: Configurations over a limit, one after another, after which a search ends (own choice). Of random
#: ones of the space `image` for 28 x 28 pixels, two in five are within 500,000 parameters
#: (measured), and a sampler learns to propose more of them; where one in fifty is, so many in a row
#: are rare (0.98 ** 200 is 0.02).
MOST_IN_A_ROW = 200


class OverLimits:
    """The configurations of a search that were over a limit.

    Attributes:
        count: How many there were.
    """

    def __init__(self) -> None:
        self.count = 0
        self._row = 0
        self._nearest: tuple[int, TrialResult] | None = None

    def add(self, number: int, result: TrialResult) -> None:
        """Takes a trial that is over, in whatever way."""
        if not result.is_over_limit:
            self._row = 0
            return
        self.count += 1
        self._row += 1
        if self._nearest is None or result.excess < self._nearest[1].excess:
            self._nearest = number, result

    def begin_anew(self) -> None:
        """Forgets how many there were in a row, where so many ended an earlier session."""
        if self.are_too_many():
            self._row = 0

    def are_too_many(self) -> bool:
        """Whether there were so many in a row that the search is to end."""
        return self._row >= MOST_IN_A_ROW

    def left_out(self) -> str:
        """The end of a sentence on all configurations that were tried; "" where none was over."""
        return f"; {self.count} more cost more than is allowed" if self.count else ""

    def message(self) -> str:
        """One sentence on so many in a row, with the way out."""
        assert self._nearest is not None
        number, nearest = self._nearest
        return (
            f"{self._row} configurations in a row cost more than is allowed; of the one that is "
            f"nearest to it, number {number}, {nearest.reason}: raise the limit, or search a "
            "smaller space."
        )
