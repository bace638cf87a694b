"""Reading one raw column: as numbers, dates, booleans or texts, the same way for every row."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from automl.common.texts import valid_text
from automl.data.columns.date_format import ISO, read_dates, read_times
from automl.data.columns.number_format import NumberFormat
from automl.data.columns.unread import Tell
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Texts that mean "no value". pandas's own list (`pandas._libs.parsers.STR_NA_VALUES`) and "?",
# which the UCI repository's files use, and the errors that a spreadsheet shows.
MISSING_TEXTS = (
    "", "?", "NA", "N/A", "n/a", "na", "NaN", "nan", "-NaN", "-nan", "NULL", "Null", "null",
    "None", "none", "<NA>", "#N/A", "#NA", "#N/A N/A", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN",
    "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!",
)  # fmt: skip

BOOLEAN_TEXTS = {"true": "1", "false": "0"}


# Formats of dates that are whole numbers, by how many digits they have.
DIGIT_DATES = {"%Y%m": 6, "%Y%m%d": 8, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}

# Ticks of a datetime64 in a day, by its unit.
PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


class ColumnSource(StrEnum):
    """How a numeric feature's raw values become numbers."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


def clean(column: pd.Series, keep_words: bool = False) -> pd.Series:
    """Gives a column one of five dtypes: float64, int64, bool, datetime64 (naive UTC) or str.

    Texts are stripped, and the texts that mean a missing value become missing.

    Args:
        column: Raw values of any dtype.
        keep_words: Whether such texts stay, as labels, all but the empty one.

    Raises:
        DataError: It holds lists.
    """
    import pandas as pd

    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return clean(column.astype(dtype.categories.dtype), keep_words)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return cast("pd.Series", column.dt.tz_convert("UTC").dt.tz_localize(None))
    if isinstance(dtype, pd.StringDtype):
        texts = column.astype("str").str.strip()
        return texts.mask(texts.isin(("",) if keep_words else MISSING_TEXTS))
    if dtype.kind == "M":
        return column
    if dtype.kind == "m":  # as a CSV file has them, so that they are hours here as there
        texts = column.astype("str").str.replace("days$", "days 00:00:00", regex=True)
        return cast("pd.Series", texts.where(column.notna()))
    if dtype.kind in "biuf":
        return _clean_numbers(column)
    return _clean_objects(column, keep_words)


def holds_lists(column: pd.Series) -> bool:
    """Whether a raw column has lists among its values; a source gives them as tuples."""
    return column.dtype == object and any(isinstance(value, tuple) for value in column)


def clean_apart(column: pd.Series, keep_words: bool = False) -> pd.Series:
    """As `clean`, but where texts stand among other values, each is cleaned by itself.

    Returns:
        One of the dtypes of `clean`, or ``object`` where there are both: words in some rows then
        do not make texts of the numbers in others.
    """
    if column.dtype != object:
        return clean(column, keep_words)
    texts = np.array([isinstance(value, str) for value in column], np.bool_)
    if not texts.any() or not column[~texts].notna().any():
        return clean(column, keep_words)
    apart = column.copy()
    apart[texts] = clean(column[texts], keep_words).astype(object)
    apart[~texts] = clean(column[~texts].infer_objects()).astype(object)
    return apart


def _is_true_or_false(column: pd.Series) -> bool:
    """Whether a raw column holds nothing but true, false and gaps."""
    import pandas as pd

    if column.dtype == object:
        return pd.api.types.infer_dtype(column, skipna=True) == "boolean"
    return column.dtype.kind == "b" and bool(column.isna().any())


def _clean_numbers(column: pd.Series) -> pd.Series:
    if column.dtype.kind == "b" and column.isna().any():  # as of objects: true, false or missing
        return _clean_objects(column.astype(object).where(column.notna(), None), False)
    if column.dtype.kind == "f" or column.isna().any():
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return _like(column, values)
    dtype = {"b": np.bool_, "i": np.int64, "u": np.float64}[column.dtype.kind]
    return _like(column, column.to_numpy(dtype=dtype))


