"""Hyperparameters that join a space when a builder turns out to have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from automl.space.condition import all_of
from automl.space.enumeration import by_name
from automl.space.hyperparameter import Hyperparameter
from automl.space.logic import satisfiable


def extended_hyperparameters(
    known: Sequence[Hyperparameter], found: Iterable[Hyperparameter]
) -> tuple[Hyperparameter, ...]:
    """The known hyperparameters and behind them those that are new.

    A configuration has one value for a name. So of two hyperparameters with one name the later
    one is active only where the earlier is not, as in KerasTuner, where the first to be declared
    gives the value.

    Args:
        known: The hyperparameters of the space.
        found: Those that were found, in order.
    """
    grown = list(known)
    for parameter in found:
        named = by_name(grown)
        condition = parameter.condition
        conditions = [] if condition is None else [condition]
        twins = named.get(parameter.name, [])
        if any(twin.condition is None for twin in twins):
            continue
        for twin in twins:
            if twin.condition is not None and satisfiable([*conditions, twin.condition], named):
                conditions.append(~twin.condition)
        if not satisfiable(conditions, named):
            continue
        label, number = "", 2
        while any((twin.label == label) for twin in twins):
            label, number = str(number), number + 1
        when = all_of(*conditions) if conditions else None
        grown.append(replace(parameter, when=when, label=label))
    return tuple(grown)
