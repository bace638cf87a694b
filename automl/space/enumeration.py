"""Every configuration of a search space in order, and how many there are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from automl.errors import SpaceError
from automl.space.condition import Comparison
from automl.space.hyperparameter import Hyperparameter
from automl.space.logic import satisfiable


def grid_configurations(
    space: str, hyperparameters: Sequence[Hyperparameter], points: int | None
) -> Iterator[dict[str, Any]]:
    """The values of every configuration, each once; the last hyperparameter changes fastest.

    Args:
        space: The space's name, for messages.
        hyperparameters: The hyperparameters, parents first.
        points: How many values of each continuous one to take.

    Raises:
        SpaceError: A hyperparameter that can be active is continuous and ``points`` is not given,
            or ``points`` is below 1.
    """
    if points is not None and points < 1:
        raise SpaceError(f"A grid needs at least 1 point of a continuous range, not {points}.")
    if points is None:
        variants = by_name(hyperparameters)
        continuous = [
            parameter.key
            for parameter in hyperparameters
            if parameter.size == math.inf and satisfiable([parameter.condition], variants)
        ]
        if continuous:
            raise SpaceError(
                f"The grid of search space '{space}' needs a number of points for its continuous "
                f"hyperparameters ({', '.join(continuous)}); give one, or give them steps or "
                "values."
            )
    return _walk(hyperparameters, 0, {}, points)


def _walk(
    hyperparameters: Sequence[Hyperparameter],
    index: int,
    values: dict[str, Any],
    points: int | None,
) -> Iterator[dict[str, Any]]:
    """The configurations that go on from these values of the first ``index`` hyperparameters."""
    while index < len(hyperparameters) and not hyperparameters[index].active(values):
        index += 1
    if index == len(hyperparameters):
        yield dict(values)
        return
    parameter = hyperparameters[index]
    for value in parameter.grid_values(points):
        yield from _walk(hyperparameters, index + 1, {**values, parameter.name: value}, points)


def by_name(hyperparameters: Sequence[Hyperparameter]) -> dict[str, list[Hyperparameter]]:
    """The hyperparameters under their names in a configuration."""
    named: dict[str, list[Hyperparameter]] = {}
    for parameter in hyperparameters:
        named.setdefault(parameter.name, []).append(parameter)
    return named


def count_configurations(hyperparameters: Sequence[Hyperparameter]) -> int | float:
    """How many configurations there are, without enumerating them.

    Only what later conditions can tell apart is told apart: values of one hyperparameter that
    meet the same comparisons are counted together, and partial configurations that look the same
    to the rest are merged. So spaces with far more configurations than could be listed count fast.

    Args:
        hyperparameters: The hyperparameters, parents first.

    Returns:
        The number; infinite where a continuous one can be active.
    """
    # How many ways lead to each distinguishable state: the values that are still to be read.
    ways: dict[tuple[tuple[str, Any], ...], int | float] = {(): 1}
    for index, parameter in enumerate(hyperparameters):
        leaves = [
            leaf
            for later in hyperparameters[index + 1 :]
            if later.condition is not None
            for leaf in later.condition.leaves()
        ]
        read_later = {leaf.name for leaf in leaves}
        classes = _classes(parameter, [leaf for leaf in leaves if leaf.name == parameter.name])
        following: dict[tuple[tuple[str, Any], ...], int | float] = {}
        for state, number in ways.items():
            values = dict(state)
            active = parameter.active(values)
            for value, size in classes if active else [(None, 1)]:
                then = {**values, parameter.name: value} if active else values
                kept = tuple((name, then[name]) for name in then if name in read_later)
                following[kept] = following.get(kept, 0) + number * size
        ways = following
    return sum(ways.values())


def _classes(
    parameter: Hyperparameter, leaves: Sequence[Comparison]
) -> list[tuple[Any, int | float]]:
    """Values that the comparisons cannot tell apart: one of each class, and the class's size."""
    if parameter.size == math.inf or not leaves:
        # Which value of a continuous one is taken does not matter: the count is infinite anyway.
        return [(parameter.default, parameter.size)]
    classes: dict[tuple[bool, ...], tuple[Any, int]] = {}
    for value in parameter.grid_values():
        signature = tuple(leaf.holds({parameter.name: value}) for leaf in leaves)
        first, size = classes.get(signature, (value, 0))
        classes[signature] = (first, size + 1)
    return list(classes.values())
