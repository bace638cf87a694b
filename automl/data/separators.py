"""What separates the values of a text file: given, named in its first line, or found."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence

from automl.errors import RequestError

# Tried in this order, blanks last. Commas come after what hardly ever stands in a value by
# chance, for numbers and texts hold commas too.
SEPARATORS = ("\t", ";", "|", ",")
BLANKS = " "
NAMES = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "bar": "|",
    "pipe": "|",
    "blank": BLANKS,
    "blanks": BLANKS,
    "space": BLANKS,
    "spaces": BLANKS,
}
# Lines by which the separator is found (own choice).
LINES = 100
# Excel's own way to say it, in a line before the header.
FIRST_LINE = re.compile(r"""["']?sep=(.|\\t)["']?[\s,;]*""", re.IGNORECASE)
# A value between blanks: quoted, or whatever is not blank.
VALUE = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')
WIDE_GAP = re.compile(r"\s{2,}|\t")


def checked_separator(given: str | None) -> str | None:
    """Reads a separator that a person gave.

    Args:
        given: One character, a name such as ``tab`` or ``blanks``, or None.

    Returns:
        The character; a blank stands for any number of blanks.

    Raises:
        RequestError: It is none.
    """
    if given is None:
        return None
    character = NAMES.get(given.strip().lower(), given) if isinstance(given, str) else ""
    if len(character) != 1 or character in "\"'\r\n\0" or character.isalnum():
        raise RequestError(
            f"The separator {given!r} is not possible: give one character (no letter, digit or "
            "quote), or comma, semicolon, tab, bar or blanks."
        )
    return character


def named_in_text(content: str) -> tuple[str | None, str]:
    """The separator that the first line names (``sep=;``), and the text with that line emptied."""
    line, end, rest = content.partition("\n")
    found = FIRST_LINE.fullmatch(line.strip("\r "))
    if found is None:
        return None, content
    return NAMES.get(found[1], found[1]), end + rest


def find_separator(content: str) -> str:
    """Finds what separates values: what divides all the first lines into equally many.

    Args:
        content: The file's text.

    Returns:
        A character; a blank for any number of blanks. Where nothing divides the lines evenly,
        what the first line holds: what quoted values begin after, else the first of comma, tab,
        semicolon and bar.
    """
    lines = _first_lines(content)
    text = "\n".join(lines) + "\n"
    counts = {separator: _columns(text, separator) for separator in SEPARATORS}
    found = next((s for s, columns in counts.items() if columns > 1), None)
    before = _before_quotes(lines)
    if found is not None and found not in before:
        # It may cut each line's quoted text, where another one divides all lines but a broken one.
        wider = (s for s in before if _columns(text, s, most=True) > counts[found])
        found = next(wider, found)
    blanks = _columns_between_blanks(lines)
    if found is None or (found == "\t" and blanks > counts[found] and _aligned(lines)):
        usual = next((s for s in (*before, ",", "\t", ";", "|") if s in lines[0]), None)
        if blanks > 1 and (found is not None or usual is None or _aligned(lines)):
            return BLANKS
        return found or usual or ","
    return found


def _before_quotes(lines: Sequence[str]) -> list[str]:
    """The separators after which the first quoted value of most lines begins."""
    starts = [line.partition('"')[0].rstrip(BLANKS) for line in lines if '"' in line]
    return [s for s in SEPARATORS if sum(start.endswith(s) for start in starts) > len(starts) / 2]


def _first_lines(content: str) -> list[str]:
    lines: list[str] = []
    for line in io.StringIO(content):
        if line.strip():
            lines.append(line.rstrip("\r\n"))
        if len(lines) == LINES:
            break
    return lines


def _columns(text: str, separator: str, most: bool = False) -> int:
    """Into how many columns a separator divides all rows, or most, or 0 where they differ."""
    try:
        reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
        rows = [row for row in reader if row]
    except csv.Error:
        return 0
    # The last row may be cut off within a quoted value.
    rows = rows[:-1] if text.count("\n") == LINES else rows
    widths = Counter(len(row) for row in rows).most_common(1)
    width, count = widths[0] if widths else (0, 0)
    return width if count == len(rows) or (most and count > len(rows) / 2) else 0


def _columns_between_blanks(lines: Sequence[str]) -> int:
    widths = {len(values_between_blanks(line)) for line in lines[1:]}
    if len(widths) != 1:
        return 0
    width = widths.pop()
    # Names of several words stand apart by wider gaps.
    names = {len(values_between_blanks(lines[0])), len(values_between_gaps(lines[0]))}
    return width if width in names else 0


def _aligned(lines: Sequence[str]) -> bool:
    """Whether most lines have a gap of several blanks, as columns of equal width have."""
    return sum(re.search(r"\S {2,}\S", line) is not None for line in lines) >= len(lines) / 2


def values_between_blanks(line: str) -> list[str]:
    """The values of a line that any number of blanks separates; quoted ones may hold blanks."""
    return [
        match[2] if match[2] is not None else match[1].replace('""', '"')
        for match in VALUE.finditer(line.strip())
    ]


def values_between_gaps(line: str) -> list[str]:
    """The values of a line that tabs or two blanks and more separate."""
    return WIDE_GAP.split(line.strip())
