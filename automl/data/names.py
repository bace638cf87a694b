"""Finding what a person meant by a name: the nearest names, shown in a message."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name.

    Args:
        name: What was given.
        names: What there is.

    Returns:
        ``"; did you mean 'a' or 'b'?"``, or the first names there are, or a full stop.
    """
    known = [str(n) for n in names]
    folded = {n.casefold(): n for n in reversed(known)}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(repr(folded[n]) for n in close)}?"
    if not known:
        return "."
    more = ", ..." if len(known) > 12 else ""
    return f"; there is {', '.join(repr(n) for n in known[:12])}{more}."
