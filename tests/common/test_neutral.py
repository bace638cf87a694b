"""Texts of others are made harmless where they are shown, and JSON stays exact."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.neutral import (
    csv_cell,
    from_csv_cell,
    json_line,
    markdown_form,
    markdown_text,
    printable,
    printable_lines,
)

OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]"
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\rb\nc", "a\\rb\\nc"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("\ud83d", "\\ud83d"),
        ("größe 中文 a\u200cb 👩\u200d🔬\u00a0b", "größe 中文 a\u200cb 👩\u200d🔬\u00a0b"),
    ],
)
def test_what_a_terminal_would_obey_is_written_visibly(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not OBEYED.search(printable(text))
    assert not OBEYED.search(printable_lines(text).replace("\n", "").replace("\t", ""))
    assert not OBEYED.search(markdown_text(text))
    assert not OBEYED.search(str(csv_cell(text)))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1",
        "\uff1d1+1", "-2+3+cmd|' /C calc'!D2", "+cmd", "'=1",
    ],
)  # fmt: skip
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = csv_cell(text)
    assert cell.startswith("'")
    assert from_csv_cell(cell) == printable(text)


@pytest.mark.parametrize("value", ["-1", "+2.5", "-1e-3", "-inf", "-", "+", "a=b", "", "1-2"])
def test_numbers_signs_and_ordinary_texts_stay(value: str) -> None:
    assert csv_cell(value) == value


@pytest.mark.parametrize("value", [-1, -0.5, None, True])
def test_what_is_no_text_stays(value: object) -> None:
    assert csv_cell(value) is value


@given(st.text())
def test_a_cell_can_be_read_back(text: str) -> None:
    assert from_csv_cell(csv_cell(text)) == printable(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("![x](http://e/x.png)", "!\\[x\\](http://e/x.png)"),
        ("a|b", "a\\|b"),
        ("median_income", "median_income"),
        ("_x_ *y* `z` ~~w~~", "\\_x\\_ \\*y\\* \\`z\\` \\~\\~w\\~\\~"),
        ("&lt;", "&amp;lt;"),
        ("# big", "\\# big"),
        ("a\n\n<b>", "a\\\\n\\\\n&lt;b&gt;"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, shown: str) -> None:
    assert markdown_text(text) == shown


def test_every_text_of_a_form_is_marked() -> None:
    form = {"<a>": ["<b>", 1, None, {"c": "<d>"}]}
    assert markdown_form(form) == {"&lt;a&gt;": ["&lt;b&gt;", 1, None, {"c": "&lt;d&gt;"}]}


@given(st.dictionaries(st.text(), st.text() | st.none() | st.floats(allow_nan=False)))
def test_json_stays_exact(form: dict[str, object]) -> None:
    line = json_line(json.dumps(form, ensure_ascii=False))
    assert json.loads(line) == form
    assert not OBEYED.search(line)
