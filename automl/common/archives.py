"""What comes of reading archives and packed files that are cut, mangled or locked."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib

UNREADABLE_ARCHIVE: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    NotImplementedError,  # a version or a compression that Python has not
    RuntimeError,  # locked by a password
    KeyError,  # it has no such member
    OSError,
    EOFError,
    ValueError,  # names that are no texts, a place before its beginning
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
"""All that `zipfile`, `gzip`, `bz2` and `lzma` raise on what is no whole archive."""
