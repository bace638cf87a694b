"""Feather and other files of Arrow: read batch by batch, as long as they fit into memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from automl.data.memory import check_memory
from automl.data.sources.arrow_columns import (
    arrow_errors_explained,
    check_columns,
    plain_columns,
    size_of_lists,
    to_frame,
)
from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

FILE_START = b"ARROW1"
OLD_START = b"FEA1"
# A stream begins with this and the length of its schema.
STREAM_START = b"\xff\xff\xff\xff"


def read_arrow(content: Content) -> pd.DataFrame:
    """Reads a Feather file (version 2), an Arrow file or an Arrow stream.

    Raises:
        DataError: It cannot be read, does not fit into memory, or a column holds parts of its
            own that have no place in a table.
    """
    if content.start.startswith(OLD_START):
        raise DataError(
            f"The file {str(content.path)!r} is Feather of version 1: write it again with version "
            "2, or as Parquet."
        )
    with arrow_errors_explained(content.path, "Feather or Arrow"):
        with content.file() as file:
            table = _table(file, content)
        table.validate(full=True)
        table = plain_columns(table, content.path)
        check_memory(content.path, table.nbytes + size_of_lists(table))
        return to_frame(table)


def _table(file: IO[bytes], content: Content) -> Any:
    import pyarrow as pa
    import pyarrow.ipc

    opened: Any
    if content.start.startswith(FILE_START):
        opened = pyarrow.ipc.open_file(file)
        batches = (opened.get_batch(i) for i in range(opened.num_record_batches))
    else:
        opened = pyarrow.ipc.open_stream(file)
        batches = iter(opened)
    check_columns(opened.schema, content.path)
    kept, size = [], 0
    for batch in batches:
        size += batch.nbytes
        check_memory(content.path, 2 * size)
        kept.append(batch)
    return pa.Table.from_batches(kept, opened.schema)


FORMAT = FileFormat(
    "Feather",
    (".feather", ".arrow"),
    lambda content, _: read_arrow(content),
    starts=(FILE_START, OLD_START, STREAM_START),
)
