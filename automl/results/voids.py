"""Trials that a person has taken out of the ranking, as a study records them: with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automl.common.forms import read_form, to_form
from automl.results.study_entries import entries, reading_entry

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
    for name, form in entries(attributes, _PREFIX):
        with reading_entry(f"the voided trial {name}"):
            reason = read_form(VoidForm, form).reason
            if reason:
                found[int(name)] = reason
    return found
