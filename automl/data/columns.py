"""Reading one raw column: as numbers, dates, booleans or texts, the same way for every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from automl.data.unread import Tell

if TYPE_CHECKING:
    import pandas as pd

# Texts that mean "no value". pandas's own list (`pandas._libs.parsers.STR_NA_VALUES`) and "?",
# which the UCI repository's files use.
MISSING_TEXTS = (
    "", "?", "NA", "N/A", "n/a", "na", "NaN", "nan", "-NaN", "-nan", "NULL", "Null", "null",
    "None", "none", "<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
)  # fmt: skip

BOOLEAN_TEXTS = {"true": "1", "false": "0"}


# Ticks of a datetime64 in a day, by its unit.
PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class ColumnSource(StrEnum):
    """How a numeric feature's raw values become numbers."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


def clean(column: pd.Series) -> pd.Series:
    """Gives a column one of five dtypes: float64, int64, bool, datetime64 (naive UTC) or str.

    Texts are stripped, and the texts that mean a missing value become missing.
    """
    import pandas as pd

    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return clean(column.astype(dtype.categories.dtype))
    if isinstance(dtype, pd.DatetimeTZDtype):
        return cast("pd.Series", column.dt.tz_convert("UTC").dt.tz_localize(None))
    if isinstance(dtype, pd.StringDtype):
        texts = column.astype("str").str.strip()
        return texts.mask(texts.isin(MISSING_TEXTS))
    if dtype.kind == "M":
        return column
    if dtype.kind == "m":
        return cast("pd.Series", column.dt.total_seconds())
    if dtype.kind in "biuf":
        return _clean_numbers(column)
    return _clean_objects(column)


def _clean_numbers(column: pd.Series) -> pd.Series:
    if column.dtype.kind == "f" or column.isna().any():
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return _like(column, values)
    dtype = {"b": np.bool_, "i": np.int64, "u": np.float64}[column.dtype.kind]
    return _like(column, column.to_numpy(dtype=dtype))


def _clean_objects(column: pd.Series) -> pd.Series:
    import pandas as pd

    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        values = pd.to_numeric(column, errors="coerce")
        return _like(column, values.to_numpy(dtype=np.float64, na_value=np.nan))
    texts = np.array([_text(value) for value in column.tolist()], dtype=object)
    return clean(_like(column, texts).astype("str"))


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    # Half of a surrogate pair is no text and could not be written to any file.
    return str(value).encode("utf-8", "replace").decode()


def _like(column: pd.Series, values: npt.NDArray[Any]) -> pd.Series:
    import pandas as pd

    return pd.Series(values, index=column.index, name=column.name)


def is_text(cleaned: pd.Series) -> bool:
    """Whether a cleaned column holds texts."""
    import pandas as pd

    return isinstance(cleaned.dtype, pd.StringDtype)


@dataclass(frozen=True)
class ReadColumn:
    """A column as it was read.

    Attributes:
        values: float64, or datetime64 of a date; missing where a value is missing or unread.
        cleaned: The column before, cleaned, texts that count as missing taken out.
        unread: Which values cannot be read, bool (n,).
    """

    values: pd.Series
    cleaned: pd.Series
    unread: npt.NDArray[np.bool_]


def read_column(
    column: pd.Series,
    source: ColumnSource = ColumnSource.NUMBER,
    date_format: str = "",
    strays: Sequence[str] = (),
) -> ReadColumn:
    """Reads a column as numbers or dates.

    Args:
        column: Raw values of any dtype; of texts among other values each is read by itself.
        source: What the values are.
        date_format: Of dates, the format as for ``strptime``, or ``"ISO8601"``.
        strays: Texts that count as missing, for they stood among numbers in training.
    """
    import pandas as pd

    if column.dtype == object:
        texts = np.array([isinstance(value, str) for value in column], np.bool_)
        if texts.any() and column[~texts].notna().any():
            both = [
                read_column(part, source, date_format, strays)
                for part in (column[texts], column[~texts].infer_objects())
            ]
            unread = pd.concat([pd.Series(r.unread, index=r.cleaned.index) for r in both])
            return ReadColumn(
                pd.concat([read.values for read in both]).reindex(column.index),
                pd.concat([read.cleaned.astype(object) for read in both]).reindex(column.index),
                unread.reindex(column.index).to_numpy(np.bool_),
            )
    cleaned = clean(column)
    if strays and is_text(cleaned):
        cleaned = cleaned.mask(cleaned.isin(list(strays)))
    if source is ColumnSource.DATE:
        values = timestamps(cleaned, date_format)
    else:
        values = _like(cleaned, (booleans if source is ColumnSource.BOOLEAN else numbers)(cleaned))
    return ReadColumn(values, cleaned, values.isna().to_numpy() & cleaned.notna().to_numpy())


