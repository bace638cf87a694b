"""Numbers spelt as ledgers, price tags and papers do, brought into the usual order of marks.

A currency outside the brackets of a negative number, a dash in place of cents, powers of ten.
"""

from __future__ import annotations

import re

from automl.data.columns.currencies import is_currency

# ($5), $(5), (5) $ and (5)% are one number; (212) 555 is none.
_OUTSIDE = re.compile(r"([^\d()+\-]*)\(([^()]+)\)([^\d()]*)")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
# A power has a sign of its own, for 5 x 10 is a size.
_POWER = re.compile(
    r"(?<=[\d.,]) ?[x\u00d7*\u00b7\u22c5] ?10"
    r"(?: ?(?:\^|\*\*) ?\(?([-+]?\d{1,3})\)?|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))(?!\d)"
)
# Fortran writes a decimal point in each: 4D-2 is a code.
_FORTRAN = re.compile(r"(\d\.\d*|\.\d+)[dD]([-+]\d{1,3})$")


def plain_number(text: str) -> str:
    """A number with what is special about its spelling put in the usual way.

    Args:
        text: With ASCII digits, and marks as `number_format.SPELLINGS` has them.
    """
    if "10" in text:
        text = _POWER.sub(lambda m: "e" + (m[1] or m[2].translate(_SUPERSCRIPTS)), text)
    if "(" in text:
        text = _OUTSIDE.sub(_inside, text, count=1)
    return _FORTRAN.sub(r"\1e\2", text)


def _inside(found: re.Match[str]) -> str:
    before, number, behind = found.groups()
    units = {before.strip(), behind.strip()} - {"", "%"}
    if not all(map(is_currency, units)):
        return found[0]
    return f"({before}{number}{behind})"


def without_cents(body: str) -> str:
    """The digits of a price with a dash in place of its cents, such as ``19,`` of ``19,-``.

    The last mark stays where another one stands between thousands, for it tells the two apart:
    ``1.234,-`` is no 1.234.
    """
    bare = body.rstrip(".,")
    return body if set(bare) & set(".,' _") else bare
