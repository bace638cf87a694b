"""Text files: separators, headers, quotes, encodings; what cannot be read is refused by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.data.sources.load import load
from automl.data.sources.text_file import looks_like_data, read_text_file
from automl.errors import DataError


def read(tmp_path, content, name="t.csv", **options):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    frame = read_text_file(path, **options)
    return [list(frame.columns), *frame.to_numpy().tolist()]


TABLE = [["a", "b"], ["1", "x y"], ["2", "z"]]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a,b\n1,x y\n2,z\n", "t.csv"),
        ("a,b\r\n1,x y\r\n\r\n2,z", "t.csv"),
        ("\ufeffa,b\n1,x y\n2,z\n", "t.csv"),
        ("\ufeff\ufeffa,b\n1,x y\n2,z\n", "t.csv"),
        ("a,b\n1,x y\n2,z\n".encode("utf-16"), "t.csv"),
        ("a;b\n1;x y\n2;z\n", "t.csv"),
        ("a\tb\n1\tx y\n2\tz\n", "t.tsv"),
        ("a\tb\n1\tx y\n2\tz\n", "t.txt"),
        ('"a","b"\n"1","x y"\n2,"z"\n', "t.csv"),
        ('a, "b"\n1, "x y"\n2, "z"\n', "t.csv"),
    ],
)
def test_the_same_table_in_many_spellings(tmp_path, content, name):
    found = read(tmp_path, content, name)
    assert [[str(v).strip() for v in row] for row in found] == TABLE


def test_quotes_may_hold_separators_and_line_breaks(tmp_path):
    assert read(tmp_path, 'a,b\n1,"x, y"\n2,"l1\nl2"\n')[1:] == [["1", "x, y"], ["2", "l1\nl2"]]
    assert read(tmp_path, 'a, b\n1, "x, y"\n')[1] == ["1", "x, y"]


def test_names_replace_a_header_or_repeat_it(tmp_path):
    assert read(tmp_path, "1,x\n2,z\n", names=["a", "b"]) == [["a", "b"], ["1", "x"], ["2", "z"]]
    said = []
    found = read(tmp_path, "a,b\n1,x\n", names=["a", "b"], say=said.append)
    assert found == [["a", "b"], ["1", "x"]] and "repeats the names" in said[0]


@pytest.mark.parametrize("again", ["a,b\n", "a, b\n", "\ufeffa,b\n", '"a","b"\n', "a,b\na,b\n"])
@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_header_that_is_repeated_below_is_no_row(tmp_path, again, names):
    said = []
    head = "" if names else "a,b\n"
    found = read(tmp_path, f"{head}1,x\n{again}2,a\n", names=names, say=said.append)
    assert found == [["a", "b"], ["1", "x"], ["2", "a"]]
    count = again.count("\n")
    assert f"t.csv: {count} line{'s' * (count > 1)} below the header repeat" in said[-1]


def test_rows_that_look_like_no_header_stay(tmp_path):
    for rows in ("y\na\ny\nb\n", "1,2\n3,4\n1,2\n", "a,b\na,b\n"):
        assert len(read(tmp_path, rows)) == rows.count("\n")


def test_a_column_without_a_name_gets_one(tmp_path):
    assert read(tmp_path, ",a\n0,1\n")[0] == ["unnamed_0", "a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,b\n", "has a header but no rows: give rows"),
        ("a,b\n1,2\n1,2,3\n", "Line 3 .* has 3 values where the first line has 2"),
        ("a,b\n1,2\n3\n", "Line 3 .* has 1 values where the first line has 2"),
        ("# made by a tool\na,b\n1,2\n", "Line 2 .* remove lines above the names"),
        (b"a,b\n1,caf\xe9\n", "Line 2 .* is not UTF-8"),
        (b"PK\x03\x04\x00\x00,", "is not text"),
        ("a,b\n1,2\n", "Got 3 column names .* has 2 columns"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, content, message):
    names = ["a", "b", "c"] if "3 column" in message else []
    with pytest.raises(DataError, match=message):
        read(tmp_path, content, names=names)


def test_lines_of_blanks_are_no_rows(tmp_path):
    found = read(tmp_path, "a,b\n1,2\n  \n3,4\n\t\n \n")
    assert found == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_a_header_of_data_is_noticed():
    assert looks_like_data(["39", "State-gov", "77516"])
    assert not looks_like_data(["age", "b2"])
    assert not looks_like_data(["0", "1", "2", "y"])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('a,b\n1,"x\n2,y\n3,z\n', 2),  # never closed: the rest would be one value
        ('a,b\n1,x\n2,"y', 3),
        ('a,b\n1,x\n2,"y\n', 3),
        ('a,b\n1,x\n2,"y\n\n\n', 3),
        ('a,b\n1,"x\n2,"y\n3,z\n', 2),  # closed by the next one's opening quote
        ('a,b\n"1,2\n3,"4\n5,6\n', 2),
        ('a,b\n1, "x\n2,y\n', 2),
        ('a,b\r\n1,x\r\n2,"y\r\n3,z\r\n', 3),
        ('"a,b\n1,2\n', 1),
    ],
)
def test_a_quote_that_would_swallow_rows_is_refused(
    tmp_path: Path, content: str, line: int
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode())
    with pytest.raises(DataError, match=rf"^Line {line} of .* has a double quote that is not"):
        read_text_file(path)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('a,b\n1,"x\ny"\n2,"z"\n', [["1", "x\ny"], ["2", "z"]]),
        ('a,b\n1,"x"y\n2,5" wide\n', [["1", "xy"], ["2", '5" wide']]),
        ('a,b\n1,"say ""yes"""\n2,""\n', [["1", 'say "yes"'], ["2", ""]]),
        ('a,b\n1,"x\n\n\ny"\n\n2,z', [["1", "x\n\n\ny"], ["2", "z"]]),
    ],
)
def test_quotes_as_they_should_be_are_read(
    tmp_path: Path, content: str, rows: list[list[str]]
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode())
    assert read_text_file(path).to_numpy().tolist() == rows


def test_quotes_after_a_space_are_read_wherever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,plain\n" * 20_000 + '2,   "quoted"\n')
    assert read_text_file(path)["b"].iloc[-1] == "quoted"


def test_a_nul_character_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,x\n" * 2_000 + b"2,\x00\x00\n")
    with pytest.raises(DataError, match=r"Line 2002 of .* holds a NUL character"):
        read_text_file(path)


def test_a_header_longer_than_pythons_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f'"{"a" * 200_000}",b\n1,2\n')
    assert [len(name) for name in read_text_file(path).columns] == [200_000, 1]


@pytest.mark.parametrize("separator", ["§", "☃", "^", "]", "\\", "-"])
@pytest.mark.parametrize("quoted", ["t", ' "q s"'])
def test_any_character_separates(tmp_path, separator, quoted):
    lines = [["a", "b", "c"], *([f"v{i}", str(i), quoted] for i in range(5))]
    path = tmp_path / "a.csv"
    path.write_text("".join(separator.join(line) + "\n" for line in lines), encoding="utf-8")
    frame = load(path, separator=separator).main
    assert frame.iloc[3].tolist() == ["v3", "3", quoted.strip(' "')]