def numeric_values(
    column: pd.Series,
    source: ColumnSource = ColumnSource.NUMBER,
    date_format: str = "",
    strays: Sequence[str] = (),
    tell: Tell | None = None,
) -> npt.NDArray[np.float64]:
    """Reads a column as numbers; see `read_column`.

    Args:
        column: Raw values of any dtype.
        source: What the values are.
        date_format: Of dates, the format as for ``strptime``, or ``"ISO8601"``.
        strays: Texts that count as missing.
        tell: Called where values cannot be read.

    Returns:
        float64 (n,), NaN where a value is missing or cannot be read; dates as days since
        1970-01-01.
    """
    read = read_column(column, source, date_format, strays)
    if tell is not None:
        tell(read.cleaned, read.unread, unread_what(source, date_format))
    return days(read.values) if read.values.dtype.kind == "M" else read.values.to_numpy()


def unread_what(source: ColumnSource, date_format: str = "") -> str:
    """What values that cannot be read are not, for a sentence."""
    how = f" of the format {date_format}" if date_format not in ("", "ISO8601") else ""
    return f"no {source}{how}, so counted as missing"


def booleans(cleaned: pd.Series) -> npt.NDArray[np.float64]:
    """Reads true and false (or numbers) as 1 and 0: float64 (n,), NaN where it is neither."""
    if not is_text(cleaned):
        return numbers(cleaned)
    return numbers(cleaned.str.lower().replace(BOOLEAN_TEXTS))


def numbers(cleaned: pd.Series) -> npt.NDArray[np.float64]:
    """Reads a cleaned column as numbers, float64 (n,), NaN where it is not one."""
    import pandas as pd

    if cleaned.dtype.kind == "M":
        return np.full(len(cleaned), np.nan)
    if is_text(cleaned):
        cleaned = pd.to_numeric(cleaned, errors="coerce")
    return cleaned.to_numpy(dtype=np.float64, na_value=np.nan)


def timestamps(cleaned: pd.Series, date_format: str) -> pd.Series:
    """Reads a cleaned column as dates: datetime64, missing where it is no date."""
    import pandas as pd

    if is_text(cleaned):
        parsed = pd.to_datetime(cleaned, format=date_format, errors="coerce", utc=True)
        cleaned = parsed.dt.tz_localize(None)
    if cleaned.dtype.kind != "M":
        return _like(cleaned, np.full(len(cleaned), np.datetime64("NaT", "s")))
    return cleaned


def days(moments: pd.Series) -> npt.NDArray[np.float64]:
    """Dates, datetime64 (n,), as days since 1970-01-01: float64 (n,), NaN where missing."""
    values = moments.to_numpy()
    # Not by subtraction, which goes through nanoseconds and ends in the year 2262.
    ticks = PER_DAY[str(np.datetime_data(values.dtype)[0])]
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / ticks)


def dates(cleaned: pd.Series, date_format: str) -> npt.NDArray[np.float64]:
    """Reads a cleaned column as days since 1970-01-01: float64 (n,), NaN where it is no date."""
    return days(timestamps(cleaned, date_format))


def text_values(column: pd.Series) -> npt.NDArray[np.object_]:
    """Reads a column as texts: object (n,) of `str`, ``""`` where a value is missing.

    Whole numbers are written without a decimal point, so that a column of whole numbers gives
    the same texts whether or not some rows lack a value.
    """
    cleaned = clean(column)
    if not is_text(cleaned):
        cleaned = cleaned.astype("str")
    texts = cleaned.str.replace(r"^(-?\d+)\.0+$", r"\1", regex=True)
    filled = texts.mask(texts.isna(), "").to_numpy(dtype=object)
    return cast("npt.NDArray[np.object_]", filled)
