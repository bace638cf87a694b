"""Many files of images at once: the same size and channels, read side by side."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from automl.common.machine import usable_cores
from automl.common.neutral import printable
from automl.data.image_fit import ImageFit
from automl.data.large_arrays import roomy
from automl.data.say import Say
from automl.data.sources.image_file import (
    CHANGES,
    Header,
    Pixels,
    UnreadImage,
    read_header,
    read_pixels,
)
from automl.data.sources.image_reading import ImageReading
from automl.errors import DataError

# Pixels of an image that takes much memory while it is read (own choice).
LARGE = 1 << 24
# Files of each reason that are named; the others are counted.
NAMED = 3


@dataclass
class LeftOut:
    """Files that are no rows, by the reason, in words."""

    files: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        """Notes a file, whose name may be of bytes that are no text."""
        self.files.setdefault(reason, []).append(printable(name))

    def __len__(self) -> int:
        return sum(map(len, self.files.values()))

    def tell(self, say: Say) -> None:
        """Says which files are left out, and why."""
        if self.files:
            many = "file is" if len(self) == 1 else "files are"
            say(f"{len(self):,} {many} left out ({self.reasons()})")

    def reasons(self) -> str:
        """Why files are left out, with some of them."""
        parts = []
        for reason, names in sorted(self.files.items()):
            shown = ", ".join(sorted(names)[:NAMED])
            more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            parts.append(f"{reason}: {shown}{more}")
        return "; ".join(parts)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keeps Pillow from warning of odd metadata, and of sizes, which are looked at here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class ImagesRead:
    """What was read.

    Attributes:
        x: uint8 (n, height, width, channels), of those that could be read.
        read: Which of the files they are, int64 (n,).
        reading: How they were read, settled.
        digest: SHA-256 of the files and their names.
    """

    x: npt.NDArray[np.uint8]
    read: npt.NDArray[np.int64]
    reading: ImageReading
    digest: bytes


@_quietly()
def read_images(
    files: Sequence[tuple[str, Path | bytes]],
    settling: Sequence[int],
    reading: ImageReading,
    place: Path,
    left_out: LeftOut,
    say: Say,
) -> ImagesRead:
    """Reads files.

    Args:
        files: Their names for people, and where they are, or what they hold.
        settling: Positions of those by whose headers size and channels are settled.
        reading: What is asked of both.
        place: Where all are, for a message.
        left_out: Takes those that cannot be read.
        say: Called with what a person should be told.

    Raises:
        DataError: None can be read.
    """
    headers = _headers(files, left_out)
    asked = [header for header in (headers[i] for i in settling) if header is not None]
    if not asked:
        raise DataError(
            f"There is no image in {str(place)!r} that can be read ({left_out.reasons()}): give "
            "JPEG, PNG, BMP, GIF or WebP files, with paths from there where a table names them."
        )
    settled = reading.settled(asked, say)
    fit, channels = settled.image_fit, settled.channels or 3
    x = roomy((len(headers) - headers.count(None), fit.height, fit.width, channels), np.uint8)

    read: list[int] = []
    digest, changes = hashlib.sha256(), Counter[str]()
    for position, found in _pixels(files, headers, fit, channels):
        name = files[position][0]
        if isinstance(found, UnreadImage):
            left_out.add(str(found), name)
            continue
        x[len(read)] = found.array
        read.append(position)
        changes.update(found.changes)
        digest.update(f"{name}\0".encode("utf-8", "surrogateescape") + found.digest)
    left_out.tell(say)
    if changes:
        listed = ", ".join(f"{count:,} {CHANGES[what]}" for what, count in changes.items())
        say(f"images: {listed}")
    if not read:
        raise DataError(
            f"There is no image in {str(place)!r} that can be read whole ({left_out.reasons()}): "
            "give others."
        )
    return ImagesRead(x[: len(read)], np.array(read, np.int64), settled, digest.digest())


def _pixels(
    files: Sequence[tuple[str, Path | bytes]],
    headers: Sequence[Header | None],
    fit: ImageFit,
    channels: int,
) -> Iterator[tuple[int, Pixels | UnreadImage]]:
    """The position and the pixels of each file with a header, read side by side, in order."""
    large = Lock()

    def one(known: tuple[int, Header]) -> tuple[int, Pixels | UnreadImage]:
        position, header = known
        try:
            # One large image unpacked takes a gigabyte, so they come one after another.
            with large if header.height * header.width > LARGE else nullcontext():
                return position, read_pixels(files[position][1], fit, channels)
        except UnreadImage as error:
            return position, error

    known = [(i, header) for i, header in enumerate(headers) if header is not None]
    with ThreadPoolExecutor(usable_cores()) as pool:
        yield from pool.map(one, known)


def _headers(files: Sequence[tuple[str, Path | bytes]], left_out: LeftOut) -> list[Header | None]:
    """The header of each file; None of those that are left out."""
    headers: list[Header | None] = []
    for name, path in files:
        try:
            headers.append(read_header(path))
        except UnreadImage as error:
            left_out.add(str(error), name)
            headers.append(None)
    return headers
