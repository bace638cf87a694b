"""What a whole search may spend, and how much of it is left."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from automl.errors import RequestError

#: Trials of a search for which neither a number nor a time was given.
DEFAULT_TRIALS = 30
#: Least seconds kept back from `--time` for scoring the test rows and the checked export. These
#: took 3 to 6 s on two cores for tables of up to 50,000 rows.
EXPORT_RESERVE = 8.0
#: The same in times of importing TensorFlow, which the check of the export does once more in a new
#: process: on a busy machine, where the import took 7 s, all of it took 17 s (measured).
EXPORT_IMPORTS = 2.5
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)?")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: str) -> float:
    """Reads a duration such as ``90``, ``10m``, ``1.5h`` or ``1h30m``.

    Args:
        text: Numbers with the units s, m, h or d; a number alone is in seconds.

    Returns:
        The duration in seconds.

    Raises:
        RequestError: The text is no duration, or is zero.
    """
    parts = _DURATION.findall(text.strip().lower())
    if "".join(number + unit for number, unit in parts) != text.strip().lower() or not parts:
        raise RequestError(f"{text!r} is not a duration; write it like 90s, 10m, 1.5h or 1h30m.")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise RequestError(f"The duration {text!r} is not above zero; write it like 90s or 10m.")
    return seconds


@dataclass(frozen=True)
class SearchBudget:
    """How much a search may spend; it ends with whichever is reached first.

    Attributes:
        trials: Total number of trials, those of earlier sessions of the run included (baselines
            are not counted), or None for no limit.
        seconds: Wall-clock seconds from start to exported model, or None for no limit.
    """

    trials: int | None = DEFAULT_TRIALS
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Checks the limits.

        Raises:
            RequestError: A limit is not positive, or there is none.
        """
        if self.trials is not None and self.trials < 1:
            raise RequestError(f"--trials is {self.trials}; it must be at least 1.")
        if self.seconds is not None and self.seconds <= 0:
            raise RequestError(f"--time is {self.seconds:g} s; it must be above zero.")
        if self.trials is None and self.seconds is None:
            raise RequestError("The search has no end: give --trials, --time or both.")


class Clock:
    """Time spent on a search, on a clock that does not jump.

    Args:
        budget: What may be spent.
        spent: Seconds that earlier sessions of the run have spent.
        started: When this session started, on the monotonic clock; None for now.
        now: The monotonic clock, in seconds.
        import_seconds: How long importing TensorFlow took in this session; 0 while not known.
    """

    def __init__(
        self,
        budget: SearchBudget,
        spent: float = 0.0,
        started: float | None = None,
        now: Callable[[], float] = time.monotonic,
        import_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._now = now
        self._start = (now() if started is None else started) - spent
        self._seconds = budget.seconds
        self._import_seconds = import_seconds

    def elapsed(self) -> float:
        """Seconds spent on the run so far, earlier sessions included."""
        return self._now() - self._start

    def left_for_trials(self) -> float | None:
        """Seconds until trials must end so that the export is ready in time; None for no limit."""
        if self._seconds is None:
            return None
        needed = max(EXPORT_RESERVE, EXPORT_IMPORTS * self._import_seconds())
        reserve = min(max(needed, 0.02 * self._seconds), 0.5 * self._seconds)
        return self._seconds - reserve - self.elapsed()
