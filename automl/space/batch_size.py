"""The batch size as an option of a search (``--batch-size``), whatever its space."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from automl.errors import RequestError
from automl.space.choice import Choice
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Int
from automl.space.search_space import SearchSpace

NAME = "batch_size"
USUAL = 32
"""The default of a range that holds it, as in `keras.Model.fit`."""


def batch_sizes(given: Any) -> Hyperparameter:
    """The hyperparameter that the option stands for in a space without one.

    Args:
        given: A number of rows, several in a list or as ``"32,64"``, or a range ``"16:256"``.

    Raises:
        RequestError: It is none of these.
    """
    low, colon, high = str(given).partition(":")
    if isinstance(given, str) and colon:
        least, most = _rows(low, given), _rows(high, given)
        if least > most:
            raise _wrong(given)
        if least < most:
            default = min(max(USUAL, least), most)
            return Int(NAME, least, most, log=True, default=default)
        given = [least]
    parts = given.split(",") if isinstance(given, str) else given
    several = parts if isinstance(parts, list | tuple) else [parts]
    options = list(dict.fromkeys(_rows(part, given) for part in several))
    if not options:
        raise _wrong(given)
    return Choice(NAME, options, default=min(options, key=lambda rows: abs(rows - USUAL)))


def checked_batch_size(name: str, given: Any) -> Any:
    """A batch size as it is recorded: several numbers as a tuple.

    Raises:
        RequestError: It is none.
    """
    several = isinstance(given, Iterable) and not isinstance(given, str)
    sizes = tuple(given) if several else given
    batch_sizes(sizes)
    return sizes


def _rows(part: Any, given: Any) -> int:
    try:
        rows = int(part)
    except (TypeError, ValueError):
        raise _wrong(given) from None
    if rows < 1 or isinstance(part, bool) or rows != float(part):
        raise _wrong(given)
    return rows


def _wrong(given: Any) -> RequestError:
    return RequestError(
        f"--batch-size is {given}; give rows in a step, as a whole number above 0 (64), several "
        "(32,64) or a range (16:256)."
    )


def with_batch_size(space: SearchSpace, given: Any) -> SearchSpace:
    """The space with the batch size that was asked for.

    A space that has ``batch_size`` gets it fixed or narrowed; any other gets it as one more
    hyperparameter, so that every trial's record holds the batch size that it was trained with.

    Args:
        space: Any space, traced.
        given: See `batch_sizes`; None for what the space has.

    Raises:
        RequestError: It is no batch size.
        SpaceError: The space's own range does not hold it.
    """
    if given is None:
        return space
    added = batch_sizes(given)
    if all(parameter.name != NAME for parameter in space.hyperparameters):
        return space.extended([added])
    if isinstance(added, Choice):
        options = added.options
        return space.override({NAME: options[0] if len(options) == 1 else list(options)})
    return space.override({NAME: given})
