"""Excel: the first sheet of a workbook, its numbers, dates and texts as they were typed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.common.texts import first_line
from automl.data.memory import check_memory
from automl.data.say import Say
from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat
from automl.data.sources.text_file import shown_name, with_header
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Formats of whole numbers that show zeros in front, as that of postal codes does.
_ZEROS = re.compile("0{2,20}")
UNREADABLE: tuple[type[Exception], ...] = (
    *UNREADABLE_ARCHIVE,
    ParseError,
    TypeError,
    IndexError,
    AttributeError,
    RecursionError,
    MemoryError,
    AssertionError,
)


def read_excel(content: Content, names: Sequence[str] = (), say: Say | None = None) -> pd.DataFrame:
    """Reads the first sheet that is not hidden.

    Args:
        content: A workbook (.xlsx or .xlsm).
        names: Column names of a sheet without a header.
        say: Called with what a person should be told.

    Returns:
        The rows below the first that holds something. A formula counts with the value that was
        stored with it, an error (``#DIV/0!``) as missing.

    Raises:
        DataError: The workbook cannot be read or does not fit into memory, or has no rows.
    """
    try:
        with content.file() as file:
            _check_size(file, content.path)
            rows, uncomputed = _first_sheet(file, content.path, say)
    except UNREADABLE as error:
        raise DataError(
            f"The file {str(content.path)!r} cannot be read as Excel: {first_line(error)}; save it "
            "again as .xlsx or CSV."
        ) from error
    if uncomputed and say is not None:
        say(
            f"{shown_name(content.path)}: {uncomputed:,} formulas were stored without a value and "
            "count as missing (open and save the file in Excel to store them)"
        )
    if not rows:
        raise DataError(f"The file {str(content.path)!r} is empty: give a header and rows.")
    frame = _framed(rows)
    frame = with_header(frame, list(names), content.path, say)
    for name in range(frame.shape[1]):
        frame.isetitem(name, _typed(frame.iloc[:, name]).array)
    return frame


def _check_size(file: IO[bytes], path: Path) -> None:
    """Refuses a workbook that unpacks to more than the memory."""
    with zipfile.ZipFile(file) as archive:
        # A cell of a few bytes of XML is one Python object.
        check_memory(path, 4 * sum(info.file_size for info in archive.infolist()))
    file.seek(0)


def _first_sheet(file: IO[bytes], path: Path, say: Say | None) -> tuple[list[list[Any]], int]:
    """The rows of the sheet, and how many formulas in it have no value."""
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True, data_only=True)
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    sheet = (shown or book.worksheets)[0]
    if len(book.worksheets) > 1 and say is not None:
        say(
            f"{shown_name(path)}: the first of {len(book.worksheets)} sheets, {sheet.title!r}, is "
            "read (save another one as a file of its own)"
        )
    sheet.reset_dimensions()  # what the file says of them may be wrong
    rows = [[_value(cell) for cell in row] for row in sheet.iter_rows()]
    book.close()
    if not any(None in row for row in rows):
        return rows, 0
    file.seek(0)
    formulas = load_workbook(file, read_only=True, data_only=False)[sheet.title]
    formulas.reset_dimensions()
    uncomputed = sum(
        cell.data_type == "f" and value is None
        for cells, values in zip(formulas.iter_rows(), rows, strict=False)
        for cell, value in zip(cells, values, strict=False)
    )
    return rows, uncomputed


def _value(cell: Any) -> Any:
    value = cell.value
    if cell.data_type == "e" or (isinstance(value, str) and not value.strip()):
        return None
    if type(value) is int and _ZEROS.fullmatch(cell.number_format):  # a code: 00501
        return f"{value:0{len(cell.number_format)}}"
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def _framed(rows: list[list[Any]]) -> pd.DataFrame:
    """Rows of equal length, without those and the columns that hold nothing."""
    import pandas as pd

    filled = [row for row in rows if any(value is not None for value in row)]
    width = max((len(row) for row in filled), default=0)
    frame = pd.DataFrame([row + [None] * (width - len(row)) for row in filled], dtype=object)
    return frame.loc[:, frame.notna().any()]


def _typed(column: pd.Series) -> pd.Series:
    """A column of one kind as that kind; of numbers and texts each value as it is."""
    import pandas as pd

    present = column[column.notna()]
    kinds = {type(value) for value in present}
    if kinds == {datetime}:
        return pd.to_datetime(column)
    if kinds and kinds <= {int, float}:
        return pd.to_numeric(column)
    if datetime in kinds:  # among texts: written as text
        texts = [_written(value) for value in column]
        return pd.Series(texts, index=column.index, name=column.name, dtype=object)
    return column if len(kinds) > 1 else column.infer_objects()


def _written(value: Any) -> Any:
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return value


FORMAT = FileFormat(
    "Excel",
    (".xlsx", ".xlsm"),
    lambda content, how: read_excel(content, how.names, how.say),
    archive=lambda names: any(name.startswith("xl/") for name in names),
)
