"""JSON: lines with an object each, a list of objects, or an object of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.texts import is_json, valid_text
from automl.data.memory import check_memory
from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat, HowToRead
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Bytes of a value as Python holds it, beside its text (own choice, from a measurement).
OVERHEAD = 8


def read_json(path: Path, raw: bytes) -> pd.DataFrame:
    """Reads records.

    Args:
        path: The file, for messages.
        raw: Its bytes.

    Returns:
        A row for each record, its columns in the order in which records first name them; a key
        that a record lacks is a missing value there.

    Raises:
        DataError: The file does not hold records of plain values and lists.
    """
    import pandas as pd

    check_memory(path, OVERHEAD * len(raw))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"Line {line} of {str(path)!r} is not UTF-8 text: save the file as UTF-8."
        ) from error
    records = list(_records(text, path))
    names = list(dict.fromkeys(name for record in records for name in record))
    if not records or not names:
        raise DataError(f"The file {str(path)!r} holds no records: give rows.")
    return pd.DataFrame({name: _column([r.get(name) for r in records]) for name in names})


def _column(values: list[Any]) -> Any:
    """Numbers, truths and texts as they are; a column of both keeps each value."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if kinds == {str}:
        values = [v if v is None else valid_text(v) for v in values]
    return pd.Series(values, dtype=object if len(kinds - {int, float}) > 1 else None)


def _records(text: str, path: Path) -> Iterator[dict[str, Any]]:
    whole = _whole(text, path)
    if whole is None:
        lines = enumerate(text.split("\n"), start=1)
        found = (
            (f"Line {n}", _parsed(line, path, f"Line {n}")) for n, line in lines if line.strip()
        )
    else:
        found = ((f"Record {n}", record) for n, record in enumerate(whole, start=1))
    for where, record in found:
        if not isinstance(record, dict):
            raise DataError(
                f"{where} of {str(path)!r} holds a {type(record).__name__} where a record was "
                'expected: give objects such as {"a": 1, "b": "x"}, one a line or in a list.'
            )
        for name, value in record.items():
            if name != valid_text(name):
                raise DataError(
                    f"{where} of {str(path)!r} has the name {name!r}, which is no valid text (half "
                    "of a surrogate pair): rename it."
                )
            if isinstance(value, dict):
                raise DataError(
                    f"{where} of {str(path)!r} holds a {type(value).__name__} under {name!r}: give "
                    "one number or text under each name."
                )
        yield record


def _whole(text: str, path: Path) -> list[Any] | None:
    """The records of a file that is one JSON value, or None where each line is one."""
    start = text.lstrip()[:1]
    first = text.lstrip().split("\n", 1)[0]
    if start == "{" and (is_json(first) and text.strip() != first.strip()):
        return None
    if start not in ("[", "{"):
        raise DataError(
            f"The file {str(path)!r} is not JSON: give objects, one a line or in a list."
        )
    value = _parsed(text, path, "The content")
    if isinstance(value, list):
        return value
    if value and all(isinstance(column, list) for column in value.values()):
        if len({len(column) for column in value.values()}) == 1:
            return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
        raise DataError(f"The columns in {str(path)!r} differ in length: give equally many values.")
    return [value]


def _parsed(text: str, path: Path, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise DataError(f"{where} of {str(path)!r} is nested too deeply: give records.") from error
    except ValueError as error:
        raise DataError(f"{where} of {str(path)!r} is not JSON: {error}.") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one record")
    return record


RECORDS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"')


def _read(content: Content, _: HowToRead) -> pd.DataFrame:
    with content.file() as file:
        return read_json(content.path, file.read())


FORMAT = FileFormat(
    "JSON lines",
    (".jsonl", ".ndjson", ".json"),
    _read,
    claims=lambda start: RECORDS.match(start) is not None,
)
