"""Columns of Parquet, Feather and Arrow files as those of a table: one value in each row.

Parts of a column's own that mean one thing become that: an image that the library ``datasets`` has
written, its file (a structure of ``bytes`` and ``path``); lists of labels, tuples; lists of numbers
with a fraction that are equally long, such as embeddings, a column for each place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.texts import first_line
from automl.data.columns.column import MISSING_TEXTS
from automl.data.memory import check_memory
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

#: The fields of an image's structure (``datasets.Image``).
BYTES, PATH = "bytes", "path"
#: Most places of lists of numbers, as of a TFRecord's features.
MOST_VALUES = 4096
#: Where ``datasets`` notes what columns mean, and how it calls classes with names.
_NOTES, _CLASSES, _IMAGES = b"huggingface", "ClassLabel", "Image"
#: Bytes of a list of labels as Python holds it, and of each value in it (CPython 3.11, about).
ROW_OF_LISTS, VALUE_OF_A_LIST = 128, 64


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
        DataError: A column holds parts of its own that mean none of what is known.
    """
    import pyarrow as pa

    for field in schema:
        kind = field.type
        if pa.types.is_nested(kind) and not is_image(kind) and not is_list(kind):
            raise DataError(
                f"Column {field.name!r} of {str(path)!r} holds values of type {kind}: give one "
                "number or text in each row, a list of labels, or as many numbers in every row."
            )


def is_image(kind: Any) -> bool:
    """Whether a type is that of an image as ``datasets`` writes it."""
    import pyarrow as pa

    if not pa.types.is_struct(kind):
        return False
    fields = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
    is_known = {*fields} in ({BYTES, PATH}, {BYTES}) and len(fields) == kind.num_fields
    path = fields.pop(PATH, pa.null())
    return is_known and holds_texts(fields[BYTES]) and (holds_texts(path) or pa.types.is_null(path))


def is_list(kind: Any) -> bool:
    """Whether a type is that of lists of texts or numbers."""
    import pyarrow as pa

    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    if not any(one(kind) for one in lists):
        return False
    inner = kind.value_type
    return bool(holds_texts(inner) or pa.types.is_integer(inner) or pa.types.is_floating(inner))


def holds_texts(kind: Any) -> bool:
    """Whether a type is that of texts or bytes, each in its row or once for all."""
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(plain)
        or pa.types.is_binary(plain)
        or pa.types.is_large_string(plain)
        or pa.types.is_large_binary(plain)
    )


def image_column(schema: Any) -> str:
    """The first column of images of a schema, or ""; sounds, which look alike, are none."""
    noted = noted_features(schema.metadata)
    for field in schema:
        if is_image(field.type) and noted.get(field.name, {}).get("_type", _IMAGES) == _IMAGES:
            return str(field.name)
    return ""


def size_of_lists(table: Any) -> int:
    """Bytes that lists of labels take as Python's own values, about."""
    size = 0
    for column in table.columns:
        if is_list(column.type):
            values = sum(len(chunk.flatten()) for chunk in column.chunks)
            size += ROW_OF_LISTS * len(column) + VALUE_OF_A_LIST * values
    return size


def plain_columns(table: Any, path: Path) -> Any:
    """The table with the files of images, and a column for each place of lists of numbers.

    Lists of labels stay as they are.

    Raises:
        DataError: Lists of numbers differ in length.
    """
    import pyarrow as pa

    columns: list[tuple[Any, Any]] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if is_image(field.type):
            files = _files(column)
            columns.append((pa.field(field.name, files.type), files))
        elif is_list(field.type) and pa.types.is_floating(field.type.value_type):
            columns += _places(field, column, path)
        else:
            columns.append((field, column))
    schema = pa.schema([field for field, _ in columns], table.schema.metadata)
    return pa.table([column for _, column in columns], schema)


