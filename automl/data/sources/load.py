"""Reading a source: which format it is, by what it holds and by its name."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.request import STANDARD_INPUT, in_memory, is_in_memory
from automl.data.say import Say
from automl.data.sources.arrow_file import FILE_START, OLD_START, STREAM_START, read_arrow
from automl.data.sources.bundled import BUNDLED, read_bundled
from automl.data.sources.content import (
    COMPRESSED,
    ZIP,
    Content,
    is_own_archive,
    open_content,
)
from automl.data.sources.excel import read_excel
from automl.data.sources.frames import (
    ArrayPair,
    checked_frame,
    checked_pair,
    frame_digest,
    pair_digest,
    table_of_pair,
)
from automl.data.sources.json_file import read_json
from automl.data.sources.npz import NPY_START, npz_arrays
from automl.data.sources.parquet_file import read_parquet
from automl.data.sources.place import FORMATS, check_address, check_file
from automl.data.sources.text_file import read_text_file
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

TEXT_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".data", ".dat")
KINDS = {
    **dict.fromkeys(TEXT_SUFFIXES, "text"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".feather", ".arrow"), "arrow"),
    **dict.fromkeys((".xlsx", ".xlsm"), "excel"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "json"),
    ".npz": "npz",
    ".npy": "npz",
}
# First bytes that tell what a file is, whatever its name says.
STARTS = {
    b"PAR1": "parquet",
    FILE_START: "arrow",
    OLD_START: "arrow",
    STREAM_START: "arrow",
    NPY_START: "npz",
}
# The same for files that are no table here, with the way out.
FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind (.xls): save it as .xlsx or CSV",
    b"\x89HDF": "an HDF5 file: save it as Parquet, CSV or NPZ",
    b"SQLite format 3": "an SQLite database: export its table as CSV",
    b"%PDF": "a PDF file: export its table as CSV",
    b"Rar!": "a RAR archive: unpack it, and give one file",
    b"7z\xbc\xaf": "a 7z archive: unpack it, and give one file",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file itself with `git lfs pull`",
}
TAR, TAR_AT = b"ustar", 257
RECORDS = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{\s*"')
WEB_PAGE = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Loaded:
    """What a source gave.

    Attributes:
        main: The rows, a `pandas.DataFrame` or an `ArrayPair`.
        validation: Validation rows that the source itself sets apart, or None.
        test: Test rows likewise.
        target: Names of the target columns where the source knows them.
        from_text: Whether the header was read from text, which may have none.
        digest: SHA-256 of the content.
    """

    main: Any
    validation: Any = None
    test: Any = None
    target: tuple[str, ...] = ()
    from_text: bool = False
    digest: bytes = field(default=b"", repr=False)


def load(
    source: Any,
    names: Sequence[str] = (),
    say: Say | None = None,
    separator: str | None = None,
) -> Loaded:
    """Reads a source.

    Args:
        source: As in `DataRequest.source`.
        names: Column names of a file without a header.
        say: Called with what a person should be told.
        separator: What separates the values of a text file; None to find out.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    import pandas as pd

    if is_in_memory(source):
        raise DataError(
            f"The rows were given {in_memory(source)} and are not kept with the run: give the same "
            "rows again, in Python with automl.load_run(RUN).resume(data=...)."
        )
    if isinstance(source, pd.DataFrame):
        frame = checked_frame(source, "the table")
        return Loaded(frame, digest=frame_digest(frame))
    if isinstance(source, tuple | list) and len(source) == 2:
        if isinstance(source[0], Mapping | pd.DataFrame):
            frame, target = table_of_pair(source[0], source[1])
            return Loaded(frame, target=target, digest=frame_digest(frame))
        pair = checked_pair(source[0], source[1])
        return Loaded(pair, digest=pair_digest(pair))
    if isinstance(source, str | Path):
        return _load_named(source, names, say, separator)
    raise DataError(
        f"A {type(source).__name__} is no source of rows: give a file, the name of a bundled set, "
        "a DataFrame, or a pair (x, y)."
    )


def _load_named(
    source: str | Path, names: Sequence[str], say: Say | None, separator: str | None
) -> Loaded:
    if is_bundled(source):
        frame = checked_frame(read_bundled(str(source)), str(source))
        return Loaded(frame, target=("target",), digest=frame_digest(frame))
    content, kind = open_source(source)
    if kind == "npz":
        return _of_arrays(arrays_in(content), content)
    frame = _read_table(content, kind, names, say, separator)
    frame = checked_frame(frame, repr(str(content.path)))
    return Loaded(frame, from_text=kind == "text", digest=content.digest)


def is_bundled(source: str | Path) -> bool:
    """Whether a source is the name of a bundled set, and no file."""
    return str(source) in BUNDLED and not Path(source).exists()


