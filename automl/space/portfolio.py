"""Configurations that are known to be good, tried first: a space's portfolio.

Entries name only what differs from the defaults. In a space that was narrowed since, a number
moves to the nearest one that is left, and an entry that names anything else which is not left is
passed over: what a person asked for stands above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Choice
from automl.space.condition import to_tuple
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int, is_number

Portfolio = tuple[Mapping[str, Any], ...]


def checked_portfolio(space: str, given: Iterable[Mapping[str, Any]]) -> Portfolio:
    """The entries of a portfolio as they are kept.

    Args:
        space: The space's name, for messages.
        given: Values by name, only those that are not the defaults.

    Raises:
        SpaceError: It is no list of dictionaries.
    """
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise SpaceError(
            f"The portfolio of search space '{space}' is {given!r}; expected a list of "
            "dictionaries."
        )
    entries = tuple(given)
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise SpaceError(
                f"The portfolio of search space '{space}' holds {entry!r}; expected a dictionary "
                "of values by name."
            )
    return tuple({str(name): to_tuple(value) for name, value in entry.items()} for entry in entries)


def fitted_entry(
    hyperparameters: Sequence[Hyperparameter], entry: Mapping[str, Any]
) -> dict[str, Any] | None:
    """An entry as values of a space that may have been narrowed since it was written.

    Args:
        hyperparameters: The space's, parents first.
        entry: Values by name.

    Returns:
        The values of the hyperparameters that the entry names; None where the space has not all
        of them left.
    """
    active: dict[str, Any] = {}
    for parameter in hyperparameters:
        if not parameter.active(active):
            continue
        active[parameter.name] = parameter.default
        if parameter.name in entry:
            value = _nearest(parameter, entry[parameter.name])
            if value is None:
                return None
            active[parameter.name] = value
    return {name: active[name] for name in entry} if entry.keys() <= active.keys() else None


def _nearest(parameter: Hyperparameter, value: Any) -> Any:
    """The value, or of a number the nearest that the hyperparameter may take; None for none."""
    if parameter.contains(value) or not is_number(value):
        return value if parameter.contains(value) else None
    if isinstance(parameter, Choice) and parameter.is_numeric:
        return min(parameter.options, key=lambda option: abs(option - value))
    return parameter.snap(value) if isinstance(parameter, Int | Float) else None
