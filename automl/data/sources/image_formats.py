"""What a file that cannot be read as an image is, by its first bytes."""

from __future__ import annotations

#: First bytes of the formats that are read.
STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"GIF8", b"RIFF")
#: Those with which no text begins.
SURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF87a", b"GIF89a")
#: How many bytes tell.
TELLING = 32
# First bytes of files that are images and not read, or stand for some.
_OTHERS = {
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"8BPS": "Photoshop",
    b"\0\0\1\0": "ICO",
    **{b"P%d" % number + blank: "PPM" for number in range(1, 7) for blank in (b" ", b"\n")},
    b"<svg": "SVG",
    b"%PDF": "PDF",
}
# By the brand of a box of ISO media, at the eighth byte.
_BRANDS = {b"hei": "HEIC", b"hev": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"avi": "AVIF"}


def unread_reason(start: bytes) -> str:
    """Why a file that no decoder takes is left out.

    Args:
        start: Its first bytes.
    """
    if not start:
        return "empty"
    if start.startswith(b"version https://git-lfs"):
        return "a pointer of Git LFS, not the file itself"
    if start[4:8] == b"ftyp":
        brand = next((name for begin, name in _BRANDS.items() if start[8:].startswith(begin)), "")
        return f"{brand}, which is not read" if brand else "no image"
    other = next((name for begin, name in _OTHERS.items() if start.startswith(begin)), "")
    if other:
        return f"{other}, which is not read"
    if start.startswith(b"RIFF") and start[8:12] not in (b"WEBP", b""):
        return "no image"
    return "damaged" if start.startswith(STARTS) else "no image"
