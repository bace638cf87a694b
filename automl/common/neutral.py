"""Texts of others, made harmless where they are shown: on a terminal, in CSV, in Markdown.

A run, a bundle and the data may come from a stranger. Their names, labels and reasons are shown to
people and opened in other programs: a terminal obeys escape sequences, a spreadsheet runs what
begins like a formula, a Markdown viewer takes HTML. JSON stays exact; see ``docs/outputs.md``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from automl.common.texts import is_number_text

#: Controls, what only changes the look or the order of others (bidirectional controls, zero width),
#: line and paragraph separators, and halves of surrogate pairs.
_UNSEEN = ("Cc", "Cf", "Zl", "Zp", "Cs")
#: Joiners, without which words of some languages are spelt wrong; they move nothing.
_JOINERS = "\u200c\u200d"
# What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection), full-width
# letters included.
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_MARKED = re.compile(r"([\\`*\[\]~|])|(?<!\w)_|_(?!\w)")


def printable(text: str) -> str:
    """A text on one line, with all that a terminal would obey or hide written visibly.

    Args:
        text: Any text; letters of every language, and what is shown of them, stay.

    Returns:
        The text with ``\\x1b`` for an escape, ``\\n`` for a line end, ``\\u202e`` for a reversal.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def printable_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends and tabs stay."""
    return "".join(character if character in "\n\t" else _visible(character) for character in text)


def _visible(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    if unicodedata.category(character) in _UNSEEN:
        return character.encode("unicode_escape").decode("ascii")
    return character


def csv_cell(value: Any) -> Any:
    """A value as a cell of a CSV file that no spreadsheet runs and no terminal obeys.

    Args:
        value: A text gets an apostrophe before it where a spreadsheet would take it for a formula
            (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a line end, and is neither a
            number nor a lone sign), or where it begins with an apostrophe already. Control
            characters are written visibly. Everything else stays.
    """
    if not isinstance(value, str):
        return value
    first = value.lstrip(" ")[:1]
    text = printable(value)
    if first == "'" or (first and first in _FORMULA and not _is_plain(value)):
        return f"'{text}"
    return text


def from_csv_cell(cell: str) -> str:
    """The text of a cell that `csv_cell` has written, but for its visible control characters."""
    return cell.removeprefix("'")


def _is_plain(text: str) -> bool:
    """Whether a text is a number, or the sign alone, which a spreadsheet computes nothing of."""
    return text.strip(" ") in ("+", "-") or (is_number_text(text) and text.isprintable())


def markdown_text(text: str) -> str:
    """A text that Markdown shows as it is: no HTML, no links, no pictures, on one line."""
    plain = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    marked = _MARKED.sub(lambda found: f"\\{found[0]}", plain)
    return re.sub(r"^(\s*)([#+-])(?=\s)", r"\1\\\2", marked)


def markdown_form(form: Any) -> Any:
    """A JSON value with every text in it, keys too, as `markdown_text` has it."""
    if isinstance(form, str):
        return markdown_text(form)
    if isinstance(form, Mapping):
        return {markdown_form(key): markdown_form(value) for key, value in form.items()}
    if isinstance(form, list | tuple):
        return [markdown_form(value) for value in form]
    return form


def json_line(text: str) -> str:
    """A JSON text in which what a terminal would obey or hide is spelt by JSON's own escapes.

    Args:
        text: JSON; the values that it holds stay what they are.
    """
    if text.isprintable():
        return text
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    if character in "\n\t" or character.isprintable() or character in _JOINERS:
        return character
    if unicodedata.category(character) not in _UNSEEN:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
