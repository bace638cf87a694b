"""One file of an image: what its header says, and its pixels as bytes."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.image_fit import ImageFit
from automl.data.sources.counted_reads import CountedReads, Overfull
from automl.data.sources.image_formats import STARTS, SURE_STARTS, TELLING, unread_reason

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pillow's names of the formats that are read.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
#: Number of the orientation in EXIF, and its values that exchange height and width.
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)
WHITE = (255, 255, 255, 255)
#: Pixels of the longest side, as many as JPEG and GIF can have: rows cost time of their own.
LONGEST = 65_535
#: Most bytes of a file (own choice): the most pixels that are read take as many, in three colours.
MOST_BYTES = 256 << 20
#: What is told of images that are changed when they are read, by what they are.
CHANGES = {
    "cmyk": "in CMYK, converted to red, green and blue",
    "deep": "of 16 bits a channel, reduced to 8",
    "frames": "with several frames, of which the first is taken",
    "transparent": "with transparency, laid on white",
    "turned": "turned as their EXIF orientation says",
}


class UnreadImage(Exception):
    """A file that is no image, or none that can be read; its message is the reason, in words."""


@dataclass(frozen=True)
class Header:
    """What the beginning of a file says.

    Attributes:
        height: In pixels, as the image is to be seen.
        width: Likewise.
        is_grey: Whether all pixels are grey by their type.
    """

    height: int
    width: int
    is_grey: bool


@dataclass(frozen=True)
class Pixels:
    """An image that was read.

    Attributes:
        array: uint8 (height, width, channels).
        changes: What was changed, keys of `CHANGES`.
        digest: SHA-256 of the file.
    """

    array: npt.NDArray[np.uint8]
    changes: tuple[str, ...]
    digest: bytes


def is_encoded(value: Any) -> bool:
    """Whether a value is the content of a file of an image, as tables may hold it."""
    return isinstance(value, bytes) and value.startswith(STARTS)


def is_image_file(source: Any) -> bool:
    """Whether a source of rows is one file of an image, by its name or its content."""
    # Odd names are no errors here, as they would be for `Path.is_file`.
    if not isinstance(source, str | Path) or not os.path.isfile(source):  # noqa: PTH113
        return False
    path = Path(source)
    return path.suffix.lower() in SUFFIXES or _start_of(path).startswith(SURE_STARTS)


def read_header(source: Path | bytes) -> Header:
    """Reads what the beginning of a file says; nothing is unpacked.

    Args:
        source: The file, or its content.

    Raises:
        UnreadImage: It is no image, or too large a one.
    """
    try:
        if isinstance(source, Path):
            _check_file(source.stat())
        with _file_of(source) as file, _opened(file, _size_of(source)) as image:
            width, height = image.size
            # Of a PNG that says nothing of it before its pixels, `getexif` would unpack them.
            known = image.format != "PNG" or "exif" in image.info
            if known and image.getexif().get(ORIENTATION) in TURNED:
                width, height = height, width
            return Header(height, width, _is_grey(image))
    except Exception as error:  # Pillow's decoders raise what they like on a damaged file
        raise _unread(error, source) from error


def read_pixels(source: Path | bytes, fit: ImageFit, channels: int) -> Pixels:
    """Reads an image whose header was read.

    Args:
        source: The file, or its content.
        fit: The size that it is brought to.
        channels: Numbers of a pixel: 1, 3 or 4.

    Raises:
        UnreadImage: It cannot be read.
    """
    from PIL import ImageOps

    try:
        content = source if isinstance(source, bytes) else _content(source)
        with _opened(io.BytesIO(content), len(content)) as image:
            changes = ["frames"] if getattr(image, "is_animated", False) else []
            changes += ["cmyk"] if image.mode == "CMYK" else []
            changes += ["deep"] if _is_deep(image) else []
            if image.getexif().get(ORIENTATION, 1) != 1:
                changes.append("turned")
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            upright = _shallow(image)
            plain, is_laid = _with_channels(upright, channels)
            changes += ["transparent"] if is_laid else []
            array = np.asarray(fit.fitted(plain)).reshape(fit.height, fit.width, channels)
    except Exception as error:  # Pillow's decoders raise what they like on a damaged file
        raise _unread(error, source) from error
    return Pixels(array, tuple(changes), hashlib.sha256(content).digest())


def _check_file(found: os.stat_result) -> None:
    """Checks what a file is, and its size.

    Raises:
        UnreadImage: It is none, or too large.
    """
    if not stat.S_ISREG(found.st_mode):
        raise UnreadImage("no regular file")  # a pipe would keep its reader waiting
    if found.st_size > MOST_BYTES:
        raise UnreadImage(f"{found.st_size:,} bytes, more than {MOST_BYTES:,}")


def _content(path: Path) -> bytes:
    """What a file holds, which may be another one by now than that whose header was read.

    Raises:
        UnreadImage: It is none, or too large.
    """
    _check_file(path.stat())
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def _opened(file: IO[bytes], size: int) -> Image:
    """An image of one of the known formats, of which only the header was read.

    Raises:
        UnreadImage: It is too large.
        Overfull: It is in more pieces than an image has.
        OSError: It is none.
    """
    from PIL import Image as pillow

    reads: Any = CountedReads(file, size)
    image = pillow.open(reads, formats=FORMATS)
    most = pillow.MAX_IMAGE_PIXELS or 0
    if image.width * image.height > most:
        raise UnreadImage(
            f"{image.width:,} x {image.height:,} pixels, more than {most // 10**6} million"
        )
    if max(image.size) > LONGEST:
        raise UnreadImage(
            f"{image.width:,} x {image.height:,} pixels, more than {LONGEST:,} at a side"
        )
    return image


def _start_of(source: Path | bytes) -> bytes:
    with _file_of(source) as file:
        return file.read(TELLING)


def _size_of(source: Path | bytes) -> int:
    return len(source) if isinstance(source, bytes) else source.stat().st_size


def _file_of(source: Path | bytes) -> IO[bytes]:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _unread(error: Exception, source: Path | bytes) -> Exception:
    """The reason why a file is left out; an error that is no file's fault as it is."""
    from PIL import Image as pillow
    from PIL import UnidentifiedImageError

    if isinstance(error, UnreadImage):
        return error
    if isinstance(error, Overfull):
        return UnreadImage(str(error))
    if isinstance(error, pillow.DecompressionBombError):
        return UnreadImage(
            f"more than {2 * (pillow.MAX_IMAGE_PIXELS or 0) // 10**6} million pixels"
        )
    if isinstance(error, UnidentifiedImageError):
        return UnreadImage(unread_reason(_start_of(source)))
    if isinstance(error, MemoryError):
        return error
    if isinstance(error, OSError) and error.strerror:
        return UnreadImage(error.strerror.lower())
    return UnreadImage("damaged")


