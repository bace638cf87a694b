"""All rows of a table in one place: sources joined, columns by their parts, bad rows out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.column import clean, numeric_values, read_column, text_values
from automl.data.columns.cycles import parse_cycles
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind, Conventions
from automl.data.dataset import Dataset, check_width, places, weights_in_memory
from automl.data.kinds.roles import Roles, find_roles
from automl.data.kinds.table.rows import TableRows
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import Loaded
from automl.data.targets.label_lists import clean_target
from automl.data.targets.missing import PART_NAMES, with_target
from automl.data.weights import column_weights
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def combine_tables(
    request: DataRequest, parts: Sequence[pd.DataFrame | None], source: Loaded, say: Say
) -> Dataset:
    """Joins all rows of a request; see `Kind.combine`."""
    import pandas as pd

    main = parts[0]
    assert main is not None
    roles = find_roles(request, main, source.target, source.from_text)
    mend = "leave columns out with --ignore, "
    check_width(request, len(roles.features), len(main), mend)
    for name, rows in zip(PART_NAMES[1:], parts[1:], strict=True):
        if rows is not None:
            _check_columns(rows, roles, name)
    present = [(number, rows) for number, rows in enumerate(parts) if rows is not None]
    part, row = places([(number, len(rows)) for number, rows in present])
    declared = _declared(main, roles, say)
    joined = _cleaned([rows for _, rows in present], roles, declared, say)
    raw = [[_column(rows, t) for t in roles.targets] for _, rows in present]
    keep = with_target(pd.DataFrame({t: joined[t] for t in roles.targets}), part, raw, say)
    kept = {name: column[keep].reset_index(drop=True) for name, column in joined.items()}
    part, row = part[keep], row[keep]
    conventions = Conventions(
        request.decimal,
        request.day_first or None,
        roles.date_format,
        roles.numeric,
        {name: parse_cycles(given) for name, given in roles.cycles.items()},
    )
    weight = weights_in_memory(request, present, keep)
    if roles.weight is not None:
        weight = column_weights(kept[roles.weight], conventions)
    time, dated = None, False
    if roles.time is not None:
        time, dated = _times(kept[roles.time], part, conventions, say)
    return Dataset(
        part=part,
        row=row,
        targets=pd.DataFrame({t: kept[t] for t in roles.targets}),
        rows=TableRows(pd.DataFrame({f: kept[f] for f in roles.features}), declared, conventions),
        declared=declared,
        weight=weight,
        weight_name=roles.weight,
        group=None if roles.group is None else _groups(kept[roles.group], part, say),
        time=time,
        fold=None if roles.fold is None else _folds(kept[roles.fold], part, say),
        dated=dated,
    )


def _cleaned(
    present: Sequence[pd.DataFrame], roles: Roles, declared: Collection[str], say: Say
) -> dict[str, pd.Series]:
    """The columns that play a part, each cleaned, of all rows."""
    columns = {}
    for c in present[0].columns:
        if c in {*roles.needed, roles.group, roles.fold, roles.time}:
            of = [_column(rows, c) for rows in present]
            is_target = c in roles.targets and c not in roles.features
            cleaned = clean_target(of, c in declared, say) if is_target else [*map(clean, of)]
            columns[c] = _joined(cleaned)
    return columns


def _declared(main: pd.DataFrame, roles: Roles, say: Say) -> tuple[str, ...]:
    """Features and targets that are categories by the person's word: an option, or their dtype."""
    import pandas as pd

    names = []
    for name in (*roles.features, *roles.targets):
        dtype = main[name].dtype
        if name in roles.categorical:
            names.append(name)
        elif isinstance(dtype, pd.CategoricalDtype):
            names.append(name)
            if dtype.categories.dtype.kind in "iuf":
                say(f"column {name!r} is taken as categories, as its type in pandas says")
    return tuple(names)


def _joined(parts: list[pd.Series]) -> pd.Series:
    """A column of all parts, so that no part changes how another is read.

    Returns:
        One of the dtypes of `clean`, or where parts differ in it ``object``, each value as it is.
    """
    import pandas as pd

    ends = np.cumsum([len(part) for part in parts])
    for part, end in zip(parts, ends, strict=True):
        part.index = pd.RangeIndex(end - len(part), end)
    held = [part for part in parts if part.notna().any()] or parts
    kinds = {part.dtype.kind if part.dtype.kind in "ifM" else str(part.dtype) for part in held}
    if len(kinds) > 1 and not kinds <= {"i", "f"}:
        held = [part.astype(object) for part in held]
    joined: pd.Series = pd.concat(held)
    return joined.reindex(pd.RangeIndex(ends[-1]))


def _check_columns(rows: pd.DataFrame, roles: Roles, what: str) -> None:
    for name in roles.needed:
        if name not in rows.columns:
            raise DataError(
                f"The {what} have no column {name!r}, which the other rows have"
                f"{did_you_mean(name, [str(c) for c in rows.columns])}"
            )


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column, or missing values where the rows do not need it (group and time)."""
    import pandas as pd

    if name in rows.columns:
        return rows[name]
    return pd.Series([None] * len(rows), name=name, dtype=object)


def _groups(column: pd.Series, part: npt.NDArray[np.int64], say: Say) -> npt.NDArray[Any]:
    _refuse_lacking(column, part, "group")
    say(f"column {column.name!r} groups the rows and is not learnt from")
    return text_values(column).astype(str)


def _folds(column: pd.Series, part: npt.NDArray[np.int64], say: Say) -> npt.NDArray[Any]:
    _refuse_lacking(column, part, "fold")
    say(f"column {column.name!r} says which fold each row is in and is not learnt from")
    return np.where(part == 0, text_values(column).astype(str), "")


def _refuse_lacking(column: pd.Series, part: npt.NDArray[np.int64], role: str) -> None:
    lacking = int(column[part == 0].isna().sum())
    if lacking:
        raise DataError(
            f"The {role} column {column.name!r} lacks a value in {lacking:,} rows: give every row "
            f"a {role}, or remove these rows."
        )


def _times(
    column: pd.Series, part: npt.NDArray[np.int64], conventions: Conventions, say: Say
) -> tuple[npt.NDArray[np.float64], bool]:
    main = clean(column[part == 0])
    _refuse_lacking(main, part[part == 0], "time")
    found = infer_column(main, say, conventions)
    unread = read_column(main, replace(found.reading, strays=())).unread
    if unread.any():
        example = main[unread].iloc[0]
        raise DataError(
            f"The time column {column.name!r} holds {str(example)!r}, which is neither a number "
            "nor a date: write dates as 2024-12-31."
        )
    say(f"column {column.name!r} orders the rows in time and is not learnt from")
    # Only the rows of part 0 are ordered by it.
    return numeric_values(column, found.reading), found.kind is ColumnKind.DATE
