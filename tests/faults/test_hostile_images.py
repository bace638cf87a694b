"""Images that a hostile author has made: each is read or left out and named, and none hangs."""

from __future__ import annotations

import os
import re
import shutil
import socket
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automl.cli.main import main
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE
from tests.faults.mutations import assert_one_sentence, no_hang

ROWS = 24
MEBIBYTE = bytes(1 << 20)
#: Names that a terminal, a web page, a spreadsheet or a program could take for an order.
NAMES = (
    b"\x1b]0;owned\x07.png", b"\xff\xfe.png", b"a\nb.png", "\u202egnp.png".encode(),
    b"<img src=x>.png", b"-rf.png", b"=cmd|calc.png",
)  # fmt: skip


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def png(width: int, height: int, pixels: bytes, beside: bytes = b"") -> bytes:
    """A PNG in colours of 8 bits, its pixels as they were compressed."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + beside + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@cache
def zeros(mebibytes: int) -> bytes:
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(MEBIBYTE) for _ in range(mebibytes)) + packer.flush()


def small() -> bytes:
    return zlib.compress(bytes(16 * (1 + 16 * 3)))


def sparse(path: Path) -> None:
    """A gigabyte of metadata that takes no place on the disk."""
    with path.open("wb") as file:
        file.write(png(16, 16, b"")[:33] + struct.pack(">I", 1 << 30) + b"eXIf")
        file.seek(1 << 30, os.SEEK_CUR)
        file.write(bytes(4) + chunk(b"IDAT", small()) + chunk(b"IEND", b""))


def exif(path: Path) -> None:
    """A photograph with hundreds of pieces of EXIF, which belong together."""
    picture(7).save(path, "JPEG")
    content, piece = path.read_bytes(), b"Exif\0\0" + bytes(65_000)
    pieces = (b"\xff\xe1" + struct.pack(">H", 2 + len(piece)) + piece) * 300
    path.write_bytes(content[:2] + pieces + content[2:])


def padded(path: Path) -> None:
    """One with megabytes of nothing between its marks."""
    picture(7).save(path, "JPEG")
    content = path.read_bytes()
    path.write_bytes(content[:2] + b"\xff" * (2 << 20) + content[2:])


def commented(path: Path) -> None:
    """A GIF with a comment of a million pieces of a byte each."""
    picture(7).save(path, "GIF")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!\xfe" + b"\x01x" * 10**6 + b"\0" + content[-1:])


def cut(path: Path) -> None:
    picture(7).save(path.with_suffix(".whole"), "JPEG")
    content = path.with_suffix(".whole").read_bytes()
    path.with_suffix(".whole").unlink()
    path.write_bytes(content[: len(content) // 2])


def bind(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's name may have 107 characters
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(path.name)
    finally:
        os.chdir(here)


def picture(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), np.uint8))


#: What stands among the images, and the reason for which it is none; "" where it is one.
THINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb.png": (lambda path: path.write_bytes(png(30_000, 30_000, zeros(8))), "million pixels"),
    "overfull.png": (lambda path: path.write_bytes(png(16, 16, zeros(64))), ""),
    "thin.png": (lambda path: path.write_bytes(png(1, 80_000_000, zeros(8))), "at a side"),
    "text.png": (
        lambda path: path.write_bytes(
            png(16, 16, small(), chunk(b"zTXt", b"k\0\0" + zeros(80)))
        ),
        "damaged",
    ),
    "profile.png": (
        lambda path: path.write_bytes(
            png(16, 16, small(), chunk(b"iCCP", b"k\0\0" + zeros(80)))
        ),
        "damaged",
    ),
    "metadata.png": (sparse, "1,073,741,909 bytes"),
    "chunks.png": (
        lambda path: path.write_bytes(png(16, 16, small(), chunk(b"abCd", b"") * 200_000)),
        "in more pieces",
    ),
    "exif.jpg": (exif, "more than 64 pieces of EXIF"),
    "padding.jpg": (padded, "in more pieces"),
    "comment.gif": (commented, "in more pieces"),
    "cut.jpg": (cut, "damaged"),
    "pipe.png": (os.mkfifo, "no regular file"),
    "socket.png": (bind, "no regular file"),
    "zero.png": (lambda path: path.symlink_to("/dev/zero"), "leads out of the folder"),
    "secret.png": (lambda path: path.symlink_to("/etc/passwd"), "leads out of the folder"),
    "loop.png": (lambda path: path.symlink_to(path), "symbolic links"),
}  # fmt: skip

#: Those that a table names in the quick tests: how files are read is the same for both.
NAMED = ("metadata.png", "exif.jpg", "cut.jpg", "pipe.png", "zero.png")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for number in range(ROWS):
        label = folder / ("cat", "dog")[number % 2]
        label.mkdir(parents=True, exist_ok=True)
        picture(number).save(label / f"{number}.png")
    return folder


@pytest.mark.parametrize("name", THINGS)
def test_a_folder_with_it_is_read(name: str, photos: Path) -> None:
    make, reason = THINGS[name]
    make(photos / "cat" / name)
    with no_hang():
        data = prepare(DataRequest(photos, kind=IMAGE))
    assert data.test is not None
    rows = len(data.train) + len(data.validation) + len(data.test)
    assert rows == ROWS + (not reason)
    [*told] = [note for note in data.notes if "left out" in note]
    assert not reason or (reason in told[0] and f"cat/{name}" in told[0])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in NAMED else pytest.mark.slow)
        for name in THINGS
        if THINGS[name][1]
    ],
)
def test_a_table_that_names_it_is_read(name: str, photos: Path, tmp_path: Path) -> None:
    THINGS[name][0](tmp_path / name)
    files = [str(path.relative_to(tmp_path)) for path in sorted(photos.rglob("*.png"))]
    lines = [f"{file},{Path(file).parent.name}" for file in files]
    lines += [f"{name},cat", "/dev/zero.png,dog"]
    (tmp_path / "table.csv").write_text("\n".join(["file,label", *lines, ""]))
    with no_hang():
        data = prepare(DataRequest(tmp_path / "table.csv", ("label",), kind=IMAGE))
    assert data.test is not None
    assert len(data.train) + len(data.validation) + len(data.test) == ROWS
    assert any("2 files are left out" in note and name in note for note in data.notes)


def test_names_that_are_orders_are_shown_tame(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, name in enumerate(NAMES):
        at = os.path.join(os.fsencode(photos / "cat"), name)  # noqa: PTH118 - of bytes
        shutil.copy(photos / "cat" / "0.png", at)
        bad = os.fsencode(photos / "cat" / f"{number}") + name
        os.mkdir(bad)  # noqa: PTH102 - of bytes
        with open(os.path.join(bad, name), "wb") as file:  # noqa: PTH118, PTH123 - of bytes
            file.write(b"no image")
    with no_hang():
        data = prepare(DataRequest(photos, kind=IMAGE))
    for note in data.notes:
        assert_one_sentence(note)
        note.encode()
    with pytest.raises(DataError) as error:
        prepare(DataRequest(str(tmp_path / "empty\x1b]0;owned\x07"), kind=IMAGE))
    assert_one_sentence(str(error.value))
    assert main(["search", str(tmp_path / "empty\x1b]0;owned\x07")]) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", capfd.readouterr().err)
