"""Fitting: what is kept of a column, and the numbers that describe it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.columns.column import clean
from automl.data.columns.infer import infer_schema
from automl.data.kinds.array.fit import fit_array
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.kinds.table.fit import fit_features
from automl.data.targets.scale import fit_target
from automl.data.task import Task, TaskKind
from automl.errors import DataError


def fit(forced=(), **columns):
    frame = pd.DataFrame({n: clean(pd.Series(v, name=n)) for n, v in columns.items()})
    said = []
    schema = infer_schema(frame, forced, said.append)
    return fit_features(frame, schema, forced, said.append), said


def test_a_number_has_median_mean_and_spread():
    (feature,), _ = fit(a=[1.0, 2.0, 9.0, np.nan])
    std = feature.std
    assert feature == NumericFeature("a", fill=2.0, mean=3.5, std=std, indicator=True)
    assert std == pytest.approx(np.std([1, 2, 9, 2]))


def test_a_vocabulary_has_the_most_frequent_first():
    (feature,), _ = fit(a=["b", "a", "c", "c", None, None, None])
    assert feature == CategoricalFeature("a", ("", "c", "a", "b"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=5), st.integers(0, 3))
def test_training_values_come_out_standardized(values, missing):
    values = [*values, *[np.nan] * missing, -1e6, 1e6]
    (feature,), _ = fit(a=values)
    raw = feature.raw(pd.Series(values))
    out = feature.apply(raw).astype(np.float64)
    assert abs(out.mean()) < 1e-3 and abs(out.std() - 1) < 1e-3
    assert (out[np.isnan(raw)] == feature.apply(np.float32([feature.fill]))[0]).all()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None] * 30, "all its values are missing"),
        ([5] * 30, "all its values are the same ('5')"),
        ([f"n{i}" for i in range(30)], "30 of its 30 values differ"),
        ([1e9 + i for i in range(30)], "too little for single precision"),
    ],
)
def test_columns_that_carry_nothing_are_left_out(values, reason):
    features, said = fit(a=values, b=[1.0, 2.0] * 15)
    assert [f.name for f in features] == ["b"]
    assert len(said) == 1 and reason in said[0]


def test_row_numbers_are_left_out_by_name_only():
    counter = list(range(30))
    features, _ = fit(id=counter, customer_id=counter, unnamed_0=counter, x=counter)
    assert [f.name for f in features] == ["x"]


def test_one_value_or_none_still_tells_by_its_indicator():
    (feature,), _ = fit(a=[5.0, None, 5.0])
    assert feature.indicator and feature.std == 1.0


def test_declared_categories_are_all_kept():
    texts = [f"n{i}" for i in range(1500)]
    (feature,), said = fit(forced=("a",), a=texts)
    assert len(feature.vocabulary) == 1500 and not said


def test_blocks_have_one_scale_and_vectors_one_for_each_column():
    x = np.random.default_rng(0).integers(0, 256, (10_000, 3), dtype=np.uint8)
    vectors = fit_array(x, np.arange(len(x)), pytest.fail)
    np.testing.assert_allclose(vectors.mean, x.mean(axis=0))
    np.testing.assert_allclose(vectors.std, x.std(axis=0))
    block = fit_array(x.reshape(-1, 3, 1), np.arange(len(x)), pytest.fail)
    np.testing.assert_allclose((*block.mean, *block.std), (x.mean(), x.std()))


def test_targets_have_their_scale():
    task = Task(TaskKind.REGRESSION, 2, ("a", "b"))
    scale = fit_target(np.array([[1.0, 10.0], [3.0, 30.0]]), task)
    assert scale.mean == (2.0, 20.0) and scale.std == (1.0, 10.0)
    assert fit_target(np.array([[1.0, 10.0], [3.0, 10.0]]), task).std == (1.0, 1.0)
    with pytest.raises(DataError, match=r"'a' is .* constant"):
        fit_target(np.array([[1.0, 10.0], [1.0, 10.0]]), task)
    classes = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
    assert fit_target(np.array([[1.0]]), classes).mean == ()


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_no_array_with_an_infinite_or_missing_value_is_fitted(value, dtype):
    x = np.ones((4, 2), dtype)
    x[2, 1] = value
    with pytest.raises(DataError, match=r"Array x has (infinite|missing) values"):
        fit_array(x, np.arange(4), pytest.fail)


def test_sentences_are_told_to_be_text_and_what_to_do_with_them():
    said: list[str] = []
    texts = [f"the room number {i} was clean and quiet" for i in range(60)]
    frame = pd.DataFrame({"review": texts, "size": np.arange(60.0) % 7})
    schema = infer_schema(frame, (), said.append)
    fit_features(frame, schema, (), said.append)
    (note,) = [note for note in said if "review" in note]
    assert "free text, which is not supported yet" in note
    assert "--categorical review" in note
