"""The parts of a data set, and the words that they go by."""

from __future__ import annotations

import re

#: Words by which people call the part that trains, that which validates and that which tests.
PART_WORDS = (
    ("train", "training"),
    ("validation", "valid", "val", "dev", "eval"),
    ("test", "testing"),
)


def part_of(name: str) -> int | None:
    """The part of which a word is in a name, such as ``trainSet`` or ``val2017``; None without.

    Args:
        name: The name of a folder, of a column, or a value of one.

    Returns:
        0 for training, 1 for validation, 2 for test.
    """
    return next(iter(parts_in(name)), None)


def parts_in(name: str) -> list[int]:
    """All parts of which a word is in a name, in their order; see `part_of`.

    Args:
        name: The name.
    """
    plain = {re.sub(r"(set|data)$", "", word) for word in words_in(name)}
    return [part for part, known in enumerate(PART_WORDS) if not plain.isdisjoint(known)]


def words_in(name: str) -> list[str]:
    """The words of a name in small letters: ``not``, ``test`` of ``notTest`` and of ``not_test``.

    Args:
        name: The name.
    """
    return re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())


def is_part_word(name: str) -> bool:
    """Whether a name is but a word of a part."""
    return any(name.lower() in known for known in PART_WORDS)
