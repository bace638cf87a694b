"""Reading a source: which format it is, by what it holds and by its name."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.common.archives import UNREADABLE_ARCHIVE
from automl.data.request import STANDARD_INPUT, in_memory, is_in_memory
from automl.data.say import Say
from automl.data.sources.bundled import BUNDLED, read_bundled
from automl.data.sources.content import COMPRESSED, ZIP, Content, open_content
from automl.data.sources.file_format import (
    FileFormat,
    HowToRead,
    Loaded,
    file_formats,
    format_titles,
    known_suffixes,
)
from automl.data.sources.frames import (
    checked_frame,
    checked_pair,
    frame_digest,
    pair_digest,
    table_of_pair,
)
from automl.data.sources.image_folder import read_image_folder
from automl.data.sources.image_formats import SURE_STARTS
from automl.data.sources.image_reading import ImageReading
from automl.data.sources.place import check_address, check_file
from automl.data.sources.reconstruction import without_targets
from automl.errors import DataError

# First bytes of files that are no table here, with the way out.
FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind (.xls): save it as .xlsx or CSV",
    b"\x89HDF": "an HDF5 file: save it as Parquet, CSV or NPZ",
    b"SQLite format 3": "an SQLite database: export its table as CSV",
    b"%PDF": "a PDF file: export its table as CSV",
    b"Rar!": "a RAR archive: unpack it, and give one file",
    b"7z\xbc\xaf": "a 7z archive: unpack it, and give one file",
    **dict.fromkeys(
        SURE_STARTS,
        "one image: give the folder that has a folder of images for each class, or a table of "
        "paths and labels",
    ),
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file itself with `git lfs pull`",
}
TAR, TAR_AT = b"ustar", 257
WEB_PAGE = (b"<!doctype html", b"<html")


def load(
    source: Any,
    names: Sequence[str] = (),
    say: Say | None = None,
    separator: str | None = None,
    images: ImageReading | None = None,
    reconstructs: bool = False,
) -> Loaded:
    """Reads a source.

    Args:
        source: As in `DataRequest.source`.
        names: Column names of a file without a header.
        say: Called with what a person should be told.
        separator: What separates the values of a text file; None to find out.
        images: How images in a folder are read; None as is usual.
        reconstructs: Whether the inputs are the targets too: what stands beside them is left out.

    Raises:
        DataError: There is no such source, or it cannot be read.
    """
    told = say or (lambda _: None)
    loaded = _loaded(source, HowToRead(names, say, separator, reconstructs), images, told)
    return without_targets(loaded, told) if reconstructs else loaded


def _loaded(source: Any, how: HowToRead, images: ImageReading | None, say: Say) -> Loaded:
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
        if is_folder(source):
            return read_image_folder(Path(source), images or ImageReading(), say)
        return _load_named(source, how)
    raise DataError(
        f"A {type(source).__name__} is no source of rows: give a file, the name of a bundled set, "
        "a DataFrame, or a pair (x, y)."
    )


def _load_named(source: str | Path, how: HowToRead) -> Loaded:
    if is_bundled(source):
        frame = checked_frame(read_bundled(str(source)), str(source))
        return Loaded(frame, target=("target",), digest=frame_digest(frame))
    content, found = open_source(source)
    read = found.read(content, how)
    if isinstance(read, Loaded):
        return read
    frame = checked_frame(read, repr(str(content.path)))
    place = None if str(source) == STANDARD_INPUT else content.path.absolute().parent
    return Loaded(frame, from_text=found.is_text, digest=content.digest, place=place)


def is_bundled(source: str | Path) -> bool:
    """Whether a source is the name of a bundled set, and no file."""
    return str(source) in BUNDLED and not Path(source).exists()


def is_folder(source: str | Path) -> bool:
    """Whether a source is a folder, and neither an address nor standard input."""
    # An odd name is no error here, as it would be for `Path.is_dir`.
    return str(source) != STANDARD_INPUT and os.path.isdir(source)  # noqa: PTH112


def open_source(source: str | Path) -> tuple[Content, FileFormat]:
    """Opens a file, or standard input, and finds which format it is.

    Args:
        source: A path, or ``-``.

    Returns:
        What it holds, and its format.

    Raises:
        DataError: It cannot be opened, or is of no known format.
    """
    _check_file(source)
    archives = [end for end, one in known_suffixes().items() if one.archive is not None]
    tables = tuple(known_suffixes())
    content = open_content(source, tables, (*archives, ".ods"), is_own_archive)
    return content, _format_of(content)


def check_source(source: str | Path) -> None:
    """Checks that a source is standard input, a folder, or a file with something in it.

    Raises:
        DataError: It is none of these.
    """
    if not is_folder(source):
        _check_file(source)


def _check_file(source: str | Path) -> None:
    if str(source) == STANDARD_INPUT:
        return
    check_address(str(source))
    path = Path(source)
    plain = path.name == str(path) and not path.suffix
    endings = (*known_suffixes(), *COMPRESSED, ".zip")
    check_file(path, format_titles(), endings, BUNDLED if plain else ())


def _format_of(content: Content) -> FileFormat:
    """The format, by the first bytes, else by the name."""
    start, shown = content.start, repr(str(content.path))
    for one in file_formats():
        if start.startswith(one.starts):
            return one
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            raise DataError(f"The file {shown} is {what}.")
    if start[TAR_AT : TAR_AT + len(TAR)] == TAR:
        raise DataError(f"The file {shown} is a tar archive: unpack it, and give one file.")
    if start.lstrip().lower().startswith(WEB_PAGE):
        raise DataError(f"The file {shown} is a web page: download the table itself.")
    if start.startswith(ZIP):
        return _format_of_archive(content)
    known = known_suffixes()
    named = known.get(content.suffix)
    if named is None and content.suffix and content.raw is None:
        raise DataError(
            f"The file {shown} is of no known kind: give {format_titles()}, named "
            f"{', '.join(known)}, also packed as .gz, .bz2, .xz, .zst or .zip."
        )
    if named is None or named.is_text:
        claiming = (one for one in file_formats() if one.claims and one.claims(start))
        return next(claiming, named or file_formats()[0])
    if named.archive is not None and named.arrays is None and b"\0" not in start:
        raise DataError(
            f"The file {shown} is named as {named.title} but holds text: rename it to .csv."
        )
    return named


def _format_of_archive(content: Content) -> FileFormat:
    """What an archive is that is no packed table."""
    shown = repr(str(content.path))
    archives = [one for one in file_formats() if one.archive is not None]
    of_arrays = next(one for one in archives if one.arrays is not None)
    named = known_suffixes().get(content.suffix, of_arrays)
    try:
        with content.file() as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except UNREADABLE_ARCHIVE:
        return named
    if "xl/workbook.bin" in names:
        raise DataError(f"The file {shown} is Excel's binary kind (.xlsb): save it as .xlsx.")
    found = next((one for one in archives if one.archive and one.archive(names)), None)
    if found is None and "mimetype" in names:
        raise DataError(
            f"The file {shown} is an OpenDocument file (ODS), which is not read: save it as .xlsx "
            "or CSV."
        )
    return found or named


def is_own_archive(names: Sequence[str]) -> bool:
    """Whether an archive is itself one file of a format, or of OpenDocument."""
    formats = [one.archive for one in file_formats() if one.archive is not None]
    return "mimetype" in names or any(is_one(names) for is_one in formats)


def keep_standard_input(folder: Path) -> Path:
    """Writes what comes on standard input to a file, unpacked, for another process to read.

    Args:
        folder: Where to.

    Returns:
        The file, named for its format.

    Raises:
        DataError: Nothing came, or of no known format.
    """
    content, found = open_source(STANDARD_INPUT)
    path = folder / f"standard input{found.suffixes[0]}"
    path.write_bytes(content.raw or b"")
    return path
