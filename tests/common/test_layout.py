"""Texts in columns lose nothing, and fit the screen where they can."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automl.common.layout import beside, in_columns

words = st.text("abc ", min_size=1, max_size=60).map(str.strip)


@given(st.lists(st.tuples(words, words, words), min_size=1, max_size=5), st.integers(60, 200))
def test_no_word_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = [line for block in in_columns(rows, width=width, flexible=1) for line in block]
    expected = " ".join(" ".join(row) for row in rows).split()
    if all(len(word) <= 20 for word in expected):
        assert sorted(" ".join(lines).split()) == sorted(expected)


def test_numbers_stand_flush_right() -> None:
    rows = [["", "loss"], ["training", "1.5"], ["test", "10"]]
    assert in_columns(rows, right=[False, True]) == [
        ["          loss"],
        ["training   1.5"],
        ["test        10"],
    ]
    assert in_columns([["a", "b"], ["ccc", ""]], gap=1) == [["a   b"], ["ccc"]]
    assert in_columns([]) == []


def test_a_long_text_goes_on_below_itself() -> None:
    block = in_columns([["name", "one two three four five", "end"]], width=32, flexible=1)[0]
    assert block == ["name  one two three four     end", "      five"]
    assert beside("trial 3", "one\n two " + "x" * 50, 9, 20) == [
        "trial 3  one two",
        "         " + "x" * 50,
    ]
