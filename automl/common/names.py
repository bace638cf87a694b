"""Names that a person may have meant: one measure of likeness, and one hint, everywhere."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

#: Least likeness, of 1, at which a known name is taken for what was meant. Below it a hint
#: misleads more often than it helps (own choice: at 0.6 `label` is near to `val_loss`).
NEAR = 0.75
#: Letters of the shortest word in which one may be wrong.
LEAST_LETTERS = 3
#: Known names that are shown where none is near.
SHOWN = 12


def near_names(given: str, known: Iterable[object], most: int = 3) -> list[str]:
    """The known names that are near to a wrong one, nearest first; mostly none.

    Upper and lower case count as the same. One wrong letter, and two neighbouring ones in the
    other order, are near in short names too.

    Args:
        given: The wrong name.
        known: The known ones.
        most: How many names are wanted at most.
    """
    folded = {str(name).casefold(): str(name) for name in reversed([*known])}
    word = given.casefold()
    slips = [name for name in folded if _are_one_slip_apart(word, name)]
    close = difflib.get_close_matches(word, list(folded), n=most, cutoff=NEAR)
    return [folded[name] for name in dict.fromkeys((*slips, *close))][:most]


def did_you_mean(
    given: str, known: Iterable[object], otherwise: str | None = None, most: int = 3
) -> str:
    """The end of a sentence about an unknown name.

    Args:
        given: The name.
        known: The known ones.
        otherwise: The end where none of them is near; None for the first of them.
        most: How many near names are shown at most.

    Returns:
        Such as ``"; did you mean 'a' or 'b'?"``.
    """
    names = [str(name) for name in known]
    near = near_names(given, names, most)
    if near:
        return f"; did you mean {' or '.join(map(repr, near))}?"
    if otherwise is not None:
        return otherwise
    more = ", ..." if len(names) > SHOWN else ""
    return f"; there is {', '.join(map(repr, names[:SHOWN]))}{more}." if names else "."


def known_are(known: Iterable[str], lead: str = "it has") -> str:
    """The other end of such a sentence: all names that there are."""
    return f"; {lead} {', '.join(known) or 'none'}."


def _are_one_slip_apart(one: str, other: str) -> bool:
    """Whether two words differ in one letter, or in the order of two neighbouring ones."""
    if len(one) != len(other) or len(one) < LEAST_LETTERS:
        return False
    apart = [i for i in range(len(one)) if one[i] != other[i]]
    if len(apart) != 2:
        return len(apart) == 1
    first, second = apart
    return second == first + 1 and (one[first], one[second]) == (other[second], other[first])
