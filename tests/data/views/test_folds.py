"""Folds: each row validates once, what belongs together stays together, test rows stay out."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from automl.common.forms import to_form
from automl.data.combine import combine
from automl.data.dataset import Dataset
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.views.divide import asked_gap
from automl.data.views.fold_rule import ENOUGH_ROWS, USUAL_FOLDS, FoldRule
from automl.data.views.folds import fold_splits
from automl.data.views.splits import Split
from automl.data.views.strata import find_strata
from automl.errors import DataError, RequestError


def table(rows: int, seed: int = 0, classes: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.integers(0, 3, rows),
            "group": rng.integers(0, max(2, rows // 4), rows),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(rows), unit="D"),
            "y": [f"class {number % classes}" for number in rng.permutation(rows)],
        }
    )


def folds(
    frame: pd.DataFrame, rule: FoldRule | None, **options: Any
) -> tuple[Dataset, list[Split]]:
    request = DataRequest(frame, ("y",), **options)
    dataset = combine(request, lambda _: None)
    learnt = np.arange(0, len(frame), 2)
    strata = find_strata(dataset, request)
    gap = asked_gap(dataset, request, lambda _: None)
    return dataset, fold_splits(dataset, learnt, rule, strata, 3, gap)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(40, 120),
    count=st.integers(2, 6),
    repeats=st.integers(1, 3),
    group=st.sampled_from([None, "group"]),
    task=st.sampled_from(["classification", "regression"]),
    copies=st.booleans(),
)
def test_each_row_validates_once_a_repeat(
    rows: int, count: int, repeats: int, group: str | None, task: str, copies: bool
) -> None:
    frame = table(rows)
    if copies:
        frame = pd.concat([frame, frame], ignore_index=True)
    if task == "regression":
        frame["y"] = np.arange(len(frame)) * 0.37
    rule = FoldRule(count, repeats)
    dataset, splits = folds(frame, rule, group=group)
    learnt = np.arange(0, len(frame), 2)
    assert len(splits) == len(rule.views) == count * repeats
    for repeat in range(repeats):
        own = splits[repeat * count : (repeat + 1) * count]
        validated = np.concatenate([split.validation for split in own])
        np.testing.assert_array_equal(np.sort(validated), learnt)
        for split in own:
            together = np.concatenate([split.train, split.validation])
            np.testing.assert_array_equal(np.sort(together), learnt)
            assert len(split.test) == 0
            if dataset.group is not None:
                sides = set(dataset.group[split.train]), set(dataset.group[split.validation])
                assert not sides[0] & sides[1]


def test_equal_rows_stay_together_and_classes_have_their_share() -> None:
    frame = table(60)
    frame = pd.concat([frame, frame, frame, frame], ignore_index=True).drop(columns="group")
    _, splits = folds(frame, FoldRule(5))
    for split in splits:
        known = set(map(tuple, frame.iloc[split.train].astype(str).to_numpy()))
        assert not known & set(map(tuple, frame.iloc[split.validation].astype(str).to_numpy()))
        shares = frame["y"].iloc[split.validation].value_counts(normalize=True)
        assert shares.min() > 0.2


@settings(max_examples=25, deadline=None)
@given(count=st.integers(2, 5), sets=st.integers(18, 60), copies=st.integers(2, 5))
def test_groups_that_share_rows_and_equal_rows_validate_together(
    count: int, sets: int, copies: int
) -> None:
    # Each row stands in two groups, those of pairs: 0 and 1, 2 and 3, ...
    number = np.repeat(np.arange(sets), copies)
    other = 2 * number + np.arange(len(number)) % 2
    frame = pd.DataFrame({"a": number * 0.37 + 0.01, "group": other, "y": number * 1.7})
    dataset, splits = folds(frame, FoldRule(count), group="group")
    for split in splits:
        assert not set(number[split.train]) & set(number[split.validation])
        assert dataset.group is not None
        assert not set(dataset.group[split.train]) & set(dataset.group[split.validation])
    _, splits = folds(frame.drop(columns="group"), FoldRule(count))
    for split in splits:
        assert not set(number[split.train]) & set(number[split.validation])


def test_rows_of_one_category_are_divided_each_by_itself() -> None:
    frame = pd.DataFrame({"a": [f"kind {n % 4}" for n in range(80)], "y": np.arange(80) * 0.3})
    _, splits = folds(frame, FoldRule(4))
    for split in splits:  # else each fold would validate on a category that it has not seen
        assert set(frame["a"].iloc[split.validation]) <= set(frame["a"].iloc[split.train])


@settings(max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from(["2", "10", "b", "a", "0.5"]), min_size=40, max_size=80))
def test_a_column_tells_the_folds(names: list[str]) -> None:
    frame = table(len(names)).assign(fold=names)
    learnt = np.arange(0, len(frame), 2)
    values = [v for v in ("0.5", "2", "10", "a", "b") if v in names[::2]]
    if len(values) < 2:
        with pytest.raises(DataError, match="has 1 values, and each is a fold: give one with 2"):
            folds(frame, None, fold_column="fold")
        return
    dataset, splits = folds(frame, None, fold_column="fold")
    assert len(splits) == len(values)
    for value, split in zip(values, splits, strict=True):
        np.testing.assert_array_equal(split.validation, learnt[frame["fold"][learnt] == value])
        np.testing.assert_array_equal(split.train, learnt[frame["fold"][learnt] != value])
    assert "fold" not in dataset.rows.frame.columns
    with pytest.raises(RequestError, match="leave --cv out"):
        folds(frame, FoldRule(len(values) + 1), fold_column="fold")


def test_a_row_without_a_fold_is_one_sentence() -> None:
    frame = table(40).assign(fold=[1, 2, None, 3] * 10)
    with pytest.raises(DataError, match=r"fold column 'fold' lacks a value in 10 rows: give every"):
        folds(frame, None, fold_column="fold")
    with pytest.raises(RequestError, match="--fold-column names a column, but arrays have none"):
        prepare(DataRequest((np.zeros((40, 2)), np.arange(40)), fold_column="fold"))
    for options in ({"validation": 0.2}, {"cv": "2x2"}, {"split_by_time": "when"}):
        with pytest.raises(RequestError, match="--fold-column"):
            DataRequest(frame, ("y",), fold_column="fold", **options)


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(60, 120), count=st.integers(2, 5), gap=st.integers(0, 8))
def test_forward_chaining_is_that_of_scikit_learn(rows: int, count: int, gap: int) -> None:
    frame = table(2 * rows)
    dataset, splits = folds(frame, FoldRule(count), split_by_time="when", gap=gap)
    assert dataset.time is not None
    order = np.argsort(dataset.time[::2]) * 2
    expected = TimeSeriesSplit(count, gap=gap).split(order)
    for split, (train, validation) in zip(splits, expected, strict=True):
        np.testing.assert_array_equal(split.train, order[train])
        np.testing.assert_array_equal(split.validation, order[validation])


def test_by_time_each_fold_validates_on_what_follows() -> None:
    frame = table(90)
    dataset, splits = folds(frame, FoldRule(4), split_by_time="when")
    assert dataset.time is not None
    for split in splits:
        assert dataset.time[split.train].max() <= dataset.time[split.validation].min()
    with pytest.raises(RequestError, match="without repeats"):
        folds(frame, FoldRule(4, 2), split_by_time="when")


def test_repeats_divide_in_other_ways_and_a_seed_says_which() -> None:
    _, splits = folds(table(60), FoldRule(3, 2))
    assert {tuple(s.validation) for s in splits[:3]} != {tuple(s.validation) for s in splits[3:]}
    _, again = folds(table(60), FoldRule(3, 2))
    for one, other in zip(splits, again, strict=True):
        np.testing.assert_array_equal(one.validation, other.validation)


@pytest.mark.parametrize("text", ["1", "0", "5x0", "x", "-3", "5x", "1000x2", "2.5", "", "5 folds"])
def test_what_is_no_number_of_folds_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"--cv is .*; expected a number of folds from 2 on"):
        DataRequest("iris", cv=text)


def test_folds_are_read_as_written() -> None:
    assert FoldRule.of(5) == FoldRule.of(" 5 ") == FoldRule(5)
    assert FoldRule.of("5x2") == FoldRule(5, 2)
    assert FoldRule(2, 1).views == ("fold-1", "fold-2")
    assert DataRequest("iris").views == ("holdout",)
    assert DataRequest.from_json(to_form(DataRequest("iris", cv="3x2"))).views[-1] == "fold-6"


@pytest.mark.parametrize(
    ("rows", "options", "cv"),
    [
        (ENOUGH_ROWS - 1, {}, USUAL_FOLDS),
        (ENOUGH_ROWS, {}, None),
        (60, {"group": "group"}, USUAL_FOLDS),
        (16, {"group": "group"}, None),  # four groups
        (60, {"split_by_time": "when"}, None),
        (60, {"validation": 0.2}, None),
        (60, {"cv": "none"}, None),
        (60, {"cv": 3}, 3),
    ],
)
def test_few_rows_have_folds_where_that_is_left_to_them(
    rows: int, options: dict[str, Any], cv: int | None
) -> None:
    frame = table(rows).drop(columns=[] if options.get("split_by_time") else ["when"])
    assert prepare(DataRequest(frame, ("y",), **{"cv": "auto", **options})).cv == cv


def test_rows_with_many_numbers_have_one_division() -> None:
    x = np.random.default_rng(0).normal(size=(101, 100, 100)).astype(np.float32)
    y = np.arange(101) % 2
    assert prepare(DataRequest((x, y), cv="auto")).cv is None
    assert prepare(DataRequest((x[:100], y[:100]), cv="auto")).cv == USUAL_FOLDS


def test_folds_that_are_left_to_the_rows_are_those_that_are_asked_for() -> None:
    data, asked = (
        prepare(DataRequest(table(60).drop(columns="when"), ("y",), cv=cv)) for cv in ("auto", 5)
    )
    assert len(data.folds) == len(asked.folds) == 4
    for one, other in zip((data, *data.folds), (asked, *asked.folds), strict=True):
        assert one.plan == other.plan
        for part in ("train", "validation"):
            arrays = (getattr(view.arrays(), part).arrays() for view in (one, other))
            for first, second in zip(*(a.values() for a in arrays), strict=True):
                np.testing.assert_array_equal(first, second)


def two_classes(rare: int) -> dict[str, list[Any]]:
    numbers = [number * 0.37 for number in range(rare + 60)]
    return {"a": numbers, "b": [n % 7 for n in numbers], "y": ["rare"] * rare + ["usual"] * 60}


@pytest.mark.parametrize(
    ("columns", "options", "why"),
    [
        # Six groups, of which the test rows take two.
        (
            {"a": np.arange(60) * 0.37, "g": np.arange(60) % 6, "y": np.cos(np.arange(60))},
            {"group": "g"},
            "there are 4 different groups",
        ),
        (two_classes(2), {}, "a class has too few rows"),
        (two_classes(4), {}, "a class has too few rows"),
        ({"a": np.arange(10) * 0.37, "y": ["one", "other"] * 5}, {}, "into 5 folds"),
        ({**two_classes(9), "w": [0] * 5 + [1] * 64}, {"weight": "w"}, "a class has too few rows"),
        # Equal rows stay together, and with them all of a class.
        (
            {key: value * 2 + value[:1] for key, value in two_classes(1).items()},
            {},
            "a class has too few rows",
        ),
    ],
)
def test_folds_that_cannot_be_made_are_not_chosen(
    columns: dict[str, Any], options: dict[str, Any], why: str
) -> None:
    frame = pd.DataFrame(columns)
    data = prepare(DataRequest(frame, ("y",), cv="auto", **options))
    assert (data.cv, data.folds) == (None, ())
    notes = [note for note in data.notes if "in place of the usual 5 folds" in note]
    assert len(notes) == 1 and why in notes[0]
    single = prepare(DataRequest(frame, ("y",), cv="none", **options))
    np.testing.assert_array_equal(data.validation_positions, single.validation_positions)
    assert set(data.notes) - set(single.notes) == set(notes)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.integers(10, 50),
    group=st.booleans(),
    weight=st.booleans(),
    task=st.sampled_from(["classification", "regression"]),
)
def test_what_one_division_takes_is_not_refused_where_folds_are_left_open(
    seed: int, rows: int, group: bool, weight: bool, task: str
) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=rows), "b": np.arange(rows) < 2})
    frame["g"] = rng.integers(0, 7, rows)
    frame["w"] = rng.integers(0, 2, rows)
    frame["y"] = rng.choice(3, rows, p=[0.7, 0.2, 0.1])
    if task == "classification":
        frame["y"] = "class " + frame["y"].astype(str)
    options = {"group": "g" if group else None, "weight": "w" if weight else None}
    try:
        prepare(DataRequest(frame, ("y",), cv="none", task=task, **options))
    except DataError:
        return
    data = prepare(DataRequest(frame, ("y",), cv="auto", task=task, **options))
    assert data.cv in (USUAL_FOLDS, None)


def test_folds_that_were_asked_for_and_cannot_be_made_are_one_sentence() -> None:
    frame = pd.DataFrame({"a": np.arange(60) * 0.37, "g": np.arange(60) % 6, "y": np.arange(60)})
    with pytest.raises(DataError, match=r"into 5 folds .* 4 different groups.*; give fewer folds"):
        prepare(DataRequest(frame, ("y",), cv=5, group="g"))


def test_rows_that_validate_are_not_divided_into_folds_unasked() -> None:
    data = prepare(DataRequest(table(60), ("y",), cv="auto", validation=table(20)))
    assert (data.cv, data.folds) == (None, ())
    data = prepare(DataRequest(table(60), ("y",), cv="auto"))
    assert (data.cv, len(data.folds)) == (USUAL_FOLDS, USUAL_FOLDS - 1)
    assert any("for the rows are few (--cv none: on one division)" in note for note in data.notes)


def test_folds_and_rows_that_validate_are_too_much() -> None:
    with pytest.raises(RequestError, match="leave --validation out"):
        DataRequest("iris", cv=3, validation=0.2)


def test_more_folds_than_rows_are_one_sentence() -> None:
    with pytest.raises(DataError, match="cannot be divided into 80 folds"):
        folds(table(40), FoldRule(80))


def test_a_plan_is_fitted_on_the_training_rows_of_its_own_fold() -> None:
    frame = table(80).drop(columns=["group", "when"])
    data = prepare(DataRequest(frame, ("y",), cv=4))
    assert len(data.folds) == 3
    assert data.test is not None
    rows = len(frame) - len(data.test)
    seen = []
    for view in (data, *(fold.arrays() for fold in data.folds)):
        assert len(view.train) + len(view.validation) == rows
        assert view.task == data.task
        np.testing.assert_allclose(view.train.inputs["numeric"][:, 0].mean(), 0.0, atol=1e-6)
        np.testing.assert_allclose(view.train.inputs["numeric"][:, 0].std(), 1.0, atol=1e-5)
        seen.append(view.plan)
    assert len({str(to_form(plan)) for plan in seen}) == 4
    alone = prepare(DataRequest(frame, ("y",)))
    assert alone.test is not None
    np.testing.assert_array_equal(alone.test.truth, data.test.truth)  # the same rows test


@pytest.mark.parametrize("kind", ["array", "table"])
def test_rows_are_compared_once_for_all_divisions(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_block = kind == "array"
    named = "automl.data.kinds." + (
        "block.block_hashes" if is_block else "table.rows.table_repeats"
    )
    compare, calls = pkgutil.resolve_name(named), []
    monkeypatch.setattr(named, lambda *given: calls.append(given) or compare(*given))
    frame = table(60)[["a", "b", "y"]]
    x = frame[["a", "b"]].to_numpy()
    source = (x, frame["y"].to_numpy()) if kind == "array" else frame
    prepare(DataRequest(source, ("y",), cv="5x3"))
    assert len(calls) == 1


@pytest.mark.parametrize(("cv", "is_said"), [(3, True), ("none", False)])
def test_rows_that_came_for_validation_and_go_into_folds_are_said(
    tmp_path: Path, cv: str | int, is_said: bool
) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(120, 2)), np.arange(120) % 2
    np.savez(tmp_path / "a.npz", x_train=x[:90], y_train=y[:90], x_val=x[90:], y_val=y[90:])
    data = prepare(DataRequest(tmp_path / "a.npz", cv=cv))
    told = [note for note in data.notes if "that came for validation (30)" in note]
    assert bool(told) == is_said
