"""All rows of a request in one place: sources joined, columns by their parts, bad rows out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.column import clean, clean_apart, numeric_values, read_column, text_values
from automl.data.columns.cycles import parse_cycles
from automl.data.columns.infer import infer_column
from automl.data.columns.schema import ColumnKind, Conventions
from automl.data.kinds.table.roles import Roles, find_roles
from automl.data.request import BY_ORDER, SHUFFLED, DataRequest
from automl.data.say import Say
from automl.data.sources import ArrayPair, Loaded, load
from automl.data.targets.missing import PART_NAMES, with_target
from automl.data.weights import are_weights, column_weights, given_weights
from automl.errors import DataError, RequestError

if TYPE_CHECKING:
    import pandas as pd


# What a request says of columns by their names.
OF_COLUMNS = (
    "ignore", "names", "group", "fold_column", "weight", "categorical", "numeric", "date_format",
    "cycles",
)  # fmt: skip


@dataclass(frozen=True)
class Combined:
    """All rows of all sources.

    Attributes:
        part: Of each row, 0 if it is to be split, 1 if it was given for validation, 2 for test.
        row: Of each row, its number in its source, counted from 1 without the header; int64 (n,).
        targets: The target columns, cleaned, without missing values; ``object`` where parts, or
            rows, hold values of different kinds.
        table: The feature columns, each part cleaned, or None for array data; a column whose
            parts differ in their dtype is ``object``.
        x: Array data (n, *shape), or None for a table.
        categorical: Names of columns that were declared categorical.
        conventions: How the person says that values are written.
        weight: Weight of each row, float64 (n,), or None.
        weight_name: The column that the weights come from, or None.
        group: Group of each row, (n,), or None.
        fold: Fold of each row as a column has it, texts (n,), "" of rows given for a part; or None.
        time: Time of each row, float64 (n,), or None.
        dated: Whether that is a date, in days since 1970.
        in_order: Whether that is only the order that the rows are in.
        fingerprint: SHA-256 of the sources' content, in hexadecimal.
    """

    part: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    targets: pd.DataFrame
    table: pd.DataFrame | None
    x: npt.NDArray[Any] | None
    categorical: tuple[str, ...] = ()
    conventions: Conventions = field(default_factory=Conventions)
    weight: npt.NDArray[np.float64] | None = None
    weight_name: str | None = None
    group: npt.NDArray[Any] | None = None
    time: npt.NDArray[np.float64] | None = None
    fingerprint: str = ""
    in_order: bool = False
    fold: npt.NDArray[Any] | None = None
    dated: bool = False

    @property
    def frame(self) -> pd.DataFrame:
        """The feature columns of a table.

        Raises:
            ValueError: This is array data.
        """
        if self.table is None:
            raise ValueError("array data have no table")
        return self.table

    @property
    def is_image_like(self) -> bool:
        """Whether a row is a block of numbers of rank two or more."""
        return self.x is not None and self.x.ndim > 2


def combine(request: DataRequest, say: Say) -> Combined:
    """Reads all sources of a request and joins their rows.

    Args:
        request: The request.
        say: Called with what a person should be told.

    Raises:
        DataError: A source cannot be read, or its rows cannot be used.
        RequestError: An option does not fit the kind of source.
    """
    main = load(request.source, request.names, say, request.separator)
    given = [_given(request, part, main, say) for part in ("validation", "test")]
    digest = hashlib.sha256(main.digest)
    for loaded in given:
        digest.update(b"-" if loaded is None else loaded.digest)
    parts = [main.main, *(None if loaded is None else loaded.main for loaded in given)]
    kinds = {isinstance(rows, ArrayPair) for rows in parts if rows is not None}
    if len(kinds) == 2:
        raise DataError(
            "Some rows came as a table and others as arrays: give all of them in one form."
        )
    if kinds == {True}:
        combined = _combine_arrays(request, parts, digest.hexdigest(), say)
    else:
        combined = _combine_tables(request, parts, main, digest.hexdigest(), say)
    if combined.weight is None or combined.weight_name is not None:
        return combined
    digest.update(combined.weight.tobytes())  # weights in memory are no part of the sources
    return replace(combined, fingerprint=digest.hexdigest())


def _given(request: DataRequest, part: str, main: Loaded, say: Say) -> Loaded | None:
    """Rows given for validation or test, by the request or by the source itself."""
    asked = getattr(request, part)
    own = getattr(main, part)
    if asked is not None and not isinstance(asked, int | float):
        return load(asked, request.names, say, request.separator)
    return None if own is None else Loaded(own)


def _combine_tables(
    request: DataRequest,
    parts: list[pd.DataFrame | None],
    source: Loaded,
    fingerprint: str,
    say: Say,
) -> Combined:
    import pandas as pd

    main = parts[0]
    assert main is not None
    roles = find_roles(request, main, source.target, source.from_text)
    if len(roles.features) > len(main) and not request.allow_wide:
        raise DataError(
            f"There are more columns ({len(roles.features):,}) than rows ({len(main):,}), which "
            "hardly ever learns anything: give more rows, leave columns out with --ignore, or "
            "insist with --allow-wide."
        )
    for name, rows in zip(PART_NAMES[1:], parts[1:], strict=True):
        if rows is not None:
            _check_columns(rows, roles, name)
    present = [(number, rows) for number, rows in enumerate(parts) if rows is not None]
    part = np.concatenate([np.full(len(rows), number) for number, rows in present])
    wanted = [c for c in main.columns if c in {*roles.needed, roles.group, roles.fold, roles.time}]
    declared = _declared(main, roles, say)
    joined = {}
    for c in wanted:
        of = [_column(rows, c) for _, rows in present]
        is_target = c in roles.targets
        joined[c] = _joined([clean_apart(x, c in declared) if is_target else clean(x) for x in of])
    raw = [[_column(rows, t) for t in roles.targets] for _, rows in present]
    keep = with_target(pd.DataFrame({t: joined[t] for t in roles.targets}), part, raw, say)
    kept = {name: column[keep].reset_index(drop=True) for name, column in joined.items()}
    row = np.concatenate([np.arange(1, len(rows) + 1) for _, rows in present])[keep]
    part = part[keep]
    conventions = Conventions(
        request.decimal,
        request.day_first or None,
        roles.date_format,
        roles.numeric,
        {name: parse_cycles(given) for name, given in roles.cycles.items()},
    )
    weight = _given_weights(request, present, keep)
    if roles.weight is not None:
        weight = column_weights(kept[roles.weight], conventions)
    time, dated = None, False
    if roles.time is not None:
        time, dated = _times(kept[roles.time], part, conventions, say)
    return Combined(
        part=part,
        row=row,
        targets=pd.DataFrame({t: kept[t] for t in roles.targets}),
        table=pd.DataFrame({f: kept[f] for f in roles.features}),
        x=None,
        categorical=declared,
        conventions=conventions,
        weight=weight,
        weight_name=roles.weight,
        group=None if roles.group is None else _groups(kept[roles.group], part, say),
        time=time,
        fingerprint=fingerprint,
        fold=None if roles.fold is None else _folds(kept[roles.fold], part, say),
        dated=dated,
    )


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
                f"{did_you_mean(name, rows.columns)}"
            )


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    """A column, or missing values where the rows do not need it (group and time)."""
    import pandas as pd

    if name in rows.columns:
        return rows[name]
    return pd.Series([None] * len(rows), name=name, dtype=object)


def _given_weights(
    request: DataRequest, present: list[tuple[int, Any]], keep: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64] | None:
    """Weights that were given in memory, of the rows that are kept; None without any."""
    given = request.weight
    if not are_weights(given) and not isinstance(given, Mapping):
        return None
    rows = len(keep) if len(present) == 1 else 0
    return given_weights(given, rows, len(present) > 1)[keep]


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


def _combine_arrays(
    request: DataRequest, parts: list[ArrayPair | None], fingerprint: str, say: Say
) -> Combined:
    import pandas as pd

    if request.split_by_time not in (None, BY_ORDER, SHUFFLED):
        raise RequestError(
            f"Option --split-by-time {request.split_by_time} names a column, but arrays have none: "
            "give order, for the order that the rows are in."
        )
    for option in OF_COLUMNS:
        given = getattr(request, option)
        if option == "weight" and not isinstance(given, str | int):
            continue
        if given not in (None, ()):
            flag = "--" + option.replace("_", "-")
            raise RequestError(f"Option {flag} names a column, but arrays have none: give a table.")
    present = [(number, pair) for number, pair in enumerate(parts) if pair is not None]
    first = present[0][1]
    for number, pair in present[1:]:
        if (pair.x.shape[1:], pair.y.shape[1:]) != (first.x.shape[1:], first.y.shape[1:]):
            raise DataError(
                f"A row of the {PART_NAMES[number]} has the shapes {pair.x.shape[1:]} and "
                f"{pair.y.shape[1:]}, but the first rows have {first.x.shape[1:]} and "
                f"{first.y.shape[1:]}: give rows of one shape."
            )
    part = np.concatenate([np.full(len(pair.x), number) for number, pair in present])
    x = first.x if len(present) == 1 else np.concatenate([pair.x for _, pair in present])
    y = first.y if len(present) == 1 else np.concatenate([pair.y for _, pair in present])
    frame = _array_targets(y, request, say)
    targets = pd.DataFrame({name: clean_apart(frame[name]) for name in frame.columns})
    keep = with_target(targets, part, [[] for _ in present], say)
    row = np.concatenate([np.arange(1, len(pair.x) + 1) for _, pair in present])[keep]
    if not keep.all():
        targets, part, x = targets[keep].reset_index(drop=True), part[keep], x[keep]
    if len(x.shape) == 2 and x.shape[1] > int((part == 0).sum()) and not request.allow_wide:
        raise DataError(
            f"There are more columns ({x.shape[1]:,}) than rows ({int((part == 0).sum()):,}), "
            "which hardly ever learns anything: give more rows, or insist with --allow-wide."
        )
    return Combined(
        part=part,
        row=row,
        targets=targets,
        table=None,
        x=x,
        weight=_given_weights(request, present, keep),
        fingerprint=fingerprint,
    )


def _array_targets(y: npt.NDArray[Any], request: DataRequest, say: Say) -> pd.DataFrame:
    """The targets as named columns; one-hot rows become class numbers."""
    import pandas as pd

    if y.dtype.kind not in "biufOUST":
        raise DataError(f"Array y holds values of type {y.dtype}: give numbers or class labels.")
    is_block = y.ndim > 2
    if is_block:
        say(
            f"a row of y has the shape {y.shape[1:]}: its numbers are learnt together, and a model "
            "of your own that answers in that shape is trained on it as it is"
        )
        y = y.reshape(len(y), -1)
    width = 1 if y.ndim == 1 else y.shape[1]
    names = [str(t) for t in request.target]
    if names and len(names) != width:
        raise DataError(
            f"Got {len(names)} target names, but y has {width} columns: give one for each."
        )
    if (
        y.ndim == 2
        and not is_block
        and request.task != "multilabel"
        and not names
        and _is_one_hot(y)
    ):
        say(f"y is one-hot: its {width} columns are taken as {width} classes, counted from 0")
        y, width = y.argmax(axis=1), 1
    if width == 1:
        return pd.DataFrame({names[0] if names else "target": y.reshape(-1)})
    return pd.DataFrame({(names[i] if names else f"target_{i}"): y[:, i] for i in range(width)})


def _is_one_hot(y: npt.NDArray[Any]) -> bool:
    if y.dtype.kind not in "biuf":
        return False
    return bool(np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all())
