"""Which column of a table plays which part: target, weight, group, time, feature."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from automl.common.names import did_you_mean
from automl.data.request import BY_ORDER, SHUFFLED, DataRequest
from automl.data.sources.text_file import looks_like_data
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Roles:
    """The columns of a table by the part they play; all are names.

    Where rows are reconstructed, features are targets too.
    """

    targets: tuple[str, ...]
    features: tuple[str, ...]
    categorical: tuple[str, ...]
    weight: str | None = None
    group: str | None = None
    fold: str | None = None
    split: str | None = None
    time: str | None = None
    date_format: Mapping[str, str] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()
    cycles: Mapping[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that rows for validation and test must have too."""
        weight = () if self.weight is None else (self.weight,)
        return (*self.features, *self.targets, *weight)


def find_roles(
    request: DataRequest, frame: pd.DataFrame, known_target: Sequence[str], from_text: bool
) -> Roles:
    """Finds the columns that a request names.

    Args:
        request: The request; names come before positions, and positions count from 0.
        frame: The table.
        known_target: Target columns that the source itself knows.
        from_text: Whether the header was read from a text file, which may have none.

    Raises:
        DataError: A column is not there, or plays two parts that exclude each other.
    """
    columns = [str(name) for name in frame.columns]
    hint = header_hint(request, columns) if from_text else ""

    def find(given: str | int | None, part: str) -> str | None:
        return None if given is None else find_column(given, columns, part, hint)

    if not request.target and not known_target and not request.reconstructs:
        raise DataError(
            "No target was given: say which column to learn with --target; "
            f"the columns are {', '.join(repr(c) for c in columns[:12])}"
            + (", ..." if len(columns) > 12 else ".")
        )
    asked = request.target or tuple(known_target)
    targets = tuple(find_column(t, columns, "target", hint) for t in asked)
    roles = {
        "weight": find(request.weight, "weight") if isinstance(request.weight, str | int) else None,
        "group": find(request.group, "group"),
        "fold": find(request.fold_column, "fold"),
        "split": find(request.split_column, "split"),
        "time": find(_time_column(request, columns), "time"),
    }
    ignore = {find_column(c, columns, "ignored", hint) for c in request.ignore}
    categorical = tuple(find_column(c, columns, "categorical", hint) for c in request.categorical)
    _check_targets(targets, [*roles.items(), *(("ignored", name) for name in ignore)])
    taken = {*targets, *ignore, *roles.values()}
    features = tuple(c for c in columns if c not in taken)
    if not features:
        raise DataError("Besides the target there is no column to learn from: give at least one.")
    dates = {
        find_column(c, columns, "date", hint): f for c, f in (request.date_format or {}).items()
    }
    numeric = tuple(find_column(c, columns, "numeric", hint) for c in request.numeric)
    _check_numeric(numeric, targets, categorical, dates)
    cycles = {find_column(c, columns, "date", hint): f for c, f in (request.cycles or {}).items()}
    return Roles(
        features if request.reconstructs else targets,
        features,
        categorical,
        **roles,
        date_format=dates,
        numeric=numeric,
        cycles=cycles,
    )


def _check_targets(targets: Sequence[str], others: Sequence[tuple[str, str | None]]) -> None:
    """Checks that no target was named twice, nor for another part as well."""
    for part, name in others:
        if name in targets:
            raise DataError(f"The column {name!r} cannot be both target and {part}: give one part.")
    if len(set(targets)) < len(targets):
        raise DataError(f"The target {targets[0]!r} was given twice: give each target once.")


def _check_numeric(
    numeric: Sequence[str],
    targets: Collection[str],
    categorical: Collection[str],
    dates: Collection[str],
) -> None:
    for name in numeric:
        if name in targets:
            raise DataError(f"The target {name!r} is taken as numbers with --task regression.")
        if name in categorical or name in dates:
            other = "--categorical" if name in categorical else "--date-format"
            raise DataError(f"The column {name!r} cannot be both --numeric and {other}: give one.")


def _time_column(request: DataRequest, columns: Sequence[str]) -> str | int | None:
    """The column that was named, or None where a word for the order was."""
    given = request.split_by_time
    return None if given in (BY_ORDER, SHUFFLED) and given not in columns else given


def header_hint(request: DataRequest, columns: Sequence[str]) -> str:
    """What may be wrong with a text file in which a column is not found, or ``""``.

    Args:
        request: The request.
        columns: What was read as the names of its columns.
    """
    if not request.names and looks_like_data(columns):
        return "; the first line of the file looks like data: give the column names with --names."
    if len(columns) == 1 and request.separator is None:
        return (
            f"; all of the first line, {columns[0]!r}, was read as one name: if another character "
            "separates the values, name it with --separator."
        )
    return ""


def find_column(given: str | int, columns: Sequence[str], part: str, hint: str = "") -> str:
    """The name of a column that is given by its name or its position.

    Args:
        given: The name, or the position, counted from 0 or from the end.
        columns: The names of all.
        part: What the column is for, in a word.
        hint: What to say where it is not found, beginning with a semicolon; "" to guess a name.

    Raises:
        DataError: There is none.
    """
    text = str(given).strip()
    if not isinstance(given, int) and text in columns:
        return text
    try:
        position = int(text)
    except ValueError:
        raise DataError(
            f"There is no {part} column {text!r}{hint or did_you_mean(text, columns)}"
        ) from None
    if hint and len(columns) > 1:
        raise DataError(
            f"The {part} column was given by its position {position}, but without a header it has "
            f"no name{hint}"
        )
    if not -len(columns) <= position < len(columns):
        raise DataError(
            f"There is no {part} column at position {position}: the table has {len(columns)} "
            f"columns, counted from 0 to {len(columns) - 1} (-1 is the last){hint or '.'}"
        )
    return columns[position]
