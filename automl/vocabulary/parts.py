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
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    for part, known in enumerate(PART_WORDS):
        if any(re.sub(r"(set|data)$", "", word) in known for word in words):
            return part
    return None


def is_part_word(name: str) -> bool:
    """Whether a name is but a word of a part."""
    return any(name.lower() in known for known in PART_WORDS)
