"""Why a search ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from automl.tuning.interruption import Interruption


class StopReason(StrEnum):
    """Why a search ended."""

    TRIALS = "trials"
    TIME = "time"
    EXHAUSTED = "exhausted"
    INTERRUPTED = "interrupted"
    FAILURES = "failures"
    DISK = "disk"
    FATAL = "fatal"
    LIMITS = "limits"


#: Ends that a search comes to by itself, with all done that it can do.
BY_ITSELF = (StopReason.TRIALS, StopReason.EXHAUSTED, StopReason.TIME, StopReason.LIMITS)


@dataclass(frozen=True)
class Outcome:
    """How the driver's work ended.

    Attributes:
        stopped_by: Why.
        message: One sentence for a person, or "" where everything asked for was done.
    """

    stopped_by: StopReason
    message: str = ""


def interrupted(interruption: Interruption) -> Outcome:
    """The end of a search that was asked to end."""
    return Outcome(StopReason.INTERRUPTED, f"The search was stopped by {interruption.name}.")