def _is_grey(image: Image) -> bool:
    """Whether pixels are grey by their type; a palette may hold grey too, and is not looked at."""
    return image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;16")


def _is_deep(image: Image) -> bool:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return True
    # Pillow reads colours of 16 bits as 8 at once; only the PNG's own header tells.
    tiles = getattr(image, "tile", None) or []
    return any("16" in str(one[-1]) for one in tiles if image.format == "PNG")


def _shallow(image: Image) -> Image:
    """Grey of 16 or 32 bits as 8: the upper byte of 16, as libpng and TensorFlow take it."""
    from PIL import Image as pillow

    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image).astype(np.int64)
        return pillow.fromarray(np.clip(values >> 8, 0, 255).astype(np.uint8))
    return image


def _with_channels(image: Image, channels: int) -> tuple[Image, bool]:
    """An image as grey, as colours, or as these with transparency, and whether it lost some."""
    from PIL import Image as pillow

    has_alpha = "A" in image.getbands() or "a" in image.getbands() or "transparency" in image.info
    if channels == 4:
        return image if image.mode == "RGBA" else image.convert("RGBA"), False
    is_laid = False
    if has_alpha:
        whole = image.convert("RGBA")
        is_laid = bool(np.asarray(whole)[..., 3].min() < 255)
        image = pillow.alpha_composite(pillow.new("RGBA", whole.size, WHITE), whole).convert("RGB")
    mode = "L" if channels == 1 else "RGB"
    # Converting makes a copy of what needs none.
    return image if image.mode == mode else image.convert(mode), is_laid
