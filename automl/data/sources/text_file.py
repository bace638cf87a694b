"""Reading a CSV or TSV file: separator, header, encoding, and rows of unequal length."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.texts import is_number_text
from automl.data.memory import check_memory
from automl.data.say import Say
from automl.data.separators import (
    BLANKS,
    find_separator,
    named_in_text,
    values_between_blanks,
    values_between_gaps,
)
from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat, HowToRead
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Own choice: a header with fewer numbers among its names than this share is a header.
NUMBERS_IN_DATA = 0.25
LARGEST_FIELD = 10_000_000


def read_text_file(
    path: Path,
    names: Sequence[str] = (),
    say: Say | None = None,
    separator: str | None = None,
    raw: bytes | None = None,
) -> pd.DataFrame:
    """Reads a file of separated values.

    Every column comes as text, stripped of the spaces around it; what the texts mean is decided
    later, from all rows at once, so that one column never means two things.

    Args:
        path: The file. ``.tsv`` and ``.tab`` are separated by tabs; of others a first line such
            as ``sep=;`` decides, or what divides the first lines into equally many values: tabs,
            semicolons, bars, commas or blanks.
        names: Column names of a file without a header; a first line that repeats them is
            skipped.
        say: Called with what a person should be told.
        separator: What separates values, whatever the file looks like; a blank stands for any
            number of blanks.
        raw: The file's bytes, where they are at hand: unpacked, or from elsewhere.

    Raises:
        DataError: The file is empty, is not text, is larger than the memory, its rows differ in
            length, or a double quote in it is not closed.
    """
    named, content = named_in_text(_decoded(path, _bytes(path) if raw is None else raw))
    if not content.strip():
        raise DataError(f"The file {str(path)!r} is empty: give a file with a header and rows.")
    of_tabs = path.suffix.lower() in (".tsv", ".tab")
    expected = "\t" if of_tabs else ","
    separator = separator or named or (expected if of_tabs else find_separator(content))
    if separator != expected and say is not None:
        how = "blanks" if separator == BLANKS else repr(separator)
        say(f"{shown_name(path)}: values are separated by {how} (--separator overrules)")
    if separator == BLANKS:
        separator, content = ",", _with_commas(content)
    rows = None if _has_spaced_quotes(content, separator) else _fast(content, separator)
    if rows is None:
        rows = _careful(content, separator, path)
    if '"' in content:
        _check_quotes(content, separator, path, len(rows))
    return with_header(rows, list(names), path, say)


def _bytes(path: Path) -> bytes:
    try:
        # Its bytes, its text and its cells are in memory at one time.
        check_memory(path, 3 * path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"The file {str(path)!r} cannot be read: {error.strerror}.") from error


def _decoded(path: Path, raw: bytes) -> str:
    utf16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\x00" in raw[:4096] and not utf16:
        raise DataError(
            f"The file {str(path)!r} is not text: give CSV, TSV (as UTF-8), Parquet or NPZ."
        )
    try:
        content = raw.decode("utf-16" if utf16 else "utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"Line {line} of {str(path)!r} is not UTF-8 text: save the file as UTF-8, for example "
            f"with `iconv -f latin1 -t utf-8`."
        ) from error
    if "\x00" in content:
        line = content.count("\n", 0, content.index("\x00")) + 1
        raise DataError(
            f"Line {line} of {str(path)!r} holds a NUL character, as where writing was cut off: "
            "restore the file, or remove the line."
        )
    # Programs that save a file again may add a second mark of its byte order.
    return content.lstrip("\ufeff")


def _with_commas(content: str) -> str:
    """Lines of values between blanks as lines of quoted values between commas, one for one.

    Names in the first line may hold single blanks where the gaps between columns are wider.
    """
    lines = content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    split = [values_between_blanks(line) if line.strip() else [] for line in lines]
    filled = [i for i, values in enumerate(split) if values]
    if len(filled) > 1 and len(split[filled[0]]) != len(split[filled[1]]):
        split[filled[0]] = values_between_gaps(lines[filled[0]])
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for values in split:
        writer.writerow(values) if values else out.write("\n")
    return out.getvalue()


def _fast(content: str, separator: str) -> pd.DataFrame | None:
    """All lines as rows of text, by Arrow; None where it finds something odd."""
    import pyarrow as pa
    import pyarrow.csv

    try:
        columns = len(next(csv.reader(io.StringIO(content, newline=""), delimiter=separator), []))
    except csv.Error:
        columns = 0
    if columns == 0:
        return None
    if not separator.isascii():  # Arrow takes one byte
        return None
    names = [str(i) for i in range(columns)]
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(content.encode("utf-8")),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=1 << 24),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _has_spaced_quotes(content: str, separator: str) -> bool:
    """Whether quotes follow spaces, as in `1, "a, b"`, which Arrow does not know."""
    pattern = rf'(?:^|[{re.escape(separator)}\r\n]) +"'
    return ' "' in content and re.search(pattern, content) is not None


def _check_quotes(content: str, separator: str, path: Path, rows: int | None = None) -> None:
    """Finds values that go on over line ends because of a double quote too many.

    Both readers take the lines up to the next quote, or all that follow, for one value, and so
    lose rows in silence. Odd quotes within one line are read as pandas and Arrow do it.

    Args:
        content: The file's text.
        separator: What separates values.
        path: The file, for the message.
        rows: How many rows were found (as many as lines, if no value has a line end in it), or
            None where that is not known.

    Raises:
        DataError: A value with a line end in it is not quoted as it should be.
    """
    one_a_line = rows == content.count("\n") + (not content.endswith("\n"))
    # Then only the last one can have been cut off.
    start = content.rstrip("\r\n").rfind("\n") + 1 if one_a_line else 0
    line, last, wrong = content.count("\n", 0, start) + 1, [""], False
    for lines in _lines_of_rows(content[start:], separator):
        wrong = len(lines) > 1 and _is_misquoted(lines, separator)
        if wrong:
            break
        line, last = line + len(lines), lines
    if not wrong and _is_misquoted(last, separator):
        line, wrong = line - len(last), True
    if wrong:
        raise DataError(
            f"Line {line} of {str(path)!r} has a double quote that is not closed, or text behind "
            "the one that closes it: remove the quote, or write it twice within a quoted value."
        )


def _lines_of_rows(text: str, separator: str) -> Iterator[list[str]]:
    """The lines that each row is made of."""
    taken: list[str] = []

    def feed() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    limit = csv.field_size_limit(len(text) + 1)
    try:
        for _ in csv.reader(feed(), delimiter=separator, skipinitialspace=True):
            yield taken[:]
            taken.clear()
    finally:
        csv.field_size_limit(limit)


def _is_misquoted(lines: list[str], separator: str) -> bool:
    try:
        list(csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error as error:
        return len(lines) > 1 or "end of data" in str(error)
    return False


def _careful(content: str, separator: str, path: Path) -> pd.DataFrame:
    """All lines as rows of text, by Python's reader, which knows where a row is odd."""
    import pandas as pd

    reader = csv.reader(
        io.StringIO(content, newline=""), delimiter=separator, skipinitialspace=True
    )
    limit = csv.field_size_limit(LARGEST_FIELD)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if not row or (len(row) == 1 and not row[0].strip() and rows and len(rows[0]) > 1):
                continue
            if rows and len(row) != len(rows[0]):
                _check_quotes(content, separator, path)
                above = "remove lines above the names of the columns, " * (len(rows[0]) == 1)
                raise DataError(
                    f"Line {reader.line_num} of {str(path)!r} has {len(row)} values where the "
                    f"first line has {len(rows[0])}: {above}give every row the same number of "
                    "values (text with a separator in it needs double quotes)."
                )
            rows.append(row)
    except csv.Error as error:
        raise DataError(
            f"Line {reader.line_num} of {str(path)!r} cannot be read as separated values: {error}."
        ) from error
    finally:
        csv.field_size_limit(limit)
    return pd.DataFrame(rows, columns=[str(i) for i in range(len(rows[0]))], dtype="str")


