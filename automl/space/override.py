"""Fixing, narrowing and restricting hyperparameters of a space (``--set``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Boolean, Choice
from automl.space.condition import to_tuple
from automl.space.describe import nearest
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int, is_number


def override_hyperparameters(
    space: str, hyperparameters: Sequence[Hyperparameter], changes: Mapping[str, Any]
) -> tuple[Hyperparameter, ...]:
    """The hyperparameters with changes applied (see `SearchSpace.override`).

    Raises:
        SpaceError: A name is unknown, or a value out of range.
    """
    changed = list(hyperparameters)
    for name, change in changes.items():
        indices = [i for i, p in enumerate(changed) if name in (p.name, p.key)]
        if not indices:
            known = list(dict.fromkeys(parameter.name for parameter in hyperparameters))
            raise SpaceError(
                f"Search space '{space}' has no hyperparameter '{name}'; {nearest(name, known)}"
            )
        for index, parameter in zip(
            indices, _apply(name, [changed[i] for i in indices], change), strict=True
        ):
            changed[index] = parameter
    return tuple(changed)


def _apply(
    name: str, variants: Sequence[Hyperparameter], change: Any
) -> Iterable[Hyperparameter]:
    """The variants of one name, changed: those that the change does not fit are set to it."""
    made: list[Hyperparameter | None] = []
    errors: list[SpaceError] = []
    for variant in variants:
        try:
            made.append(narrowed(variant, change))
        except SpaceError as error:
            made.append(None)
            errors.append(error)
    if len(errors) == len(variants):
        if len(errors) == 1:
            raise errors[0]
        ranges = "; ".join(f"{variant.key}: {variant.values_text}" for variant in variants)
        raise SpaceError(f"{change!r} does not fit '{name}' anywhere; expected one of: {ranges}.")
    model = next(variant for variant in made if variant is not None)
    for variant, fitting in zip(variants, made, strict=True):
        yield fitting if fitting is not None else _as_set(variant, model)


def _as_set(variant: Hyperparameter, model: Hyperparameter) -> Hyperparameter:
    """The values of one variant under the key and condition of another."""
    return replace(
        model,
        when=variant.when,
        otherwise=variant.otherwise,
        label=variant.label,
        help=variant.help,
        source=variant.source,
    )


def narrowed(parameter: Hyperparameter, change: Any) -> Hyperparameter:
    """One hyperparameter fixed, narrowed or restricted.

    Raises:
        SpaceError: The change is out of range or cannot be read.
    """
    if isinstance(parameter, Choice):
        return _narrowed_choice(parameter, change)
    if isinstance(parameter, Int | Float):
        return _narrowed_number(parameter, change)
    raise TypeError(f"{type(parameter).__name__} cannot be narrowed.")
