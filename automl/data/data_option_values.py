"""Values of the options about the data: how they are written, and what is possible."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from automl.common.option_values import of_types, text
from automl.data.clipping import Clip
from automl.data.separators import checked_separator
from automl.errors import DataError, RequestError

DECIMAL_MARKS = (".", ",")
#: A column's name or position.
column_or_position = of_types("a column's name or position", str, Integral)


def parse_rows(flag: str, given: str) -> str | float:
    """Reads a share of rows (0.2 or 20%) as a number, unless there is a file of that name."""
    if os.path.exists(given):  # noqa: PTH110 - an odd text is no error here
        return given
    try:
        return float(given[:-1]) / 100 if given.endswith("%") else float(given)
    except ValueError:
        return given


def parse_of_columns(example: str) -> Any:
    """What reads the ``COLUMN=VALUE`` of an option that may be repeated.

    Args:
        example: How it is written.
    """

    def parse(flag: str, given: Sequence[str]) -> Mapping[str, str]:
        values: dict[str, str] = {}
        for part in given:
            column, equals, value = part.rpartition("=")
            if not equals or not column.strip():
                raise RequestError(
                    f"{flag} {part} names no column and value; write it like {example}."
                )
            values[column.strip()] = value
        return values

    return parse


def parse_class_weight(flag: str, given: str) -> str | Mapping[str, float]:
    """Reads ``balanced``, or weights such as ``yes=2,no=1``.

    Raises:
        RequestError: It is neither.
    """
    if "=" not in given:
        return given
    weights: dict[str, float] = {}
    for part in given.split(","):
        label, _, weight = part.rpartition("=")
        try:
            weights[label.strip()] = float(weight)
        except ValueError:
            raise RequestError(
                f"{flag} {given} cannot be read at {part!r}; write balanced, or a weight "
                "for each class, such as yes=2,no=1."
            ) from None
    return weights


def columns(name: str, value: Any) -> tuple[Any, ...]:
    """Columns by name or position, one or several."""
    if hasattr(value, "tolist"):  # an array, or the columns of a table
        return columns(name, value.tolist())
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (value,)
    return tuple(value)


def column_names(name: str, value: Any) -> tuple[str, ...]:
    """Names as a list, as a text with commas, or from a file with one a line.

    Raises:
        RequestError: It is none of these.
        DataError: There is no such file, or it cannot be read.
    """
    if hasattr(value, "tolist"):  # as for `columns`
        return column_names(name, value.tolist())
    expected = "names as a list, a text with commas, or a file of names"
    names = of_types(expected, str, Path, Iterable)(name, value)
    if isinstance(names, Path) or (isinstance(names, str) and "," not in names):
        path = Path(names)
        if os.path.isfile(path):  # noqa: PTH113 - a text that no file can have for a name is none
            try:
                lines = path.read_text(encoding="utf-8-sig").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise DataError(f"The names in {str(path)!r} cannot be read: {error}.") from error
            return tuple(line.strip() for line in lines if line.strip())
    if isinstance(names, Path):
        raise DataError(f"There is no file {str(names)!r} with column names.")
    if isinstance(names, str):
        return tuple(name.strip() for name in names.split(",")) if names.strip() else ()
    return tuple(str(name) for name in names)


def separator(name: str, value: Any) -> str | None:
    """What separates the values of text files; see `checked_separator`."""
    return checked_separator(of_types("a character, or a name such as 'tab'", str)(name, value))


def decimal_mark(name: str, value: Any) -> str:
    """A decimal mark.

    Raises:
        RequestError: It is none.
    """
    if of_types("'.' or ','", str)(name, value) not in DECIMAL_MARKS:
        raise RequestError(
            f"The decimal mark {value!r} is not possible: give {DECIMAL_MARKS[0]!r} or "
            f"{DECIMAL_MARKS[1]!r}, or leave it out for what each column shows."
        )
    return str(value)


def cycles(name: str, value: Any) -> Mapping[Any, str]:
    """Columns and the cycles in which a date's place is told.

    Raises:
        RequestError: There is no such cycle.
    """
    expected = "a dictionary of columns to cycles such as 'year,week'"
    asked: Mapping[Any, str] = of_types(expected, Mapping)(name, value)
    from automl.data.columns.cycles import (  # a help text needs no NumPy
        NO_CYCLES,
        Cycle,
        parse_cycles,
    )

    for one, given in asked.items():
        try:
            parse_cycles(str(given))
        except ValueError:
            raise RequestError(
                f"The cycles {given!r} of column {str(one)!r} are none: give some of "
                f"{', '.join(Cycle)} with commas between them, or {NO_CYCLES}."
            ) from None
    return asked


def date_formats(name: str, value: Any) -> Mapping[Any, str]:
    """Columns and the formats of their dates.

    Raises:
        RequestError: One is no format.
    """
    expected = "a dictionary of columns to formats such as '%d.%m.%Y'"
    asked: Mapping[Any, str] = of_types(expected, Mapping)(name, value)
    import pandas as pd

    for one, given in asked.items():
        try:
            pd.to_datetime(pd.Series(["1"], dtype="str"), format=text(name, given), errors="coerce")
        except ValueError as error:
            raise RequestError(
                f"The date format {given!r} of column {str(one)!r} cannot be read by ({error}): "
                "write it as for strptime, such as %d.%m.%Y."
            ) from error
    return asked


def clip_kind(name: str, value: Any) -> Any:
    """How numbers are clipped; see `Clip.of`."""
    Clip.of(text(name, value))
    return value


def share_or_rows(name: str, value: Any) -> Any:
    """A share of the rows, of test rows none too; anything else is taken for rows.

    Raises:
        RequestError: The share is not possible.
    """
    is_share = isinstance(value, int | float) and not isinstance(value, bool)
    possible = is_share and (0 < value < 1 or (name == "test" and value == 0))
    if isinstance(value, int | float) and not possible:
        raise RequestError(
            f"A {name} share of {value} is not possible: give a number "
            f"{'above' if name == 'validation' else 'from'} 0 and below 1, or rows."
        )
    return value


def class_weight_option(name: str, value: Any) -> Any:
    """``"balanced"``, or the weight of each class.

    Raises:
        RequestError: It is neither.
    """
    expected = "'balanced', or the weight of each class in a dictionary"
    weights = of_types(expected, str, Mapping)(name, value)
    if isinstance(weights, str) and weights != "balanced":
        raise RequestError(
            f"Unknown class weight {weights!r}: give 'balanced', or a weight for each class."
        )
    for label, weight in weights.items() if isinstance(weights, Mapping) else ():
        is_number = isinstance(weight, Real) and not isinstance(weight, bool)
        if not is_number or abs(weight) > sys.float_info.max:
            raise RequestError(
                f"The weight {weight!r:.60} of class {str(label)!r} is no number, or none that a "
                "float holds; give one above 0."
            )
    return weights
