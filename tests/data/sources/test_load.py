"""Sources: every kind of file and object gives the same rows, or one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl.data.sources import BUNDLED, ArrayPair, file_format, load
from automl.data.sources.file_format import file_formats, format_titles
from automl.errors import DataError

FOLDER = Path(file_format.__file__).parent
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


def test_tables_come_from_files_and_frames(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    FRAME.to_parquet(tmp_path / "t.parquet")
    for source in (*tmp_path.iterdir(), str(tmp_path / "t.csv"), FRAME):
        rows = load(source).main
        assert rows.astype(str).to_numpy().tolist() == FRAME.astype(str).to_numpy().tolist()


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_know_their_target(name):
    loaded = load(name)
    assert loaded.target == ("target",) and "target" in loaded.main.columns


def test_bundled_classes_have_their_names():
    assert set(load("iris").main["target"]) == {"setosa", "versicolor", "virginica"}


def test_arrays_come_from_npz_and_pairs(tmp_path):
    x, y = np.ones((4, 2)), np.arange(4)
    np.savez(tmp_path / "a.npz", x=x, y=y)
    np.savez(tmp_path / "b.npz", x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    for source in ((x, y), tmp_path / "a.npz"):
        main = load(source).main
        assert isinstance(main, ArrayPair)
        np.testing.assert_array_equal(main.x, x)
    both = load(tmp_path / "b.npz")
    assert both.validation is None and len(both.test.x) == 1
    assert load((np.arange(4), y.reshape(4, 1))).main.x.shape == (4, 1)
    assert load((np.arange(4), y.reshape(4, 1))).main.y.shape == (4,)


def test_the_fingerprint_follows_the_content(tmp_path):
    pair = (np.ones((4, 2)), np.arange(4))
    assert load(FRAME).digest == load(FRAME.copy()).digest
    assert load(FRAME).digest != load(FRAME.assign(a=[1, 2, 4])).digest
    assert load(FRAME).digest != load(FRAME.rename(columns={"a": "c"})).digest
    assert load(pair).digest == load((pair[0].copy(), pair[1])).digest
    assert load(pair).digest != load((pair[0] * 2, pair[1])).digest


class Evil:
    def __reduce__(self):
        return (print, ("unpickled",))


def test_pickled_objects_are_refused_unread(tmp_path, capsys):
    x = np.array([Evil(), Evil()], dtype=object)
    np.savez(tmp_path / "evil.npz", x=x, y=np.arange(2))
    with pytest.raises(DataError, match="pickled objects, which are refused"):
        load(tmp_path / "evil.npz")
    assert "unpickled" not in capsys.readouterr().out


def test_a_text_under_the_name_of_an_archive_is_not_called_a_pickle(tmp_path):
    (tmp_path / "a.npz").write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="neither an archive of arrays nor an array") as told:
        load(tmp_path / "a.npz")
    assert "pickled" not in str(told.value)


def test_missing_files_show_the_nearest(tmp_path):
    (tmp_path / "housing.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"no file .*did you mean 'housing\.csv'"):
        load(tmp_path / "hausing.csv")
    with pytest.raises(DataError, match="did you mean 'digits'"):
        load("digit")
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (FRAME.iloc[:0], "no rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "are named 'a'"),
        (pd.DataFrame({"a": [1] * 2000 + [{"b": 1}]}), "holds a dict in row 2,001"),
        (pd.DataFrame({"a": [np.ones((2, 2))]}), "holds a ndarray in row 1"),
        ((np.ones((3, 2)), np.ones(2)), "Array x has 3 rows and y has 2"),
        ((np.ones((0, 2)), np.ones(0)), "no rows"),
        (7, "is no source"),
    ],
)
def test_objects_without_usable_rows_are_refused(source, message):
    with pytest.raises(DataError, match=message):
        load(source)


@pytest.mark.parametrize("name", ["t.parquet", "t.npz", "t.xlsx"])
def test_broken_and_unknown_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(DataError, match=r"cannot be read|no known kind|pickled|holds text"):
        load(tmp_path / name)


def test_an_archive_without_the_arrays_says_what_it_holds(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(3))
    with pytest.raises(DataError, match="holds x: it should hold x and y"):
        load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", images=np.ones(3))
    with pytest.raises(DataError, match=r"holds no known arrays \('images'\): it should hold x"):
        load(tmp_path / "b.npz")


def test_a_format_is_one_file_found_by_its_suffix_and_its_content() -> None:
    files = FOLDER.glob("*.py")
    own = [path.stem for path in files if "\nFORMAT = " in path.read_text(encoding="utf-8")]
    formats = file_formats()
    assert len(formats) == len(own) == 7
    assert [one for one in formats if one.is_text] == [formats[0]]
    suffixes = [suffix for one in formats for suffix in one.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    starts = [start for one in formats for start in one.starts]
    assert not [a for a in starts for b in starts if a is not b and a.startswith(b)]
    assert format_titles() == "CSV, TSV, Feather, Excel, JSON lines, NPZ, Parquet or TFRecord"
    others = "".join(
        path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py") if path.stem not in own
    )
    # Nobody else lists the formats (what is no table here names ways out, such as .xlsx).
    assert not [suffix for suffix in (".parquet", ".feather", ".jsonl", ".tsv") if suffix in others]


@pytest.mark.parametrize(
    "names",
    [
        ("X", "Y"),
        ("X_train", "y_train", "X_val", "y_val"),
        ("x_train", "y_train", "x_valid", "y_valid", "X_test", "Y_test"),
        ("x_training", "y_training", "x_validation", "y_validation", "x_test", "y_test"),
        ("x_train", "y_train", "x_dev", "y_dev"),
    ],
)
def test_arrays_are_known_by_other_spellings(names: tuple[str, ...], tmp_path: Path) -> None:
    x, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    held = {name: x if name.lower().startswith("x") else y for name in names}
    np.savez(tmp_path / "a.npz", **held)
    said: list[str] = []
    loaded = load(tmp_path / "a.npz", say=said.append)
    parts = [one for one in (loaded.main, loaded.validation, loaded.test) if one is not None]
    assert len(parts) == len(names) // 2 and not said


def test_arrays_that_are_not_read_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((10, 2)), y=np.arange(10), weights=np.ones(10))
    said: list[str] = []
    load(tmp_path / "a.npz", say=said.append)
    assert said == ["some arrays of the file are not read ('weights')"]
    np.savez(tmp_path / "b.npz", x=np.ones((10, 2)), X=np.ones((10, 2)), y=np.arange(10))
    with pytest.raises(DataError, match="two of its arrays have one name"):
        load(tmp_path / "b.npz")
