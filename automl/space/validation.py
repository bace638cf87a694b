"""What makes a list of hyperparameters a search space: names, order and conditions that agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from automl.common.names import did_you_mean, known_are
from automl.errors import SpaceError
from automl.space.choice import Choice
from automl.space.condition import ORDERINGS, Comparison, spell
from automl.space.configuration import Configuration
from automl.space.enumeration import by_name
from automl.space.hyperparameter import Hyperparameter
from automl.space.logic import satisfiable
from automl.space.numeric import is_number
from automl.vocabulary.inputs import ARRAY, INPUTS


def flattened(space: str, given: Iterable[Any]) -> tuple[Hyperparameter, ...]:
    """The hyperparameters of nested lists, with a label where two have one key.

    Raises:
        SpaceError: Something in the lists is not a hyperparameter.
    """
    flat: list[Hyperparameter] = []
    if isinstance(given, str | Hyperparameter) or not isinstance(given, Iterable):
        raise SpaceError(
            f"Search space '{space}' needs a list of hyperparameters, and {given!r} was given."
        )
    for part in given:
        if isinstance(part, Hyperparameter):
            flat.append(part)
        elif isinstance(part, Iterable) and not isinstance(part, str | dict):
            flat.extend(flattened(space, part))
        else:
            raise SpaceError(
                f"Search space '{space}' has {part!r} among its hyperparameters; expected Int, "
                "Float, Choice, Boolean or lists of them."
            )
    return tuple(_labelled(flat))


def _labelled(parameters: Sequence[Hyperparameter]) -> Iterable[Hyperparameter]:
    """Several with one name and no label of their own get their number as a label."""
    keys: set[str] = set()
    for parameter in parameters:
        number, labelled = 2, parameter
        while labelled.key in keys:
            labelled = replace(parameter, label=str(number))
            number += 1
        keys.add(labelled.key)
        yield labelled


def parents_first(
    space: str, hyperparameters: Sequence[Hyperparameter]
) -> tuple[Hyperparameter, ...]:
    """The hyperparameters in their order, each moved behind those that its condition reads.

    Raises:
        SpaceError: Conditions go in a circle.
    """
    waiting = list(hyperparameters)
    names = {parameter.name for parameter in waiting}
    ordered: list[Hyperparameter] = []
    while waiting:
        unplaced = {parameter.name for parameter in waiting}
        for index, parameter in enumerate(waiting):
            if not any(name in unplaced and name in names for name in _read(parameter)):
                ordered.append(waiting.pop(index))
                break
        else:
            raise SpaceError(
                f"The conditions of search space '{space}' go in a circle "
                f"({_circle(waiting)}); drop one of them."
            )
    return tuple(ordered)


def _read(parameter: Hyperparameter) -> tuple[str, ...]:
    """Names that the hyperparameter's condition reads."""
    return () if parameter.condition is None else parameter.condition.names


def _circle(waiting: Sequence[Hyperparameter]) -> str:
    """One circle among hyperparameters each of which waits for another: ``a -> b -> a``."""
    reads = {parameter.name: _read(parameter) for parameter in waiting}
    path = [waiting[0].name]
    while path[-1] not in path[:-1]:
        path.append(next(name for name in reads[path[-1]] if name in reads))
    return " -> ".join(path[path.index(path[-1]) :])


def validate_space(
    name: str,
    hyperparameters: Sequence[Hyperparameter],
    inputs: str,
    build: Callable[..., Any] | None,
    *,
    declared: bool,
) -> None:
    """Checks what the hyperparameters cannot check one by one.

    Args:
        name: The space's name.
        hyperparameters: Its hyperparameters, parents first.
        inputs: What the builder gets.
        build: The builder.
        declared: Whether the space is as its author wrote it; in one that was narrowed, a
            condition may name an option that is no longer there.

    Raises:
        SpaceError: The first contradiction found.
    """
    if not isinstance(name, str) or not name.strip():
        raise SpaceError(f"{name!r} cannot name a search space; expected text.")
    if not isinstance(inputs, str) or inputs not in INPUTS:
        raise SpaceError(
            f"Search space '{name}' asks for inputs {inputs!r}; expected 'vector', 'table' or "
            "'image' (or 'array', where build(hp) makes the model)."
        )
    if build is not None and not callable(build):
        raise SpaceError(
            f"The builder of search space '{name}' is {build!r}; expected a function "
            "build(config, inputs, task)."
        )
    named = by_name(hyperparameters)
    reserved = set(dir(Configuration)) | set(Configuration.__dataclass_fields__)
    if inputs == ARRAY:  # whose builder reads values by their names only
        reserved = set()
    for parameter in hyperparameters:
        if parameter.name in reserved:
            raise SpaceError(
                f"Search space '{name}' has a hyperparameter named '{parameter.name}', which is "
                "the name of something a configuration does; rename it."
            )
        for leaf in parameter.condition.leaves() if parameter.condition is not None else ():
            _check_leaf(name, parameter, leaf, named, declared)
    for variants in named.values():
        for first, second in combinations(variants, 2):
            if satisfiable([first.condition, second.condition], named):
                raise SpaceError(
                    f"Search space '{name}' has two hyperparameters named '{first.name}' that can "
                    f"be active together ({_when(first)}; {_when(second)}); rename one, or give "
                    "them conditions that exclude each other."
                )


def _when(parameter: Hyperparameter) -> str:
    return "always" if parameter.condition is None else f"when {parameter.condition}"


def _check_leaf(
    space: str,
    parameter: Hyperparameter,
    leaf: Comparison,
    named: dict[str, list[Hyperparameter]],
    declared: bool,
) -> None:
    """Checks one comparison of a hyperparameter's condition.

    Raises:
        SpaceError: It reads an unknown name, orders options that have no order, or names
            something that is not an option.
    """
    if leaf.name not in named:
        raise SpaceError(
            f"The condition of '{parameter.name}' ({leaf}) reads '{leaf.name}', which is not a "
            f"hyperparameter of search space '{space}'"
            f"{did_you_mean(leaf.name, named, known_are(named))}"
        )
    for read in named[leaf.name]:
        options = isinstance(read, Choice)
        if leaf.operator in ORDERINGS and not (
            is_number(leaf.value) and (not isinstance(read, Choice) or read.is_numeric)
        ):
            raise SpaceError(
                f"The condition of '{parameter.name}' ({leaf}) orders values that have no order; "
                "compare with ==, != or .isin([...])."
            )
        if options and len(named[leaf.name]) == 1 and declared and leaf.operator not in ORDERINGS:
            values = leaf.value if leaf.operator in ("in", "not in") else (leaf.value,)
            if not any(read.contains(value) for value in values):
                raise SpaceError(
                    f"The condition of '{parameter.name}' ({leaf}) names "
                    f"{' and '.join(spell(value) for value in values)}, which '{leaf.name}' never "
                    f"is: its options are {read.values_text}."
                )
