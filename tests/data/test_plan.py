"""The preprocessing plan: fitted numbers, float32 arithmetic, and the JSON form."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import from_form, read_form, to_form
from automl.data.columns.column import ColumnSource
from automl.data.columns.cycles import Cycle
from automl.data.columns.unread import teller
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.kinds.signature import InputSignature
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.kinds.table.plan import TablePlan
from automl.data.plan import PreprocessingPlan, TargetScale
from automl.errors import DataError

TABLE = PreprocessingPlan(
    TablePlan(
        (
            NumericFeature("age", fill=30.0, mean=40.0, std=10.0, indicator=True),
            CategoricalFeature("town", ("Bern", "", "Basel")),
            NumericFeature("day", 0.0, 100.0, 2.0, source=ColumnSource.DATE, date_format="ISO8601"),
            CategoricalFeature("kind", ("x",)),
        )
    ),
    TargetScale((200.0,), (50.0,)),
)
ARRAY = PreprocessingPlan(ArrayPlan(ArrayFeature((2, 2), (1.0,), (2.0,))))
WHEN = NumericFeature(
    "when",
    fill=3.5,
    mean=3.0,
    std=2.0,
    indicator=True,
    source=ColumnSource.DATE,
    date_format="ISO8601",
    cycles=(Cycle.WEEK, Cycle.DAY),
)
CLOCK = NumericFeature("clock", 0.0, 12.0, 6.0, source=ColumnSource.TIME, cycles=(Cycle.DAY,))
PLACES = PreprocessingPlan(TablePlan((WHEN, NumericFeature("size", 0.0, 0.0, 1.0), CLOCK)))
ROWS = pd.DataFrame(
    {
        "kind": ["x", "y", None],
        "extra": [1, 2, 3],
        "day": ["1970-04-11", None, "1970-04-13"],
        "town": ["Basel", None, "Bonn"],
        "age": ["50", "?", "30"],
    }
)


def test_a_table_becomes_numbers_and_codes():
    made = TABLE.apply(ROWS)
    numeric, categorical = made["numeric"], made["categorical"]
    assert numeric.dtype == np.float32 and categorical.dtype == np.int32
    expected = [[1.0, 0.0, 0.0], [-1.0, -50.0, 1.0], [-1.0, 1.0, 0.0]]
    np.testing.assert_array_equal(numeric, np.array(expected, np.float32))
    # A missing town is a value of its own; one that was never missing in training is unseen.
    assert categorical.tolist() == [[3, 1], [2, 0], [0, 0]]


def test_the_signature_describes_the_arrays():
    assert TABLE.signature == InputSignature(
        numeric=3,
        cardinalities=(4, 2),
        mean=(40.0, 100.0, 0.0),
        std=(10.0, 2.0, 1.0),
        numeric_names=("age", "day", "age is missing"),
        categorical_names=("town", "kind"),
    )
    assert ARRAY.signature.shape == (2, 2) and ARRAY.signature.mean == (1.0,)


@pytest.mark.parametrize("plan", [TABLE, ARRAY, PLACES])
def test_plan_and_signature_survive_json(plan):
    assert read_form(PreprocessingPlan, json.loads(json.dumps(to_form(plan)))) == plan
    form = json.loads(json.dumps(to_form(plan.signature)))
    assert from_form(InputSignature, form) == plan.signature


def test_raw_columns_are_what_an_exported_model_takes():
    raw = TABLE.inputs.raw_columns(ROWS)
    assert list(raw) == ["age", "town", "day", "kind"]
    np.testing.assert_array_equal(raw["age"], np.array([50, np.nan, 30], np.float32))
    assert raw["age"].dtype == np.float32
    assert raw["town"].tolist() == ["Basel", "", "Bonn"]


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1), st.floats(-1e3, 1e3), st.floats(0.1, 9)
)
def test_arithmetic_is_in_single_precision(values, mean, std):
    plan = PreprocessingPlan(TablePlan((NumericFeature("v", 0.0, mean, std),)))
    numeric = plan.apply(pd.DataFrame({"v": values}))["numeric"]
    scale = np.float32(1) / np.float32(std)
    expected = (np.array(values, np.float32) - np.float32(mean)) * scale
    assert numeric[:, 0].tobytes() == expected.tobytes()


def test_array_rows_are_flattened_and_standardized():
    rows = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    made = ARRAY.apply(rows)
    assert made.keys() == {"numeric"}
    numeric = made["numeric"]
    np.testing.assert_array_equal(numeric, (rows.reshape(2, 4) - np.float32(1)) / np.float32(2))
    assert numeric.dtype == np.float32


@given(st.lists(st.floats(-1e4, 1e4), min_size=1))
def test_targets_come_back(values):
    truth = np.array(values)[:, None]
    target = TABLE.apply_target(truth)
    assert target.dtype == np.float32
    np.testing.assert_allclose(TABLE.restore_target(target), truth, rtol=1e-5, atol=1e-3)


def test_class_targets_stay_as_they_are():
    truth = np.array([1, 0], np.int32)
    assert ARRAY.apply_target(truth) is truth and ARRAY.restore_target(truth) is truth


def test_values_that_training_has_not_shown_are_told_with_their_rows():
    said = []
    rows = ROWS.assign(age=["50", "old", "30"], town=["Basel", "Bern", "Bonn"])
    made = TABLE.apply(rows, teller(said.append, "rows"))
    assert made["numeric"][1, 2] == 1.0 and made["categorical"][2, 0] == 0
    assert said == [
        "column 'age': 1 of the 3 values in the rows, such as 'old' in row 2, is no number, so "
        "counted as missing",
        "column 'town': 1 of the 3 values in the rows, such as 'Bonn' in row 3, is not among those "
        "kept from training, so unknown",
        "column 'kind': 1 of the 2 values in the rows, such as 'y' in row 2, is not among those "
        "kept from training, so unknown",
    ]


def test_rows_of_another_form_are_refused():
    with pytest.raises(DataError, match=r"no column 'town'.*mean 'twn'"):
        TABLE.apply(ROWS.rename(columns={"town": "twn"}))
    with pytest.raises(DataError, match="trained on a table"):
        TABLE.apply(np.ones((2, 2)))
    with pytest.raises(DataError, match="shape"):
        ARRAY.apply(np.ones((2, 3)))
    with pytest.raises(DataError, match="infinite"):
        TABLE.apply(ROWS.assign(age="inf"))


def test_places_in_cycles_stand_between_the_numbers_and_the_indicators():
    plan = PLACES
    names = ("when: week", "when: day", "clock: day")
    assert plan.signature.numeric_names == (
        *("when", "size", "clock"),
        *(f"{name} sin" for name in names),
        *(f"{name} cos" for name in names),
        "when is missing",
    )
    assert plan.signature.numeric == 10
    assert plan.signature.mean[3:] == (0.0,) * 7 and plan.signature.std[3:] == (1.0,) * 7
    rows = pd.DataFrame(
        {"when": ["1970-01-03 12:00", None], "size": [7.0, 8.0], "clock": ["06:00", "18:00"]}
    )
    numeric = plan.apply(rows)["numeric"]
    week = 2 * np.pi * np.array([2.5, 3.5]) / 7  # a missing moment counts as the median
    np.testing.assert_allclose(numeric[:, :3], [[-0.25, 7, -1], [0.25, 8, 1]])
    np.testing.assert_allclose(numeric[:, 3], np.sin(week), atol=1e-6)
    np.testing.assert_allclose(numeric[:, 4:6], [[0, 1], [0, -1]], atol=1e-6)
    np.testing.assert_allclose(numeric[:, 6], np.cos(week), atol=1e-6)
    np.testing.assert_allclose(numeric[:, 7:], [[-1, 0, 0], [-1, 0, 1]], atol=1e-6)


def test_a_plan_of_an_earlier_version_has_no_cycles():
    form = to_form(TABLE)
    for feature in form["features"]:
        feature.pop("cycles", None)
    plan = read_form(PreprocessingPlan, json.loads(json.dumps(form)))
    assert plan == TABLE
    np.testing.assert_array_equal(plan.apply(ROWS)["numeric"], TABLE.apply(ROWS)["numeric"])


@pytest.mark.parametrize("cycles", [["month"], ["day", "week"], ["day", "day"], [1], "day", None])
def test_cycles_that_no_plan_has_are_refused(cycles):
    form = to_form(PreprocessingPlan(TablePlan((WHEN,))))
    form["features"][0]["cycles"] = cycles
    with pytest.raises(ValueError, match=r"cycles|Cycle"):
        read_form(PreprocessingPlan, json.loads(json.dumps(form)))


@pytest.mark.parametrize("source", ["number", "boolean", "time"])
def test_only_dates_have_a_week(source):
    form = to_form(PreprocessingPlan(TablePlan((WHEN,))))
    form["features"][0]["source"] = source
    with pytest.raises(ValueError, match="cycles"):
        read_form(PreprocessingPlan, json.loads(json.dumps(form)))


@given(st.permutations(range(6)), st.sampled_from(PLACES.inputs.columns))
def test_shuffling_the_places_of_a_column_is_shuffling_the_column(order, column):
    rows = pd.DataFrame(
        {
            "when": ["2024-01-01 05:00", None, "2024-05-07", "2023-01-01", "2020-02-02", None],
            "size": [1.0, 2.0, 3.0, None, 5.0, 6.0],
            "clock": ["01:00", "12:30", None, "23:59", "07:00", "08:00"],
        }
    )
    places = PLACES.inputs.places()[column]
    shuffled = {name: array.copy() for name, array in PLACES.apply(rows).items()}
    for name, columns in places.items():
        shuffled[name][:, columns] = shuffled[name][order][:, columns]
    raw = rows.assign(**{column: rows[column].to_numpy()[order]})
    for name, array in PLACES.apply(raw).items():
        assert np.array_equal(array, shuffled[name])


def test_each_input_is_the_place_of_one_column():
    for plan in (TABLE, PLACES):
        found = {}
        for places in plan.inputs.places().values():
            for name, columns in places.items():
                found.setdefault(name, []).extend(columns)
        widths = {name: spec.shape[0] for name, spec in plan.signature.inputs.items()}
        assert {name: sorted(columns) for name, columns in found.items()} == {
            name: list(range(width)) for name, width in widths.items()
        }
