"""Separators: found by what divides all lines alike, named in the first line, or given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.separators import checked_separator, find_separator
from automl.data.sources.text_file import read_text_file
from automl.errors import DataError, RequestError


def read(tmp_path, content, name="t.csv", **options):
    path = tmp_path / name
    path.write_text(content)
    frame = read_text_file(path, **options)
    return [list(frame.columns), *frame.to_numpy().tolist()]


TABLE = [["a", "b"], ["1,5", "x"], ["2,5", "y z"]]


@pytest.mark.parametrize(
    ("content", "table"),
    [
        ("a;b\n1,5;x\n2,5;y z\n", TABLE),
        ("sep=;\na;b\n1,5;x\n2,5;y z\n", TABLE),
        ('"sep=;"\r\na;b\r\n1,5;x\r\n2,5;y z\r\n', TABLE),
        ("SEP=\t\na\tb\n1,5\tx\n2,5\ty z\n", TABLE),
        ("a|b\n1,5|x\n2,5|y z\n", TABLE),
        ("size, cm;b\n1,5;x\n2,5;y z\n", [["size, cm", "b"], *TABLE[1:]]),
        ("name;x,y\n1,5;x\n2,5;y\n", [["name", "x,y"], ["1,5", "x"], ["2,5", "y"]]),
        ("a b\n1,5 x\n2,5 y\n", [["a", "b"], ["1,5", "x"], ["2,5", "y"]]),
        ("  a    b\n 1.5   x\n12.5   y\n", [["a", "b"], ["1.5", "x"], ["12.5", "y"]]),
        ('a b\n1 "x y"\n2 z\n', [["a", "b"], ["1", "x y"], ["2", "z"]]),
        ("my size   b\n1.5       x\n2.5       y\n", [["my size", "b"], ["1.5", "x"], ["2.5", "y"]]),
        ('1.0   2.0   3\t"a b"\n4.0   5.0   6\t"c"\n', None),
        ("a\tb\nJo Lee\tx y\nAn Li\tz w\n", [["a", "b"], ["Jo Lee", "x y"], ["An Li", "z w"]]),
        ('a,b\n"x;1",2\n"y;2",3\n', [["a", "b"], ["x;1", "2"], ["y;2", "3"]]),
        ('a,b\n1,"l1\nl2"\n2,"x;y"\n', [["a", "b"], ["1", "l1\nl2"], ["2", "x;y"]]),
    ],
)
def test_separators_are_found(tmp_path, content, table):
    if table is None:  # as the UCI repository's auto-mpg: blanks, and a tab before the name
        found = read(tmp_path, content, names=["p", "q", "r", "s"])
        table = [["p", "q", "r", "s"], ["1.0", "2.0", "3", "a b"], ["4.0", "5.0", "6", "c"]]
        assert found == table
    else:
        assert [[str(v).strip() for v in row] for row in read(tmp_path, content)] == table


BROKEN = 'n;text;y\n1;"a, b";0\n2;"a, c";1\n3;"b, c";0\n4"a, b";1\n'


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        (BROKEN, ";"),  # commas divide each line into two, in the midst of its quoted text
        (BROKEN.replace(";", "|"), "|"),
        (BROKEN.replace(";", "\t"), "\t"),
        (BROKEN.replace("text", "x" * 200_000), ";"),  # more than the csv module takes
        (BROKEN.replace("n;text;y", '1;"a, b";0').replace("3;", "3"), ";"),
        ('a\tb\n1\tHe said, "no"\n2\tno\n', "\t"),
        ('a\tb\n1\tHe said, "no"\n2\tI, "yes"\n', "\t"),
        ('a,b\n1,"x;y"\n2,"z;w"\n', ","),
        ('a;b\n1;5"\n2;6"\n', ";"),
    ],
)
def test_quoted_values_are_not_cut(content, separator):
    assert find_separator(content) == separator


def test_texts_with_blanks_are_one_column(tmp_path):
    content = "review\nthis is good\nbad\nvery bad indeed\n"
    assert read(tmp_path, content)[0] == ["review"]


@given(
    st.lists(
        st.lists(st.from_regex(r"[a-z0-9.]{1,5}", fullmatch=True), min_size=3, max_size=3),
        min_size=2,
        max_size=20,
    ),
    st.sampled_from([",", ";", "\t", "|", " ", "    "]),
)
def test_plain_tables_are_found_whatever_separates_them(rows, separator):
    found = find_separator("\n".join(separator.join(row) for row in rows) + "\n")
    assert found == separator[:1]


def test_a_separator_that_is_given_overrules(tmp_path):
    content = "a;b,c\n1;2,3\n4;5,6\n"
    assert read(tmp_path, content, separator=";")[0] == ["a", "b,c"]
    assert read(tmp_path, content, separator=",")[0] == ["a;b", "c"]
    assert read(tmp_path, "a^b\n1^2\n", separator="^")[1] == ["1", "2"]
    rows = "".join(f"{i};{i % 3},5\n" for i in range(30))
    (tmp_path / "t.csv").write_text("x;y\n" + rows)
    said = prepare(DataRequest(tmp_path / "t.csv", "y", separator="semicolon", task="multiclass"))
    assert said.plan.inputs.columns == ("x",)


@pytest.mark.parametrize(
    ("given", "character"),
    [("tab", "\t"), ("\\t", "\t"), ("\t", "\t"), ("Blanks", " "), (";", ";"), ("pipe", "|")],
)
def test_separators_have_names(given, character):
    assert checked_separator(given) == character


@pytest.mark.parametrize("wrong", ["", ";;", "x", "7", '"', "\n", "colon", 5, b"x", []])
def test_what_cannot_separate_is_refused(wrong):
    with pytest.raises(RequestError, match="give one character"):
        checked_separator(wrong)
    with pytest.raises(RequestError, match=r"give (one|a) character"):
        DataRequest("t.csv", separator=wrong)


def test_lines_are_counted_as_they_stand_in_the_file(tmp_path):
    with pytest.raises(DataError, match=r"Line 4 .* has 3 values"):
        read(tmp_path, "sep=;\na;b\n1;2\n1;2;3\n")
    with pytest.raises(DataError, match=r"Line 3 .* has 3 values"):
        read(tmp_path, "a b\n1 2\n1 2 3\n4 5\n", separator=" ")
