"""What a file holds, unpacked: from a path, standard input, a compressed file or an archive."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.common.texts import first_line
from automl.data.memory import check_memory
from automl.data.request import STANDARD_INPUT
from automl.errors import DataError

COMPRESSED = {
    ".gz": b"\x1f\x8b",
    ".bz2": b"BZh",
    ".xz": b"\xfd7zXZ\x00",
    ".zst": b"\x28\xb5\x2f\xfd",
}
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
CHUNK = 1 << 20
# A file in an archive in an archive is nobody's table.
DEEPEST = 2


@dataclass(frozen=True)
class Content:
    """What is to be read.

    Attributes:
        path: The file, or as it is named in messages where its bytes are at hand.
        suffix: The ending of its name, of what was packed in it if it was.
        raw: Its bytes, where they were unpacked or came from standard input; else None.
        start: Its first bytes, up to 4,096.
        digest: SHA-256 of the content as it was given, packed or not.
    """

    path: Path
    suffix: str
    raw: bytes | None
    start: bytes
    digest: bytes

    def file(self) -> IO[bytes]:
        """The content as a file; to be closed."""
        import io

        return self.path.open("rb") if self.raw is None else io.BytesIO(self.raw)


def open_content(
    source: str | Path,
    tables: tuple[str, ...],
    archives: tuple[str, ...],
    is_own_archive: Callable[[list[str]], bool],
) -> Content:
    """Opens a file or standard input, and unpacks it where it is packed.

    Args:
        source: A path that was checked, or ``-`` for standard input.
        tables: Endings of the files that can be read.
        archives: Those of them whose files are archives themselves.
        is_own_archive: Tells by the names in an archive whether it is itself one such file.

    Raises:
        DataError: It cannot be read or unpacked, does not fit into memory, or is an archive of
            no table or of several.
    """
    content = _standard_input() if str(source) == STANDARD_INPUT else _of_path(Path(source))
    for _ in range(DEEPEST):
        packed = next((s for s, magic in COMPRESSED.items() if content.start.startswith(magic)), "")
        if packed:
            content = _unpacked(content, packed)
        elif content.start.startswith(ZIP):
            member = _table_in(content, tables, archives, is_own_archive)
            if member is None:
                break
            content = member
        else:
            break
    return content


def _of_path(path: Path) -> Content:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
            if not start.startswith((*COMPRESSED.values(), *ZIP, b"PAR1", b"ARROW1", b"FEA1")):
                # Before all of it is read for its digest: text, which is there three times.
                check_memory(path, 3 * path.stat().st_size)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise DataError(f"The file {str(path)!r} cannot be read: {error.strerror}.") from error
    return Content(path, path.suffix.lower(), None, start, digest)


def _standard_input() -> Content:
    path = Path("standard input")
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("There is no standard input to read rows from: give a file.")
    if sys.stdin.isatty():
        raise DataError(
            "Rows should come on standard input, but it is a terminal: write "
            "`automl ... - < rows.csv`, or give a file."
        )
    raw = _all_of(sys.stdin.buffer, path)
    if not raw:
        raise DataError(
            "Nothing came on standard input: give a header and rows, and read it only once."
        )
    return Content(path, "", raw, raw[:4096], hashlib.sha256(raw).digest())


def _all_of(file: Any, path: Path) -> bytes:
    """All bytes of a file whose size is not known, as long as they fit into memory."""
    chunks: list[bytes] = []
    size = 0
    while chunk := file.read(CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        # Its bytes, its text and its cells are in memory at one time.
        check_memory(path, 3 * size)
    return b"".join(chunks)


def _unpacked(content: Content, packed: str) -> Content:
    try:
        with content.file() as file, _reader(file, packed) as opened:
            raw = _all_of(opened, content.path)
    except UNREADABLE_ARCHIVE as error:
        raise DataError(
            f"The file {str(content.path)!r} cannot be unpacked, for it is cut off or damaged "
            f"({first_line(error)}): copy or compress it again."
        ) from error
    inner = Path(content.path.name)
    if inner.suffix.lower() == packed:
        inner = inner.with_suffix("")
    return Content(content.path, inner.suffix.lower(), raw, raw[:4096], content.digest)


def _reader(file: IO[bytes], packed: str) -> Any:
    if packed == ".zst":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    opener: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    return opener[packed](file)


def _table_in(
    content: Content,
    tables: tuple[str, ...],
    archives: tuple[str, ...],
    is_own_archive: Callable[[list[str]], bool],
) -> Content | None:
    """The one table in an archive, or None for an archive that is a table itself."""
    shown = repr(str(content.path))
    try:
        with content.file() as file, zipfile.ZipFile(file) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            names = [info.filename for info in members]
            if is_own_archive(names):
                return None
            found = _likely(members, tables)
            if len(found) != 1:
                held = ", ".join(repr(info.filename) for info in found[:8])
                raise DataError(
                    f"The archive {shown} holds "
                    + (f"{len(found)} tables ({held})" if found else "no table")
                    + ": unpack it, and give one file."
                )
            if found[0].flag_bits & 1:
                raise DataError(f"The archive {shown} is locked by a password: unpack it first.")
            check_memory(content.path, 3 * found[0].file_size)
            raw = archive.read(found[0])
    except UNREADABLE_ARCHIVE as error:
        if content.suffix in archives:
            return None  # whoever reads these says what is wrong
        raise DataError(
            f"The archive {shown} cannot be unpacked ({first_line(error)}): copy or pack it again."
        ) from error
    suffix = Path(found[0].filename).suffix.lower()
    return Content(content.path, suffix, raw, raw[:4096], content.digest)


def _likely(members: list[zipfile.ZipInfo], tables: tuple[str, ...]) -> list[zipfile.ZipInfo]:
    """The tables of an archive; plain text beside other files is a note."""
    packed = tuple(ending + extra for ending in tables for extra in COMPRESSED)
    found = [
        info
        for info in members
        if info.filename.lower().endswith((*tables, *packed))
        and not Path(info.filename).name.startswith((".", "__"))
        and not info.filename.startswith("__MACOSX/")
    ]
    firm = [info for info in found if not info.filename.lower().endswith(".txt")]
    return firm or found