def _clean_objects(column: pd.Series, keep_words: bool) -> pd.Series:
    import pandas as pd

    if holds_lists(column):
        row = next(n for n, value in enumerate(column, start=1) if isinstance(value, tuple))
        raise DataError(
            f"Column {column.name!r} holds a list in row {row:,}, and only a target may hold lists "
            "(of labels): give one number or text in each row, or leave the column out with "
            "--ignore."
        )
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred in ("integer", "floating", "mixed-integer-float", "decimal"):
        values = pd.to_numeric(column.map(_held), errors="coerce")
        if values.dtype.kind == "i":  # floats would change labels beyond 2^53
            return _like(column, values.to_numpy(np.int64))
        return _like(column, values.to_numpy(dtype=np.float64, na_value=np.nan))
    texts = np.array([_text(value) for value in column.tolist()], dtype=object)
    return clean(_like(column, texts).astype("str"), keep_words)


def _held(value: Any) -> Any:
    """A value; of a whole number that is beyond all floats, infinity, as of such a text."""
    if isinstance(value, int) and abs(value) > sys.float_info.max:
        return math.inf if value > 0 else -math.inf
    return value


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return valid_text(str(value))


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


@dataclass(frozen=True)
class Reading:
    """How a column's raw values become numbers.

    Attributes:
        source: What the values are.
        date_format: Of dates, the format as for ``strptime``, or ``"ISO8601"``.
        strays: Texts that count as missing, for they stood among the others in training.
        number_format: How numbers are written where they are texts.
    """

    source: ColumnSource = ColumnSource.NUMBER
    date_format: str = ""
    strays: tuple[str, ...] = ()
    number_format: NumberFormat = field(default_factory=NumberFormat)

    def not_read(self) -> str:
        """What values that cannot be read are not, for a sentence."""
        how = f" of the format {self.date_format}" if self.date_format not in ("", ISO) else ""
        described = self.number_format.describe()
        how += f" as training has them ({described})" if described else ""
        return f"no {self.source}{how}, so counted as missing"

    def joined(self, other: Reading) -> Reading | None:
        """A reading that gives every value that either gives; None where there is none.

        Texts that count as missing may differ: that one was among the training rows is only told,
        unless it would be read, as a day that stands for none.
        """
        strays = tuple(dict.fromkeys((*self.strays, *other.strays)))
        whole = replace(self, strays=strays)
        if whole != replace(other, strays=strays):
            return None
        apart = set(self.strays) ^ set(other.strays)
        is_read = self.source is ColumnSource.DATE and bool(_days_of(apart, self).notna().any())
        return None if is_read else whole


def read_column(column: pd.Series, reading: Reading, is_clean: bool = False) -> ReadColumn:
    """Reads a column as numbers or dates.

    Args:
        column: Raw values of any dtype; of texts among other values each is read by itself.
        reading: How they are read. Numbers that are no texts are taken as they are.
        is_clean: Whether `clean` gave the column, which then need not be done again.
    """
    import pandas as pd

    if column.dtype == object:
        texts = np.array([isinstance(value, str) for value in column], np.bool_)
        if texts.any() and column[~texts].notna().any():
            both = [
                read_column(part, reading)
                for part in (column[texts], column[~texts].infer_objects())
            ]
            unread = pd.concat([pd.Series(r.unread, index=r.cleaned.index) for r in both])
            return ReadColumn(
                pd.concat([read.values for read in both]).reindex(column.index),
                pd.concat([read.cleaned.astype(object) for read in both]).reindex(column.index),
                unread.reindex(column.index).to_numpy(np.bool_),
            )
    if reading.source is ColumnSource.NUMBER and _is_true_or_false(column):
        # 1 and 0 as without gaps; a model of an older version learnt them so.
        column = _like(column, column.to_numpy(dtype=np.float64, na_value=np.nan))
    cleaned = column if is_clean and column.dtype != object else clean(column)
    if reading.strays and is_text(cleaned):
        cleaned = cleaned.mask(cleaned.isin(list(reading.strays)))
    values = _read_cleaned(cleaned, reading)
    if reading.strays and reading.source is ColumnSource.DATE:
        no_date = _are_strays(values, reading)
        cleaned, values = cleaned.mask(no_date), values.mask(no_date)
    return ReadColumn(values, cleaned, values.isna().to_numpy() & cleaned.notna().to_numpy())


