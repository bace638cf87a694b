"""A column of a table that says which rows train, validate and test."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.part_column import in_parts, say_unused
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.sources import Loaded
from automl.errors import DataError, RequestError
from automl.vocabulary.parts import part_of

WORDS = (
    ("train", "Training", " TRAIN ", "train_set"),
    ("val", "valid", "Validation", "dev"),
    ("test", "Testing", "test-set"),
)


def divided(frame: pd.DataFrame, column: str | int = "split", **options: Any) -> Loaded:
    request = DataRequest(frame, target=("y",), split_column=column, **options)
    return in_parts(Loaded(frame), request, lambda _: None)


@given(st.lists(st.sampled_from([word for words in WORDS for word in words]), max_size=30))
def test_each_row_goes_where_its_word_says_in_order(words: list[str]) -> None:
    words = ["train", *words]
    frame = pd.DataFrame({"x": range(len(words)), "split": words, "y": 1})
    found = divided(frame)
    for part, rows in enumerate((found.main, found.validation, found.test)):
        expected = [i for i, word in enumerate(words) if word in WORDS[part]]
        assert (rows is None) == (not expected)
        if rows is not None:
            assert list(rows.x) == expected
            assert list(rows.index) == list(range(len(rows)))


@pytest.mark.parametrize(
    "answers", [[False, True], ["no", "yes"], ["False", "TRUE"], [0, 1], [0.0, 1.0], ["0", "1"]]
)
@pytest.mark.parametrize(("column", "part"), [("is_test", 2), ("isValid", 1), ("val", 1)])
def test_a_column_may_answer_for_one_part(answers: list[Any], column: str, part: int) -> None:
    values = [answers[0], answers[1], answers[0]]
    found = divided(pd.DataFrame({"x": [1, 2, 3], "y": 0, column: values}), column)
    parts = (found.main, found.validation, found.test)
    assert list(parts[0].x) == [1, 3]
    assert list(parts[part].x) == [2]
    assert parts[3 - part] is None


def test_a_category_and_a_position_will_do() -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": 0, "split": pd.Categorical(["train", "test"])})
    assert list(divided(frame, 2).test.x) == [2]
    assert list(divided(frame, -1).main.x) == [1]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["train", None, "test"], "does not say of row 2 .*1 such"),
        (["train", " ", ""], "does not say of row 2 .*2 such"),
        (["train", "holdback", "test"], "says 'holdback', which is no part"),
        ([0, 1, 2], "says '0', '1', '2', which is no part"),
        ([True, False, True], "says 'True', 'False', which is no part"),
        (["train", "test-dev", "test"], "says 'test-dev', which is no part"),
        (["train", "not train"], "says 'not train', which is no part"),
        (["test", "val", "test"], "no row trains"),
        ([f"train{'!' * i}" for i in range(14)], "which is no part"),
    ],
)
def test_what_is_no_part_is_refused(values: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        divided(pd.DataFrame({"x": range(len(values)), "y": 0, "split": values}))


def test_rows_that_are_given_twice_are_refused() -> None:
    frame = pd.DataFrame({"x": [1, 2], "y": 0, "split": ["train", "test"]})
    for test in (0.2, frame):
        with pytest.raises(RequestError, match=r"has rows for test \(1\): leave --test out"):
            divided(frame, test=test)
    assert divided(frame, validation=0.2).validation is None  # of which it has none
    with pytest.raises(RequestError, match="weights in memory cannot follow"):
        divided(frame, weight=np.ones(2))
    with pytest.raises(DataError, match="There is no split column 'splt'"):
        divided(frame, "splt")
    pair = (np.zeros((4, 2)), np.zeros(4))
    with pytest.raises(RequestError, match="names a column of a table, and the rows are none"):
        prepare(DataRequest(pair, split_column="split"))


def table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": np.where(x.sum(1) > 0, "yes", "no")})
    frame["split"] = rng.choice(["train", "val", "test"], 300, p=[0.6, 0.2, 0.2])
    return frame


def test_rows_are_prepared_as_if_each_part_had_come_by_itself(tmp_path: Path) -> None:
    frame = table()
    file = tmp_path / "rows.csv"
    frame.to_csv(file, index=False)
    own = prepare(DataRequest(file, target="y", split_column="split"))
    parts = {
        part: rows.drop(columns="split").reset_index(drop=True)
        for part, rows in frame.groupby("split")
    }
    given_ = DataRequest(parts["train"], "y", validation=parts["val"], test=parts["test"])
    apart = prepare(given_)
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(own, part).arrays(), getattr(apart, part).arrays()
        for name, values in ours.items():
            np.testing.assert_allclose(values, theirs[name], rtol=1e-6)
    assert [feature.name for feature in own.plan.inputs.features] == ["a", "b"]


def test_folds_are_of_the_rows_that_train_and_refused_beside_rows_for_validation() -> None:
    frame = table()
    frame["fold"] = np.arange(300) % 4
    for options in ({"cv": 3}, {"fold_column": "fold"}):
        with pytest.raises(RequestError, match="and folds validate too"):
            prepare(DataRequest(frame, "y", split_column="split", **options))
    frame["split"] = frame["split"].replace("val", "train")
    tested = int((frame["split"] == "test").sum())
    for options, folds in (({"cv": 3}, 3), ({"fold_column": "fold"}, 4)):
        found = prepare(DataRequest(frame, "y", split_column="split", **options))
        assert (found.cv, len(found.test)) == (folds, tested)
        assert len(found.train) + len(found.validation) == 300 - tested


def test_rows_are_told_by_their_numbers_in_the_table() -> None:
    frame = table()
    frame["y"] = frame["a"].astype(object)
    odd = frame.index[frame["split"] == "test"][5]
    frame.loc[odd, "y"] = "junk"
    found = prepare(DataRequest(frame, "y", split_column="split", task="regression"))
    [note] = [note for note in found.notes if "junk" in note]
    assert f"first in row {odd + 1}" in note


def test_a_file_without_a_header_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("".join(f"{i}.5,train,{i % 2}\n" for i in range(30)))
    for column in ("part", "1"):
        with pytest.raises(DataError, match=r"looks like data: give the column names with --names"):
            prepare(DataRequest(file, "2", split_column=column))


def test_other_columns_may_be_named_by_their_positions_in_the_file() -> None:
    frame = table()[["a", "split", "y", "b"]]
    found = prepare(DataRequest(frame, 2, split_column=1))
    assert [feature.name for feature in found.plan.inputs.features] == ["a", "b"]
    with pytest.raises(DataError, match="cannot be both target and split"):
        prepare(DataRequest(frame, "split", split_column="split"))


def test_a_table_that_names_images_is_divided(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    lines = ["path,label,split"]
    for i in range(60):
        pixels = rng.integers(0, 120, (8, 8)) + 100 * (i % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / f"{i}.png")
        lines.append(f"{i}.png,{'ab'[i % 2]},{('train', 'train', 'val', 'test')[i // 2 % 4]}")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    found = prepare(DataRequest(tmp_path / "rows.csv", "label", split_column="split", kind="image"))
    assert [len(part) for part in (found.train, found.validation, found.test)] == [32, 14, 14]


@pytest.mark.parametrize(
    ("values", "is_said"),
    [
        (["train", "test"], True),
        (["Train", "val", "Test"], True),
        (["test", "val"], False),
        (["train"], False),
        (["train", "bus"], False),
        (["train", "test", "car"], False),
        ([1, 2], False),
    ],
)
def test_a_column_that_looks_like_it_is_said(values: list[Any], is_said: bool) -> None:
    frame = pd.DataFrame({"y": 0, "part": values})
    told: list[str] = []
    say_unused(frame, DataRequest(frame, target=("y",)), told.append)
    assert bool(told) == is_said
    if told:
        assert "--split-column part" in told[0]
        said_twice: list[str] = []
        named: list[dict[str, Any]] = [{"ignore": ("part",)}, {"fold_column": "part"}]
        for options in (*named, {"group": 1}, {"ignore": (-1,)}):
            say_unused(frame, DataRequest(frame, target=("y",), **options), said_twice.append)
        assert not said_twice


@pytest.mark.parametrize("column", ["not_test", "isNotTest", "test_or_val"])
def test_a_column_whose_name_leaves_a_doubt_answers_for_no_part(column: str) -> None:
    with pytest.raises(DataError, match="says 'False', 'True', which is no part"):
        divided(pd.DataFrame({"x": [1, 2], "y": 0, column: [False, True]}), column)


@settings(max_examples=50)
@given(st.text(max_size=12))
def test_any_text_is_a_part_or_none(text: str) -> None:
    assert part_of(text) in (None, 0, 1, 2)


def test_csv_text_is_divided_as_it_is_read() -> None:
    text = "x,split,y\n1,train,a\n2,test,b\n"
    frame = pd.read_csv(io.StringIO(text), dtype=str)
    assert list(divided(frame).test.x) == ["2"]
