"""Hyperparameters given beside a builder, as KerasTuner's ``hyperparameters=``: they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.errors import RequestError, SpaceError
from automl.space.hyperparameter import Hyperparameter
from automl.space.keras_tuner import SHARE
from automl.space.search_space import SearchSpace
from automl.space.serialization import hyperparameter_from_json


def with_hyperparameters(
    space: SearchSpace,
    forms: Sequence[Mapping[str, Any]],
    tune_new_entries: bool = True,
    allow_new_entries: bool = True,
) -> SearchSpace:
    """The space with hyperparameters that somebody has given for it.

    As in KerasTuner a hyperparameter that is given counts in place of the one that the builder
    declares under that name, with its range and default.

    Args:
        space: A space of a builder in KerasTuner's form, traced.
        forms: JSON forms of those that are given.
        tune_new_entries: Whether the builder's others are searched; else they have their defaults.
        allow_new_entries: Whether the builder may have others.

    Raises:
        RequestError: The space is another one.
        SpaceError: The builder has others, and must not.
    """
    if not forms and tune_new_entries and allow_new_entries:
        return space
    if space.inputs != "array":
        raise RequestError(
            f"hyperparameters is for builders in KerasTuner's form, and the space {space.name!r} "
            "is another; give values and ranges as settings (--set)."
        )
    given = {form["name"]: hyperparameter_from_json(form) for form in forms}
    shares = [name for name in space.names if name.removesuffix(SHARE) in given]
    # Where somebody gives the range, there is no share of it to be searched: the value itself is.
    space = space.with_hyperparameters(
        replace(one, name=one.name.removesuffix(SHARE)) if one.name in shares else one
        for one in space.hyperparameters
    )
    others = [name for name in space.names if name not in given]
    if others and not allow_new_entries:
        raise SpaceError(
            f"The builder of space {space.name!r} has hyperparameters that are not given "
            f"({', '.join(others)}), and allow_new_entries is False; give them too, or leave it "
            "out."
        )
    made = space.with_hyperparameters(
        _in_place(given, one) for one in space.hyperparameters
    ).extended(one for name, one in given.items() if name not in space.names)
    if tune_new_entries:
        return made
    fixed = {one.key: one.default for one in space.hyperparameters if one.name not in given}
    return made.override(fixed) if fixed else made


def _in_place(given: Mapping[str, Hyperparameter], declared: Hyperparameter) -> Hyperparameter:
    """What counts for a declared hyperparameter, under the builder's own condition."""
    one = given.get(declared.name, declared)
    return replace(one, when=declared.when, otherwise=declared.otherwise, label=declared.label)
