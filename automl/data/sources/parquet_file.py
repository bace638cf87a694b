"""Reading a Parquet file: whole, checked, and only what fits into memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.texts import first_line
from automl.data.memory import check_memory, fits_memory
from automl.data.sources.file_format import FileFormat
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Bytes of a value in memory, at least.
VALUE = 8


def read_parquet(path: Path, raw: bytes | None = None) -> pd.DataFrame:
    """Reads a Parquet file.

    Args:
        path: The file.
        raw: Its bytes, where they are at hand: unpacked, or from elsewhere.

    Returns:
        Its columns under the names that the file gives them, without what pandas wrote as index.

    Raises:
        DataError: The file cannot be read, does not fit into memory, or a column holds lists.
    """
    import pyarrow as pa
    import pyarrow.parquet

    with arrow_errors_explained(path, "Parquet"):
        source = path if raw is None else pa.BufferReader(raw)
        with pyarrow.parquet.ParquetFile(source, page_checksum_verification=True) as file:
            check_columns(file.schema_arrow, path)
            check_memory(path, _stored_size(file.metadata))
            texts = _endless_texts(file)
        source = path if raw is None else pa.BufferReader(raw)
        with pyarrow.parquet.ParquetFile(
            source, page_checksum_verification=True, read_dictionary=texts
        ) as file:
            table = file.read()
        table.validate(full=True)
        check_memory(path, _unfolded_size(table))
        table = without_index(_unfolded(table, texts))
        # Not by pandas' notes in the file: they cannot be read for every kind of label, and where
        # they are damaged they give columns other names than the file does.
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        for name in _categorical(table):
            frame[name] = frame[name].astype("category")
    return frame


@contextmanager
def arrow_errors_explained(path: Path, title: str) -> Iterator[None]:
    """Says of which file it is what Arrow raises, and what damaged notes of pandas lead to.

    Raises:
        DataError: Something of that was raised.
    """
    import pyarrow as pa

    try:
        yield
    except (
        pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError,
        OverflowError, MemoryError, RecursionError,
    ) as error:  # fmt: skip
        raise DataError(
            f"The file {str(path)!r} cannot be read as {title}: {first_line(error)}."
        ) from error


def check_columns(schema: Any, path: Path) -> None:
    """Refuses what has no place in a table.

    Raises:
        DataError: A column holds lists or parts of its own.
    """
    import pyarrow as pa

    for field in schema:
        if pa.types.is_nested(field.type):
            raise DataError(
                f"Column {field.name!r} of {str(path)!r} holds values of type {field.type}: give "
                "one number or text in each row (lists of labels are read from JSON lines)."
            )


def _stored_size(metadata: Any) -> int:
    """Bytes that the file unpacks to, texts that many rows share counted once."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    unpacked = int(sum(max(0, group.total_byte_size) for group in groups))
    rows = int(max(metadata.num_rows, sum(group.num_rows for group in groups)))
    return max(unpacked, VALUE * rows * int(metadata.num_columns))


def _endless_texts(file: Any) -> list[str]:
    """Columns of texts that could burst the memory: a megabyte may stand in each row, stored once.

    They are read with each text once, which takes twice as long, so that their size can be told.
    """
    metadata = file.metadata
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    found = []
    for number, field in enumerate(file.schema_arrow):
        chunks = [group.column(number) for group in groups]
        most = sum(chunk.num_values * chunk.total_uncompressed_size for chunk in chunks)
        if _is_text(field.type) and not fits_memory(most):
            found.append(field.name)
    return found


def _unfolded_size(table: Any) -> int:
    """Bytes of the table with every text in each of its rows."""
    import pyarrow as pa
    import pyarrow.compute

    size = VALUE * table.num_rows * table.num_columns
    for column in table.columns:
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            for chunk in column.chunks:
                lengths = pyarrow.compute.binary_length(chunk.dictionary).cast(pa.int64())
                size += pyarrow.compute.sum(lengths.take(chunk.indices)).as_py() or 0
    return int(size)


def _unfolded(table: Any, names: list[str]) -> Any:
    """The table with the texts of some columns in each of their rows."""
    for name in names:
        number = table.schema.get_field_index(name)
        column = table.column(number)
        plain = column.cast(column.type.value_type)
        table = table.set_column(number, table.schema.field(number).with_type(plain.type), plain)
    return table


def without_index(table: Any) -> Any:
    """The table without the columns that a data frame had as its index when it was written."""
    notes = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    # A range of numbers is described by an object, and has no column.
    index = [name for name in notes.get("index_columns", []) if isinstance(name, str)]
    return table.drop_columns([name for name in index if name in table.column_names])


def _categorical(table: Any) -> list[str]:
    """Columns that were of pandas' category type, which Parquet keeps of texts alone."""
    notes = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    columns = notes.get("columns", [])
    names = [c.get("field_name", c.get("name")) for c in columns if _is_categorical(c)]
    return [name for name in dict.fromkeys(names) if table.column_names.count(name) == 1]


def _is_categorical(column: Any) -> bool:
    return isinstance(column, dict) and column.get("pandas_type") == "categorical"


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_large_binary(kind)
    )


FORMAT = FileFormat(
    "Parquet",
    (".parquet", ".pq"),
    lambda content, _: read_parquet(content.path, content.raw),
    starts=(b"PAR1",),
)