def _are_strays(moments: pd.Series, reading: Reading) -> npt.NDArray[np.bool_]:
    """Which dates are one of the days that count as missing, however they are written."""
    days = _days_of(reading.strays, reading).dropna().to_numpy().astype("datetime64[D]")
    return np.isin(moments.to_numpy().astype("datetime64[D]"), days)


def _days_of(texts: Collection[str], reading: Reading) -> pd.Series:
    """Texts as the dates that a reading makes of them."""
    import pandas as pd

    return timestamps(pd.Series(list(texts), dtype="str"), reading.date_format)


def _read_cleaned(cleaned: pd.Series, reading: Reading) -> pd.Series:
    if reading.source is ColumnSource.DATE:
        return timestamps(cleaned, reading.date_format)
    if reading.source is ColumnSource.BOOLEAN:
        return _like(cleaned, booleans(cleaned))
    if not is_text(cleaned):
        return _like(cleaned, numbers(cleaned))
    if reading.source is ColumnSource.TIME:
        return _like(cleaned, read_times(cleaned))
    return _like(cleaned, reading.number_format.read(cleaned))


def numeric_values(
    column: pd.Series, reading: Reading = Reading(), tell: Tell | None = None
) -> npt.NDArray[np.float64]:
    """Reads a column as numbers; see `read_column`.

    Args:
        column: Raw values of any dtype.
        reading: How they are read.
        tell: Called where values cannot be read.

    Returns:
        float64 (n,), NaN where a value is missing or cannot be read; dates as days since
        1970-01-01, times of day as hours.
    """
    read = read_column(column, reading)
    if tell is not None:
        tell(read.cleaned, read.unread, reading.not_read())
    return days(read.values) if read.values.dtype.kind == "M" else read.values.to_numpy()


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
    if cleaned.dtype == object:  # of texts among other values, dates are no numbers
        known = [isinstance(value, str | int | float | np.number) for value in cleaned]
        cleaned = cleaned.where(np.array(known, np.bool_))
    if is_text(cleaned) or cleaned.dtype == object:
        cleaned = pd.to_numeric(cleaned, errors="coerce")
    return cleaned.to_numpy(dtype=np.float64, na_value=np.nan)


def timestamps(cleaned: pd.Series, date_format: str) -> pd.Series:
    """Reads a cleaned column as dates: datetime64, missing where it is no date.

    Whole numbers are dates only of a format that has nothing but digits, such as 20240131.
    """
    if cleaned.dtype.kind in "if" and date_format in DIGIT_DATES:
        cleaned = digits(cleaned)
    if is_text(cleaned):
        return read_dates(cleaned, date_format)
    if cleaned.dtype.kind != "M":
        return _like(cleaned, np.full(len(cleaned), np.datetime64("NaT", "s")))
    return cleaned


def digits(cleaned: pd.Series) -> pd.Series:
    """Whole numbers as texts, missing where a number is missing or not whole."""
    import pandas as pd

    values = cleaned.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        whole = (values == np.round(values)) & (np.abs(values) < 2**53)
    texts = np.where(whole, values, 0).astype(np.int64).astype(str).astype(object)
    return pd.Series(texts, cleaned.index, name=cleaned.name, dtype="str").where(whole)


def days(moments: pd.Series) -> npt.NDArray[np.float64]:
    """Dates, datetime64 (n,), as days since 1970-01-01: float64 (n,), NaN where missing."""
    values = moments.to_numpy()
    # Not by subtraction, which goes through nanoseconds and ends in the year 2262.
    ticks = PER_DAY[str(np.datetime_data(values.dtype)[0])]
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / ticks)


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
