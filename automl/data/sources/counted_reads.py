"""A file of an image that is read in no more pieces than an image has.

Pillow goes from one piece of metadata to the next in Python, and copies all EXIF that it has at
each further piece of it, so that a file of millions of empty pieces, or of thousands of EXIF, would
keep it for minutes.
"""

from __future__ import annotations

from typing import IO

#: Reads that any file may take, and bytes of it for which there is one more. GIF takes two for 256
#: bytes, PNG three for a chunk, of which most writers make one of 8 kB. (Own choice: of 256 MB the
#: most reads take two seconds.)
MOST_READS, BYTES_A_READ = 10_000, 64
#: How a piece of EXIF begins in JPEG, and how many there may be: cameras write one, of 64 kB at
#: most (own choice).
EXIF, MOST_EXIF = b"Exif\0\0", 64


class Overfull(Exception):
    """A file in more pieces than an image has; its message is the reason, in words.

    It is raised through Pillow, which lets unknown exceptions pass.
    """


class CountedReads:
    """A file, as far as Pillow needs one.

    Args:
        file: The file.
        size: Its bytes.
    """

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._reads_left = MOST_READS + size // BYTES_A_READ
        self._exif_left = MOST_EXIF

    def read(self, size: int = -1) -> bytes:
        """Reads as a file does.

        Args:
            size: Bytes at most; all for a negative one.

        Raises:
            Overfull: More was read than an image has.
        """
        self._reads_left -= 1
        if self._reads_left < 0:
            raise Overfull("in more pieces than an image has")
        content = self._file.read(size)
        if content.startswith(EXIF):
            self._exif_left -= 1
            if self._exif_left < 0:
                raise Overfull(f"more than {MOST_EXIF} pieces of EXIF")
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        """Goes to a place as a file does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place as a file tells it."""
        return self._file.tell()
