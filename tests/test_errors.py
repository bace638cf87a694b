"""The text of an error is for a screen, whatever was given."""

from __future__ import annotations

import pytest

from automl.errors import LONGEST, AutoMLError, RequestError
from automl.space.configuration import UnreadableValue


@pytest.mark.parametrize("text", ["", "A sentence.", "Größe 'x' is 3.5; give 4.", "x" * 400])
def test_a_sentence_stays_as_it_is(text: str) -> None:
    assert str(RequestError(text)) == text
    assert str(UnreadableValue(text)) == text


def test_line_ends_and_control_characters_are_made_visible() -> None:
    assert str(AutoMLError("one\ntwo\r\n\tthree")) == "one two three"
    assert str(AutoMLError("a\x1b[31mred\x00\x7f")) == "a\\x1b[31mred\\x00\\x7f"


def test_what_is_endless_is_shortened_in_its_middle() -> None:
    told = str(AutoMLError(f"Column {'x' * 10**6!r} holds text: correct it."))
    assert told.startswith("Column 'xxx") and told.endswith("x' holds text: correct it.")
    assert "(1,000,002 characters)" in told and len(told) < 300
    told = str(AutoMLError(" ".join(["word"] * 10**5) + " give less."))
    assert told.startswith("word word") and told.endswith("give less.")
    assert len(told) < LONGEST + 50
