"""Reading a Parquet file: whole, checked, and only what fits into memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.data.memory import check_memory, fits_memory
from automl.data.sources.arrow_columns import (
    arrow_errors_explained,
    check_columns,
    holds_texts,
    image_column,
    is_list,
    plain_columns,
    size_of_lists,
    to_frame,
)
from automl.data.sources.file_format import FileFormat

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
        DataError: The file cannot be read, does not fit into memory, or a column holds parts of its
            own that have no place in a table.
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
        table = plain_columns(table, path)
        check_memory(path, _unfolded_size(table))
        table = _unfolded(table)
        frame = to_frame(table)
        for name in _categorical(table):
            if name not in frame.columns:  # it was the index
                continue
            frame[name] = frame[name].astype("category")
    return frame


def images_of(path: Path) -> str:
    """The first column of a Parquet file that holds images as such, or "".

    Args:
        path: Any file; what is wrong with it is told when it is read.
    """
    import pyarrow as pa
    import pyarrow.parquet

    if not path.is_file():  # a pipe would be read
        return ""
    try:
        return image_column(pyarrow.parquet.read_schema(path))
    except (pa.ArrowException, OSError, ValueError, TypeError):
        return ""


def _stored_size(metadata: Any) -> int:
    """Bytes that the file unpacks to, texts that many rows share counted once."""
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    unpacked = int(sum(max(0, group.total_byte_size) for group in groups))
    rows = int(max(metadata.num_rows, sum(group.num_rows for group in groups)))
    columns = [group.column(i) for group in groups for i in range(group.num_columns)]
    values = sum(max(0, int(column.num_values)) for column in columns)  # of lists more than rows
    return max(unpacked, VALUE * max(values, rows * int(metadata.num_columns)))


def _endless_texts(file: Any) -> list[str]:
    """Columns of texts that could burst the memory: a megabyte may stand in each row, stored once.

    They are read with each text once, which takes twice as long, so that their size can be told.
    """
    metadata = file.metadata
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    found = []
    for number in range(len(file.schema) if groups else 0):  # with those within other columns
        chunks = [group.column(number) for group in groups]
        most = sum(chunk.num_values * chunk.total_uncompressed_size for chunk in chunks)
        if chunks[0].physical_type == "BYTE_ARRAY" and not fits_memory(most):
            found.append(chunks[0].path_in_schema)
    return found


def _unfolded_size(table: Any) -> int:
    """Bytes of the table with every text in each of its rows."""
    import pyarrow as pa

    size = VALUE * table.num_rows * table.num_columns + size_of_lists(table)
    for column in table.columns:
        chunks = column.chunks
        if is_list(column.type):
            chunks = [chunk.flatten() for chunk in chunks]
        for chunk in chunks:
            if pa.types.is_dictionary(chunk.type) and holds_texts(chunk.type):
                size += _unfolded_bytes(chunk)
    return int(size)


def _unfolded_bytes(texts: Any) -> int:
    """Bytes of texts of which each different one is stored once."""
    import pyarrow as pa
    import pyarrow.compute

    lengths = pyarrow.compute.binary_length(texts.dictionary).cast(pa.int64())
    return int(pyarrow.compute.sum(lengths.take(texts.indices)).as_py() or 0)


def _unfolded(table: Any) -> Any:
    """The table with each text in each of its rows."""
    import pyarrow as pa

    for number, field in enumerate(table.schema):
        kind = field.type
        if pa.types.is_dictionary(kind) and holds_texts(kind):
            kind = kind.value_type
        elif is_list(kind) and pa.types.is_dictionary(kind.value_type):
            kind = pa.list_(kind.value_type.value_type)
        if kind != field.type:
            plain = table.column(number).cast(kind)
            table = table.set_column(number, field.with_type(kind), plain)
    return table


def _categorical(table: Any) -> list[str]:
    """Columns that were of pandas' category type, which Parquet keeps of texts alone."""
    notes = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    columns = notes.get("columns", [])
    names = [c.get("field_name", c.get("name")) for c in columns if _is_categorical(c)]
    return [name for name in dict.fromkeys(names) if table.column_names.count(name) == 1]


def _is_categorical(column: Any) -> bool:
    return isinstance(column, dict) and column.get("pandas_type") == "categorical"


SUFFIXES = (".parquet", ".pq")
FORMAT = FileFormat(
    "Parquet",
    SUFFIXES,
    lambda content, _: read_parquet(content.path, content.raw),
    starts=(b"PAR1",),
)
