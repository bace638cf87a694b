"""Trials that a person has taken out of the ranking, as a study records them: with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.common.forms import read_form, to_form
from automl.errors import RunError

_PREFIX = "void:"
#: How the reason of a voided trial begins on the leaderboard.
VOID = "void: "


@dataclass(frozen=True)
class VoidForm:
    """What a person has said of one trial, the last word counting.

    Attributes:
        reason: Why it is invalid; "" where that was taken back.
        date: When, in ISO 8601 and UTC.
    """

    reason: str
    date: str


def void_entry(trial: int, reason: str, date: str) -> tuple[str, dict[str, Any]]:
    """The key and the value by which a study records a voided trial.

    Args:
        trial: The trial's number.
        reason: Why it is invalid; "" to take that back.
        date: When, in ISO 8601 and UTC.
    """
    return f"{_PREFIX}{trial}", to_form(VoidForm(reason, date))


def voided_trials(attributes: Mapping[str, Any]) -> dict[int, str]:
    """The trials that are void, with the reasons.

    Args:
        attributes: The study's user attributes.

    Raises:
        RunError: What is recorded of one cannot be read.
    """
    found = {}
    for key, value in attributes.items():
        if not key.startswith(_PREFIX):
            continue
        try:
            form = read_form(VoidForm, value)
            if form.reason:
                found[int(key.removeprefix(_PREFIX))] = form.reason
        except ValueError as error:
            raise RunError(
                f"What the study says of the voided trial {key.removeprefix(_PREFIX)} cannot be "
                f"read ({error}); restore the study from a copy."
            ) from error
    return found
