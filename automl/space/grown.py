"""Spaces of this package that have grown since a run recorded what it searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from automl.space.choice import Choice
from automl.space.numeric import Float, Int
from automl.vocabulary.layers import NONE, NUMERIC_EMBEDDING

if TYPE_CHECKING:
    from automl.space.hyperparameter import Hyperparameter
    from automl.space.search_space import SearchSpace

#: Modules of this package's builders.
_BUILDERS = "automl.search_spaces."
#: What models had before there was a hyperparameter for it, where that is not its default.
BEFORE: Mapping[str, Any] = {NUMERIC_EMBEDDING: NONE}


def has_only_grown(space: SearchSpace, recorded: SearchSpace) -> bool:
    """Whether a space is the one that a record has, with more hyperparameters or options.

    Args:
        space: The space as it is asked for now.
        recorded: The one of the record, which may be narrowed.
    """
    is_same = (space.name, space.inputs) == (recorded.name, recorded.inputs)
    return is_same and offers(space, recorded.hyperparameters)


def offers(space: SearchSpace, hyperparameters: Sequence[Hyperparameter]) -> bool:
    """Whether a space has all of some hyperparameters, with all of their values.

    Args:
        space: The space as it is now.
        hyperparameters: Those of a record; it may leave out some that the space has.
    """
    known = {parameter.key: parameter for parameter in space.hyperparameters}
    return all(one.key in known and _is_within(one, known[one.key]) for one in hyperparameters)


def value_before(space: SearchSpace, parameter: Hyperparameter) -> Any:
    """What a configuration of a record means that does not name an active hyperparameter.

    Args:
        space: The space as it is now.
        parameter: One of its hyperparameters.
    """
    is_built_here = str(getattr(space.build, "__module__", "")).startswith(_BUILDERS)
    if is_built_here and parameter.name in BEFORE:
        return BEFORE[parameter.name]
    return parameter.default


def _is_within(recorded: Hyperparameter, now: Hyperparameter) -> bool:
    """Whether a hyperparameter takes all values that its record takes."""
    if isinstance(recorded, Choice) and isinstance(now, Choice):
        return {*map(_told_apart, recorded.options)} <= {*map(_told_apart, now.options)}
    if isinstance(recorded, Int | Float) and type(recorded) is type(now):
        assert isinstance(now, Int | Float)
        return now.low <= recorded.low and recorded.high <= now.high
    return recorded.to_json() == now.to_json()


def _told_apart(option: object) -> tuple[type, object]:
    """An option beside its type: 1 and True are two."""
    return type(option), option
