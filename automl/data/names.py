"""Finding what a person meant by a name: the nearest names, shown in a message."""

from __future__ import annotations

from collections.abc import Iterable

from automl.common.names import near_names


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a message about an unknown name.

    Args:
        name: What was given.
        names: What there is.

    Returns:
        ``"; did you mean 'a' or 'b'?"``, or the first names there are, or a full stop.
    """
    known = [str(n) for n in names]
    close = near_names(name, known)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    if not known:
        return "."
    more = ", ..." if len(known) > 12 else ""
    return f"; there is {', '.join(repr(n) for n in known[:12])}{more}."