def open_source(source: str | Path) -> tuple[Content, str]:
    """Opens a file, or standard input, and finds which format it is.

    Args:
        source: A path, or ``-``.

    Returns:
        What it holds, and ``text``, ``parquet``, ``arrow``, ``excel``, ``json`` or ``npz``.

    Raises:
        DataError: It cannot be opened, or is of no known format.
    """
    check_source(source)
    content = open_content(source, tuple(KINDS))
    return content, _kind(content)


def check_source(source: str | Path) -> None:
    """Checks that a source is standard input or a file with something in it.

    Raises:
        DataError: It is neither.
    """
    if str(source) == STANDARD_INPUT:
        return
    check_address(str(source))
    path = Path(source)
    plain = path.name == str(path) and not path.suffix
    check_file(path, (*KINDS, *COMPRESSED, ".zip"), BUNDLED if plain else ())


def _read_table(
    content: Content, kind: str, names: Sequence[str], say: Say | None, separator: str | None
) -> pd.DataFrame:
    if kind == "parquet":
        return read_parquet(content.path, content.raw)
    if kind == "arrow":
        return read_arrow(content)
    if kind == "excel":
        return read_excel(content, names, say)
    if kind == "json":
        with content.file() as file:
            return read_json(content.path, file.read())
    if content.suffix in (".tsv", ".tab") and separator is None:
        separator = "\t"
    return read_text_file(content.path, names, say, separator, content.raw)


def _kind(content: Content) -> str:
    """The format, by the first bytes, else by the name."""
    start, shown = content.start, repr(str(content.path))
    for magic, kind in STARTS.items():
        if start.startswith(magic):
            return kind
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"The file {shown} is {what}.")
    if start[TAR_AT : TAR_AT + len(TAR)] == TAR:
        raise DataError(f"The file {shown} is a tar archive: unpack it, and give one file.")
    if start.lstrip().lower().startswith(WEB_PAGE):
        raise DataError(f"The file {shown} is a web page: download the table itself.")
    if start.startswith(ZIP):
        return _kind_of_archive(content)
    named = KINDS.get(content.suffix)
    if named is None and content.suffix and content.raw is None:
        raise DataError(
            f"The file {shown} is of no known kind: give {FORMATS}, named {', '.join(KINDS)}, "
            "also packed as .gz, .bz2, .xz, .zst or .zip."
        )
    if named in (None, "text") and RECORDS.match(start):
        return "json"
    if named == "excel" and b"\0" not in start:
        raise DataError(f"The file {shown} is named as Excel but holds text: rename it to .csv.")
    return named or "text"


def _kind_of_archive(content: Content) -> str:
    """What an archive is that is no packed table: Excel or NPZ."""
    shown = repr(str(content.path))
    try:
        with content.file() as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return KINDS.get(content.suffix, "npz")
    if any(name.startswith("xl/") for name in names):
        if "xl/workbook.bin" in names:
            raise DataError(f"The file {shown} is Excel's binary kind (.xlsb): save it as .xlsx.")
        return "excel"
    if "mimetype" in names:
        raise DataError(
            f"The file {shown} is an OpenDocument file (ODS), which is not read: save it as .xlsx "
            "or CSV."
        )
    return "npz" if is_own_archive(names) else KINDS.get(content.suffix, "npz")


def keep_standard_input(folder: Path) -> Path:
    """Writes what comes on standard input to a file, unpacked, for another process to read.

    Args:
        folder: Where to.

    Returns:
        The file, named for its format.

    Raises:
        DataError: Nothing came, or of no known format.
    """
    content, kind = open_source(STANDARD_INPUT)
    suffix = next(suffix for suffix, known in KINDS.items() if known == kind)
    path = folder / f"standard input{suffix}"
    path.write_bytes(content.raw or b"")
    return path


def arrays_in(content: Content) -> dict[str, npt.NDArray[Any]]:
    """The arrays of an NPZ or NPY file that have a known name.

    Raises:
        DataError: It cannot be read.
    """
    if content.raw is None:
        return npz_arrays(content.path)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (Path(content.path.name).stem + ".npz")
        path.write_bytes(content.raw)
        return npz_arrays(path)


def _of_arrays(arrays: dict[str, npt.NDArray[np.generic]], content: Content) -> Loaded:
    given = set(arrays)
    lonely = [key for key in given if _partner(key) not in given]
    first = "x_train" if "x_train" in given else "x"
    if first not in given or lonely:
        raise DataError(
            f"The file {str(content.path)!r} holds {', '.join(sorted(given)) or 'no known arrays'}:"
            " it should hold x and y, or x_train and y_train with x_val, y_val, x_test, y_test as "
            "wanted."
        )

    def pair(key: str) -> ArrayPair | None:
        if key not in given:
            return None
        return checked_pair(arrays[key], arrays[_partner(key)])

    return Loaded(pair(first), pair("x_val"), pair("x_test"), digest=content.digest)


def _partner(key: str) -> str:
    return ("y" if key[0] == "x" else "x") + key[1:]
