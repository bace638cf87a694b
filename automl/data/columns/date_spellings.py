"""Dates spelt in other scripts and by other programs, brought into the order of numbers and marks.

Chinese, Japanese and Korean dates with a sign behind each number, Japanese eras, digits of other
scripts, ``ctime`` of C, Apache's log files, a full stop or a word for "year" at the end.
"""

from __future__ import annotations

import re

from automl.data.columns.characters import plain_characters

# The year before the first of each era.
ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}

_ERA = re.compile(rf"({'|'.join(ERAS)})\s?(\d{{1,2}}|元)\s?年")
_SIGNS = re.compile(
    r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?[日号號일])?(?:\s*\(?[一-龥월-토]\)?(?=\s|$))?"
)
_CTIME = re.compile(
    r"[^\W\d_]{3} ([^\W\d_]{3}) (\d{1,2}) (\d{1,2}:\d{2}:\d{2})(?: (UTC|GMT))? (\d{4})"
)
_APACHE = re.compile(r"(\d{1,2}/[^\W\d_]{3}/\d{4}):(\d{2}:\d{2}:\d{2})")
# Russian for "year" and German for "o'clock".
_END = re.compile(r"(?<=\d)(?:\.| \u0433\.?| \u0433\u043e\u0434\u0430?| Uhr)$")


def plain_spelling(text: str) -> str:
    """A date or time with what is special about its spelling put in the usual way.

    Args:
        text: With single blanks.
    """
    if not text.isascii():
        text = plain_characters(text)
        text = _ERA.sub(_year_of_era, text)
        text = _SIGNS.sub(lambda m: "-".join(part for part in m.groups() if part), text)
    text = _END.sub("", text)
    if ":" in text:
        text = _CTIME.sub(r"\1 \2 \5 \3", text)
        text = _APACHE.sub(r"\1 \2", text)
    return text


def _year_of_era(found: re.Match[str]) -> str:
    number = 1 if found[2] == "元" else int(found[2])
    return f"{ERAS[found[1]] + number}年"