def shown_name(path: Path) -> str:
    """A file's name as it can be printed, whatever its bytes are."""
    return path.name.encode("utf-8", "backslashreplace").decode()


def with_header(rows: pd.DataFrame, names: list[str], path: Path, say: Say | None) -> pd.DataFrame:
    """Takes column names from the first row, unless names were given that it does not repeat.

    Raises:
        DataError: There is no row below the names, or not a name for each column.
    """
    first = ["" if value is None else str(value).strip() for value in rows.iloc[0].tolist()]
    if names and len(names) != len(first):
        raise DataError(
            f"Got {len(names)} column names (--names), but {str(path)!r} has {len(first)} "
            "columns: give one name for each."
        )
    if names and first == names and say is not None:
        say(f"{shown_name(path)}: the first line repeats the names, so it is taken as the header")
    has_header = not names or first == names
    frame = rows.iloc[1:] if has_header else rows
    if len(frame) == 0:
        raise DataError(f"The file {str(path)!r} has a header but no rows: give rows below it.")
    frame = _without_headers(frame, names or first, path, say)
    frame = frame.reset_index(drop=True)
    frame.columns = pd_index([n or f"unnamed_{i}" for i, n in enumerate(names or first)])
    return frame


def _without_headers(
    frame: pd.DataFrame, header: Sequence[str], path: Path, say: Say | None
) -> pd.DataFrame:
    """Rows but those that repeat the header, as in files that were put one behind another."""
    named = [(place, name) for place, name in enumerate(header) if name]
    repeated = np.ones(len(frame), np.bool_)
    for place, name in named:
        left = np.flatnonzero(repeated)
        values = frame.iloc[left, place].tolist()
        repeated[left] = [str(value).strip(" \t\ufeff") == name for value in values]
        if not repeated.any():
            break
    # One column alone may hold its name as any other word, and numbers may be a first row of data.
    is_header = len(named) > 1 and not all(is_number_text(name) for _, name in named)
    if not is_header or looks_like_data(header) or not repeated.any() or repeated.all():
        return frame
    if say is not None:
        count = int(repeated.sum())
        said = "line below the header repeats it and is left out"
        if count > 1:
            said = "lines below the header repeat it and are left out"
        say(f"{shown_name(path)}: {count:,} {said}")
    return frame[~repeated]


def pd_index(names: Sequence[str]) -> Any:
    """Column labels as pandas takes them."""
    import pandas as pd

    return pd.Index(list(names), dtype=object)


def looks_like_data(header: Sequence[str]) -> bool:
    """Whether a header is probably a row of data: a good part of its names are numbers.

    Names counted from 0 or 1 are what an unnamed table is saved with, so they are names.
    """
    numeric = [name for name in header if is_number_text(name)]
    if len(numeric) < NUMBERS_IN_DATA * len(header):
        return False
    counted = [[str(i) for i in range(start, start + len(numeric))] for start in (0, 1)]
    return numeric not in counted


def _read(content: Content, how: HowToRead) -> pd.DataFrame:
    separator = how.separator
    if content.suffix in (".tsv", ".tab") and separator is None:
        separator = "\t"
    return read_text_file(content.path, how.names, how.say, separator, content.raw)


FORMAT = FileFormat(
    "CSV, TSV", (".csv", ".tsv", ".tab", ".txt", ".data", ".dat"), _read, is_text=True
)
