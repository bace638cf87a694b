"""The errors about names that samplers and pruners share."""

from __future__ import annotations

from collections.abc import Iterable

from automl.common.names import did_you_mean
from automl.errors import RequestError
from automl.vocabulary.directions import MAXIMIZE, MINIMIZE


def unknown_name(what: str, given: str, known: Iterable[str]) -> RequestError:
    """The error for a name that is none of the known ones; the nearest is shown."""
    names = list(known)
    hint = did_you_mean(given, names, ".", 1)
    return RequestError(f"There is no {what} '{given}'{hint} Choose one of {', '.join(names)}.")


def check_direction(direction: str) -> None:
    """Raises RequestError for a direction that is neither minimize nor maximize."""
    if direction not in (MINIMIZE, MAXIMIZE):
        raise RequestError(f"The direction is '{direction}'; expected 'minimize' or 'maximize'.")
