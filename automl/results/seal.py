"""Seals in a study's journal: checksums that tell a byte that was changed from one as written.

A line that ends something (a trial, a baseline) carries under a key of its own the checksum of all
bytes before it. Optuna does not read the key. Whatever was changed, lost or repeated before the
last seal is noticed, which no rule about single lines could do: a digit of a score is a digit
still.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from automl.errors import RunError

# Only the last key of a line's own object is followed by one brace and the line's end.
_SEAL = re.compile(rb',"crc32":(\d{1,10})\}\n')


@dataclass(frozen=True)
class Seal:
    """The checksum of a journal's bytes from its start to some place.

    Attributes:
        size: How many bytes.
        crc: Their CRC-32.
        lines: How many lines they are.
    """

    size: int = 0
    crc: int = 0
    lines: int = 0

    def put_on(self, line: bytes) -> bytes:
        """The line with the checksum of all before it.

        Args:
            line: One JSON object with its line end.
        """
        return b'%s,"crc32":%d}\n' % (line[:-2], self.crc)

    def after(self, content: bytes) -> Seal:
        """The checksum behind some more whole lines."""
        return Seal(
            self.size + len(content),
            zlib.crc32(content, self.crc),
            self.lines + content.count(b"\n"),
        )

    def checked(self, content: bytes, path: Path) -> Seal:
        """The checksum behind some more whole lines, whose own seals are compared with it.

        Args:
            content: Whole lines, as they follow in the file.
            path: The journal, for the message.

        Raises:
            RunError: A seal does not fit: the file was changed.
        """
        view, start, crc = memoryview(content), 0, self.crc
        for seal in _SEAL.finditer(content):
            line = content.rfind(b"\n", 0, seal.start()) + 1
            crc = zlib.crc32(view[start:line], crc)
            if crc != int(seal[1]):
                whole = self.lines + content.count(b"\n", 0, start)
                broken = self.lines + content.count(b"\n", 0, line)
                raise RunError(
                    f"The study file {path} was changed after it was written, somewhere between "
                    f"line {whole + 1} and line {broken + 1}, so the run cannot be trusted; "
                    f"restore the file from a copy, or keep only its first {whole} lines."
                )
            start = line
        crc = zlib.crc32(view[start:], crc)
        return Seal(self.size + len(content), crc, self.lines + content.count(b"\n"))
