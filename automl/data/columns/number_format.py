"""How a column's texts are written as numbers: marks, groups, signs, currency and units.

Training rows decide it once a column; the same rule then reads every later row, and is stored in
the plan. Grouping is strict: ``1.234.567,89`` is a number, ``1.2.3`` and ``12,34,5`` are none.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from automl.data.columns.characters import plain_characters
from automl.data.columns.currencies import is_currency
from automl.data.columns.number_spellings import plain_number, without_cents

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

# Signs that may begin a unit; letters may too.
UNIT_SIGNS = '%\u066a\uff05‰\u2031°℃℉µμΩ\u2032\u2033"²³'
# No number is written longer; of longer texts the pattern would be slow.
LONGEST = 60
# What follows a time of day is no unit.
NO_UNITS = frozenset(("am", "pm", "a.m.", "p.m."))
SPELLINGS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
    | dict.fromkeys("\u2019\u2018\u02bc`\u00b4\u2032", "'")
    | {"\u066b": ".", "\uff0e": ".", "\u066c": ",", "\uff0c": ","}
    | dict.fromkeys("\u00a0\u202f\u2009\u2007\u2002\u2003\u3000\t", " ")
)

_WRITTEN = re.compile(
    r"(?P<open>\()?\s?(?P<sign>[-+])?\s?(?P<prefix>[^\d\s,'()+\-.][^\d()+\-]*?)?\s?"
    r"(?P<second>[-+])?\s?(?P<body>(?:\d|[.,](?=\d))(?:[\d.,'_ ]*[\d.,])?(?:[eE][-+]?\d+)?)"
    r"(?P<behind>[:/]?\s?-)?\s?(?P<suffix>[^\d\s.,'()+\-_:/][^()]*?)?(?P<trail>\s?-)?\s?(?P<close>\))?"
)
_HAS_DIGIT = re.compile(r"\d")


class Negative(StrEnum):
    """How negative numbers are written; a minus sign in front is always one."""

    LEADING = "leading"
    TRAILING = "trailing"
    BRACKETS = "brackets"


@dataclass(frozen=True)
class Written:
    """A text taken apart: digits with their marks, and what stands around them."""

    body: str
    unit: str
    is_negative: bool
    negative: Negative


def take_apart(text: str) -> Written | None:
    """Takes a text apart as a number, or returns None where it is none."""
    if len(text) > LONGEST:
        return None
    found = _WRITTEN.fullmatch(plain_number(plain_characters(text).translate(SPELLINGS)))
    if found is None:
        return None
    body, prefix, suffix = found["body"], found["prefix"] or "", found["suffix"] or ""
    prefix, suffix = prefix.strip(), suffix.strip()
    sign, brackets = found["sign"] or found["second"], bool(found["open"])
    behind = found["behind"] or ""
    trailing = bool(behind or found["trail"])
    if trailing and (body[-1] in ".," or behind[:1] in (":", "/")):
        body, trailing = without_cents(body), False
    elif behind and suffix[:1].isalpha() and not is_currency(suffix):  # 5-star
        trailing = False
    signs = (found["sign"], found["second"], brackets, trailing)
    if brackets != bool(found["close"]) or sum(map(bool, signs)) > 1:
        return None
    if not _HAS_DIGIT.search(body):
        return None
    if prefix and suffix:  # $5 USD
        if not is_currency(suffix):
            return None
        suffix = f" {suffix}"
    if prefix and not is_currency(prefix):
        return None
    if suffix and not _is_unit(suffix.strip()):
        return None
    style = Negative.BRACKETS if brackets else Negative.TRAILING if trailing else Negative.LEADING
    return Written(body, prefix + suffix, sign == "-" or brackets or trailing, style)


def _is_unit(suffix: str) -> bool:
    if len(suffix) > 20 or suffix.lower() in NO_UNITS or ":" in suffix:  # days 22:00:00
        return False
    first = suffix[0]
    return first.isalpha() or first in UNIT_SIGNS or is_currency(suffix)


@functools.lru_cache(maxsize=64)
def _body_pattern(decimal: str, grouping: str, indian: bool) -> re.Pattern[str]:
    d, g = re.escape(decimal), re.escape(grouping)
    plain = rf"(?:\d+(?:{d}\d*)?|{d}\d+)(?:[eE][-+]?\d+)?"
    if not grouping:
        return re.compile(plain)
    groups = rf"[1-9]\d?(?:{g}\d\d)*" if indian else rf"[1-9]\d{{0,2}}(?:{g}\d{{3}})*"
    # Nobody writes groups before an exponent: the comma of 3,185e+03 is a decimal mark.
    return re.compile(rf"{plain}|{groups}{g}\d{{3}}(?:{d}\d*)?")


@dataclass(frozen=True)
class NumberFormat:
    """How the texts of a column are written as numbers.

    Attributes:
        decimal: The decimal mark, ``"."`` or ``","``.
        grouping: The mark between thousands: ``","``, ``"."``, ``" "``, ``"'"``, ``"_"``, or
            ``""`` for none. Numbers without it are read too.
        indian: Whether groups before the last have two digits, as in 12,34,567.
        units: Spellings of the one currency, percent sign or unit that stands beside the numbers
            and is left out. 12% is read as 12. A currency may be missing, others only beside 0.
        negative: How negative numbers are written, besides a minus sign in front.
    """

    decimal: str = "."
    grouping: str = ""
    indian: bool = False
    units: tuple[str, ...] = ()
    negative: str = Negative.LEADING.value

    def __post_init__(self) -> None:
        """Checks the marks, for a format may be read from anybody's file.

        Raises:
            ValueError: No number is written with them.
        """
        marks = {".", ",", "'", " ", "_", ""} - {self.decimal}
        if self.decimal not in (".", ",") or self.grouping not in marks:
            raise ValueError(f"the marks {self.decimal!r} and {self.grouping!r} write no numbers")

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return self == NumberFormat()

    def read(self, texts: pd.Series) -> npt.NDArray[np.float64]:
        """Reads texts as numbers.

        Args:
            texts: Texts, some of them missing.

        Returns:
            float64 (n,), NaN where a text is missing or no number of this format.
        """
        import numpy as np  # a task names its format, and spaces are listed by their tasks
        import pandas as pd

        values = np.full(len(texts), np.nan)
        if self.decimal == "." and not self.units and not self.grouping:
            plain = pd.to_numeric(texts, errors="coerce")
            values = plain.to_numpy(dtype=np.float64, na_value=np.nan).copy()
        left = np.flatnonzero(np.isnan(values) & texts.notna().to_numpy())
        if len(left):
            codes, different = pd.factorize(texts.iloc[left].to_numpy(dtype=object))
            values[left] = np.array([self.read_one(text) for text in different])[codes]
        return values

    def read_one(self, text: str) -> float:
        """Reads one text; NaN where it is no number of this format."""
        written = take_apart(text)
        return float("nan") if written is None else self.value(written)

    def value(self, written: Written) -> float:
        """The number that a text taken apart stands for; NaN where it is none of this format."""
        if written.negative not in (Negative.LEADING, self.negative):
            return float("nan")
        if written.unit and written.unit not in self.units:
            return float("nan")
        body = written.body
        if _body_pattern(self.decimal, self.grouping, self.indian).fullmatch(body) is None:
            return float("nan")
        if self.grouping:
            body = body.replace(self.grouping, "")
        number = float(body.replace(self.decimal, "."))
        if self.units and not written.unit and number != 0 and not is_currency(self.units[0]):
            return float("nan")
        return -number if written.is_negative else number

    def describe(self) -> str:
        """What is special about it, in words."""
        parts = []
        if self.decimal == ",":
            parts.append("decimal comma")
        if self.grouping:
            named = {" ": "spaces", "'": "apostrophes", ",": "commas", ".": "dots"}
            mark = named.get(self.grouping, repr(self.grouping))
            parts.append(f"{mark} between {'lakhs and thousands' if self.indian else 'thousands'}")
        if self.units:
            parts.append(f"without {' or '.join(map(repr, self.units))}")
        if self.negative == Negative.BRACKETS:
            parts.append("brackets mean negative")
        elif self.negative == Negative.TRAILING:
            parts.append("a minus behind means negative")
        return ", ".join(parts)
