"""TFRecord files of examples, read without TensorFlow: each feature is a column.

A record is eight bytes of length, a checksum of these, the content and its checksum; the content
is a ``tf.train.Example``, a message of Protocol Buffers: features by their names, each a list of
bytes, floats or whole numbers. Columns are: of a feature with one value, the value (bytes that are
text as text, others, such as an encoded image, as they are); of one with several in some record,
``NAME_0``, ``NAME_1`` and so on; where a record lacks a value, it is missing.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from automl.data.sources.content import Content
from automl.data.sources.file_format import FileFormat, HowToRead
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Castagnoli's polynomial, reflected, and what is added to a checksum so that one of data that hold
# checksums is no weak one (TensorFlow, tensorflow/core/lib/hash/crc32c.h).
POLYNOMIAL, MASK = 0x82F63B78, 0xA282EAD8
LENGTH, CHECKSUM = 8, 4
# Kinds of fields in a message, by the lowest three bits of their keys.
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
# Numbers of the fields of a feature.
OF_BYTES, OF_FLOATS, OF_WHOLE = 1, 2, 3
MOST_VALUES = 4096


def _read(content: Content, _: HowToRead) -> pd.DataFrame:
    import pandas as pd

    shown = repr(str(content.path))
    try:
        with content.file() as file:
            examples = [_example(record) for record in _records(file.read())]
        several = _of_several(examples)
        rows = [_columns(example, several) for example in examples]
    except (ValueError, IndexError, struct.error) as error:
        raise DataError(
            f"The file {shown} cannot be read as TFRecord ({error}): write it with "
            "tf.io.TFRecordWriter, a serialized tf.train.Example in each record."
        ) from error
    return pd.DataFrame(rows)


def _records(data: bytes) -> Iterator[bytes]:
    """The contents of all records.

    Raises:
        ValueError: The file is cut, or is none.
    """
    at = 0
    while at < len(data):
        head = data[at : at + LENGTH]
        (length,) = struct.unpack("<Q", head)
        (checksum,) = struct.unpack_from("<I", data, at + LENGTH)
        if checksum != _masked_checksum(head):
            raise ValueError(f"the record at byte {at:,} has no right length")
        start = at + LENGTH + CHECKSUM
        at = start + length + CHECKSUM
        if at > len(data):
            raise ValueError("its last record is cut")
        yield data[start : start + length]


@functools.cache
def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)


def _masked_checksum(data: bytes) -> int:
    """CRC-32C, rotated and masked as TensorFlow writes it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _table()[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + MASK) & 0xFFFFFFFF


def _example(record: bytes) -> dict[str, list[Any]]:
    """The values of each feature."""
    found: dict[str, list[Any]] = {}
    for _, features in _fields(record):
        for _, entry in _fields(features):
            parts = dict(_fields(entry))
            found[bytes(parts[1]).decode()] = _values(bytes(parts.get(2, b"")))
    return found


def _values(feature: bytes) -> list[Any]:
    """The values of a feature: bytes, floats or whole numbers, packed or one by one."""
    values: list[Any] = []
    for kind, held in _fields(feature):
        for _, value in _fields(held):
            if kind == OF_BYTES:
                values.append(bytes(value))
            elif kind == OF_FLOATS:
                values += struct.unpack(f"<{len(value) // 4}f", value)
            elif isinstance(value, int):
                values.append(_signed(value))
            else:
                at = 0
                while at < len(value):
                    number, at = _varint(value, at)
                    values.append(_signed(number))
    return values


def _fields(message: Any) -> Iterator[tuple[int, Any]]:
    """The fields of a message, by their numbers: a whole number, or bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        if key & 7 == VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        sizes = {EIGHT_BYTES: 8, FOUR_BYTES: 4}
        if key & 7 == BYTES:
            size, at = _varint(message, at)
        elif key & 7 in sizes:
            size = sizes[key & 7]
        else:
            raise ValueError("a record is no tf.train.Example")
        if at + size > len(message):
            raise ValueError("a record is no tf.train.Example")
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: Any, at: int) -> tuple[int, int]:
    """A whole number of seven bits a byte, and where it ends."""
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
        if shift > 63:
            raise ValueError("a record is no tf.train.Example")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


def _of_several(examples: list[dict[str, list[Any]]]) -> set[str]:
    """The features that have several values in some record.

    Raises:
        ValueError: One has too many for columns.
    """
    longest: dict[str, int] = {}
    for example in examples:
        for name, values in example.items():
            longest[name] = max(longest.get(name, 0), len(values))
    for name, count in longest.items():
        if count > MOST_VALUES:
            raise ValueError(f"the feature {name!r} has {count:,} values, no column each")
    return {name for name, count in longest.items() if count > 1}


def _columns(example: dict[str, list[Any]], several: set[str]) -> dict[str, Any]:
    """A row of the table."""
    row: dict[str, Any] = {}
    for name, values in example.items():
        for number, value in enumerate(values or [None]):
            row[f"{name}_{number}" if name in several else name] = _plain(value)
    return row


def _plain(value: Any) -> Any:
    """Bytes that are a text as that."""
    if not isinstance(value, bytes) or b"\0" in value:
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


FORMAT = FileFormat("TFRecord", (".tfrecord", ".tfrecords"), _read)
