"""What a format of files is; each stands in a file beside this one, as its ``FORMAT``."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.say import Say
from automl.data.sources.content import Content
from automl.data.sources.image_reading import ImageReading


@dataclass(frozen=True)
class Loaded:
    """What a source gave.

    Attributes:
        main: The rows, a `pandas.DataFrame`, an `ArrayPair` or an `ImageSet`.
        validation: Validation rows that the source itself sets apart, or None.
        test: Test rows likewise.
        target: Names of the target columns where the source knows them.
        from_text: Whether the header was read from text, which may have none.
        digest: SHA-256 of the content.
        images: Of images, how they were read, for those of other sources to be read alike; None
            of other rows.
        place: The folder that paths in the rows start from; None for where the program runs.
        numbers: Of rows that one table was divided into, the number of each row in it, counted
            from 1, part by part; empty of rows that came by themselves.
    """

    main: Any
    validation: Any = None
    test: Any = None
    target: tuple[str, ...] = ()
    from_text: bool = False
    digest: bytes = field(default=b"", repr=False)
    images: ImageReading | None = None
    place: Path | None = None
    numbers: tuple[npt.NDArray[np.int64], ...] = ()


@dataclass(frozen=True)
class HowToRead:
    """What a person says of a file.

    Attributes:
        names: Column names of a file without a header.
        say: Called with what a person should be told.
        separator: What separates the values of a text file; None to find out.
        reconstructs: Whether the inputs are the targets too, so that those may be missing.
        place: The folder that paths in the rows start from; None for that of the file.
    """

    names: Sequence[str] = ()
    say: Say | None = None
    separator: str | None = None
    reconstructs: bool = False
    place: Path | None = None


@dataclass(frozen=True)
class FileFormat:
    """A format of files.

    Attributes:
        title: What it is called in a sentence that lists what can be read.
        suffixes: Endings of its files, the usual one first.
        read: Reads a file: a frame, or all that a source can give.
        starts: First bytes that tell a file of it, whatever its name says.
        archive: Of one whose files are archives, tells by the names in it whether one is.
        claims: Tells by its beginning whether a file that is text by its name, or has none, is one.
        is_text: Whether the header is read from text, which may have none; all that is of no other
            format is read so.
        arrays: Of one that holds arrays, reads those that have a known name.
    """

    title: str
    suffixes: tuple[str, ...]
    read: Callable[[Content, HowToRead], Any]
    starts: tuple[bytes, ...] = ()
    archive: Callable[[Sequence[str]], bool] | None = None
    claims: Callable[[bytes], bool] | None = None
    is_text: bool = False
    arrays: Callable[[Content], dict[str, npt.NDArray[Any]]] | None = None


@functools.cache
def file_formats() -> tuple[FileFormat, ...]:
    """The formats that can be read, text first: one for each file here that has a ``FORMAT``."""
    package = __name__.rpartition(".")[0]
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = [importlib.import_module(f"{package}.{name}") for name in sorted(names)]
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return tuple(sorted(found, key=lambda one: not one.is_text))


def known_suffixes() -> dict[str, FileFormat]:
    """The format of each ending."""
    return {suffix: one for one in file_formats() for suffix in one.suffixes}


def format_titles() -> str:
    """The formats in a sentence."""
    titles = [one.title for one in file_formats()]
    return f"{', '.join(titles[:-1])} or {titles[-1]}"