def _files(column: Any) -> Any:
    """The files of images; where no row has one, their paths."""
    import pyarrow.compute

    names = {column.type.field(i).name for i in range(column.type.num_fields)}
    files = pyarrow.compute.struct_field(column, BYTES)
    if PATH in names and files.null_count == len(files):
        return pyarrow.compute.struct_field(column, PATH)
    return files


def _places(field: Any, column: Any, path: Path) -> list[tuple[Any, Any]]:
    """A column for each place of lists of numbers."""
    import pyarrow as pa
    import pyarrow.compute

    lengths = pyarrow.compute.unique(pyarrow.compute.list_value_length(column)).drop_null()
    known = lengths.to_pylist()
    if len(known) > 1 or (known and not 0 < known[0] <= MOST_VALUES):
        shortest, longest = min(known), max(known)
        raise DataError(
            f"Column {field.name!r} of {str(path)!r} holds lists of {shortest:,} to {longest:,} "
            f"numbers: give as many in every row, from 1 to {MOST_VALUES:,}."
        )
    check_memory(path, 8 * len(column) * sum(known))  # rows without a list have a place in each
    kind = field.type.value_type
    return [
        (
            pa.field(f"{field.name}_{place}", kind),
            pyarrow.compute.list_element(column, place),
        )
        for place in range(known[0] if known else 0)
    ]


def to_frame(table: Any) -> pd.DataFrame:
    """The table in pandas, lists of labels as tuples, and classes by the names that are noted.

    Not by pandas' notes in the file: they cannot be read for every kind of label, and where they
    are damaged they give columns other names than the file does.

    Args:
        table: Of `plain_columns`, its texts in each of their rows.
    """
    import pyarrow as pa

    kept = without_index(table)
    frame: pd.DataFrame = kept.to_pandas(ignore_metadata=True)
    names = class_names(table.schema.metadata)
    for place, field in enumerate(kept.schema):
        if is_list(field.type):
            lists = kept.column(place).to_pylist()
            tuples = [None if one is None else tuple(one) for one in lists]
            frame.isetitem(place, _objects(tuples))
        elif field.name in names and pa.types.is_integer(field.type):
            numbers = kept.column(place).to_pylist()
            frame.isetitem(place, _objects([_class(n, names[field.name]) for n in numbers]))
    return frame


def class_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """The names of the classes that whole numbers stand for, by the column, where they are noted.

    Args:
        metadata: Of the file's schema; what cannot be read of it says nothing.
    """
    features = noted_features(metadata)
    return {name: one["names"] for name, one in features.items() if _names_classes(one)}


def noted_features(metadata: Mapping[bytes, bytes] | None) -> dict[str, Mapping[str, Any]]:
    """What `datasets` notes of columns, by their names; see `class_names`."""
    try:
        features = json.loads((metadata or {}).get(_NOTES, b"{}"))["info"]["features"]
        return {name: one for name, one in features.items() if isinstance(one, Mapping)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _names_classes(feature: Mapping[str, Any]) -> bool:
    """Whether classes have names, none of which would be read as a missing value."""
    names = feature.get("names")
    return (
        feature.get("_type") == _CLASSES
        and isinstance(names, list)
        and all(isinstance(one, str) and one.strip() for one in names)
        and not {*MISSING_TEXTS} & {one.strip() for one in names}
        and len(set(names)) == len(names)
    )


def _class(number: int | None, names: list[str]) -> str | None:
    """The name of a class; of a number without one that number, of -1 none (`datasets`)."""
    if number is None or number == -1:
        return None
    return names[number] if 0 <= number < len(names) else str(number)


def _objects(values: list[Any]) -> Any:
    """A column of Python's own values."""
    import pandas as pd

    return pd.Series(values, dtype=object)


def without_index(table: Any) -> Any:
    """The table without the columns that a data frame had as its index when it was written."""
    notes = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}"))
    # A range of numbers is described by an object, and has no column.
    index = [name for name in notes.get("index_columns", []) if isinstance(name, str)]
    return table.drop_columns([name for name in index if name in table.column_names])
