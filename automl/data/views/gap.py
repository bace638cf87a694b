"""The gap between training rows and the rows after them in time, as it is asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from automl.errors import RequestError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_DAYS = {"s": 1 / 86400, "m": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0}


@dataclass(frozen=True)
class Gap:
    """What lies between rows that train and the rows after them that validate or test.

    Attributes:
        rows: So many rows, as ``gap`` of scikit-learn's ``TimeSeriesSplit``.
        days: All rows of so long a time, in days, in place of a number of rows.
    """

    rows: int = 0
    days: float = 0.0

    @classmethod
    def of(cls, given: int | str | None) -> Gap:
        """Reads ``24`` as rows, and ``7d`` or ``1d12h`` as a time; None as no gap.

        Raises:
            RequestError: It is neither.
        """
        text = "0" if given is None else str(given).strip().lower()
        if re.fullmatch(r"\d{1,15}", text):
            return cls(rows=int(text))
        parts = _PART.findall(text)
        days = sum(float(number) * _DAYS[unit] for number, unit in parts)
        if not parts or _PART.sub("", text).strip() or not 0 < days < math.inf:
            raise RequestError(
                f"--gap is {given!r}; expected a number of rows, such as 24, or a time, such as "
                "12h, 7d or 2w."
            )
        return cls(days=days)

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return self.rows > 0 or self.days > 0

    def before(self, times: npt.NDArray[np.float64], start: int) -> int:
        """How many of the rows before a place are far enough from it.

        Args:
            times: Times of all rows, in ascending order, (n,); days where the gap is a time.
            start: The place of the first row after the gap.

        Returns:
            The number of the first rows that are left, 0 at least.
        """
        if self.days:
            return min(start, int(times.searchsorted(times[start] - self.days, "right")))
        return max(0, start - self.rows)


NO_GAP = Gap()
