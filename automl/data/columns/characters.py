"""Characters of numbers and dates that mean the same as others, or nothing."""

from __future__ import annotations

import unicodedata

# Scripts are in the first two planes, ideographs and private characters in the others; to look at
# all of them would take each process a tenth of a second.
_SCRIPTS = 0x20000
#: Digits of all scripts, full-width ones included, to 0 to 9.
DIGITS = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(0x660, _SCRIPTS)
    if chr(code).isdecimal()
}
#: What is not seen: marks of direction, which Windows puts into dates, marks of width and of order.
UNSEEN = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067"
    "\u2068\u2069\ufeff"
)
_PLAIN = DIGITS | {ord(character): "" for character in UNSEEN}


def plain_characters(text: str) -> str:
    """A text with the digits of other scripts as 0 to 9, and without what is not seen."""
    return text if text.isascii() else text.translate(_PLAIN)
