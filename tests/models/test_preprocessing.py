"""The plan in Keras equals the plan in NumPy, and its model is made of Keras alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.clipping import Clip, ClipKind
from automl.data.columns.column import ColumnSource
from automl.data.columns.cycles import Cycle
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.kinds.kind import columns_of
from automl.data.kinds.table import model_inputs as model_inputs_module
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.kinds.table.model_inputs import MANY_COLUMNS, input_names
from automl.data.kinds.table.plan import TablePlan
from automl.data.plan import PreprocessingPlan, TargetScale
from automl.data.task import Task, TaskKind
from automl.models.preprocessing import core_inputs, model_inputs, raw_model

NUMBERS = st.floats(-1e6, 1e6, width=32)
SPREADS = st.floats(2**-10, 2**20, width=32)
# Keras's own names for operations, capitals that collide, marks, and no letters at all.
ODD_NAMES = ("a", "A", "total rooms", "x/y", "x_y", "größe", "ö", "%", "3rd", "_hidden", "file")
KERAS_NAMES = (
    "core",
    "where",
    "sin",
    "mod_1",
    "add_1",
    "subtract",
    "isnan",
    "name",
    "numeric",
    "string_lookup",
    "equal",
    "searchsorted",
)
CLIPS = st.sampled_from([Clip(), Clip.of("hard"), Clip.of("smooth"), Clip(ClipKind.HARD, 0.5)])
CYCLES = st.sets(st.sampled_from(list(Cycle))).map(lambda s: tuple(c for c in Cycle if c in s))
DATES = CYCLES.map(
    lambda cycles: {"source": ColumnSource.DATE, "date_format": "ISO8601", "cycles": cycles}
)
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat(" ", "seconds")) | st.none()
NAMES = st.sampled_from((*ODD_NAMES, *KERAS_NAMES))
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> tuple[PreprocessingPlan, pd.DataFrame]:
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(1, 4))
    features: list[Any] = []
    columns: dict[str, list[Any]] = {}
    for name in names:
        kind = draw(st.sampled_from(["number", "date", "text"]))
        if kind != "text":
            features.append(
                NumericFeature(
                    name,
                    fill=draw(NUMBERS),
                    mean=draw(NUMBERS),
                    std=draw(SPREADS),
                    indicator=draw(st.booleans()),
                    clip=draw(CLIPS),
                    **(draw(DATES) if kind == "date" else {}),
                )
            )
            values = MOMENTS if kind == "date" else NUMBERS | st.just(float("nan"))
            columns[name] = draw(st.lists(values, min_size=rows, max_size=rows))
        else:
            words = draw(st.lists(TEXTS.map(str.strip) | st.just("[UNK]"), unique=True))
            features.append(CategoricalFeature(name, tuple(words)))
            seen = st.sampled_from([*words, ""]) | TEXTS | st.none()
            columns[name] = draw(st.lists(seen, min_size=rows, max_size=rows))
    dtypes = [
        np.float64 if isinstance(f, NumericFeature) and f.source is ColumnSource.NUMBER else object
        for f in features
    ]
    frame = pd.DataFrame(
        {
            name: pd.Series(values, dtype=dtype)
            for dtype, (name, values) in zip(dtypes, columns.items(), strict=True)
        }
    )
    return PreprocessingPlan(TablePlan(tuple(features))), frame


def keras_inputs(plan: PreprocessingPlan, frame: pd.DataFrame) -> dict[str, Any]:
    raw = plan.inputs.raw_columns(frame)
    return {
        name: tf.constant(np.stack([raw[column] for column in columns], axis=1))
        for name, columns in columns_of(plan.inputs.input_names()).items()
    }


def assert_equal_numbers(given: Any, expected: Any) -> None:
    """Compares to the last digit; TensorFlow takes less than the smallest normal number for 0."""
    smallest = float(np.finfo(np.float32).tiny)
    np.testing.assert_allclose(np.asarray(given), expected, rtol=0, atol=smallest)


@pytest.fixture(params=[0, MANY_COLUMNS], ids=["side_by_side", "an_input_a_column"], scope="module")
def most_inputs(request: pytest.FixtureRequest) -> Iterator[int]:
    """Columns up to which each has an input of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_inputs_module, "MANY_COLUMNS", request.param)
        yield request.param


@settings(max_examples=30, deadline=None)
@given(table=tables())
def test_equals_the_plan_in_numpy(
    most_inputs: int, table: tuple[PreprocessingPlan, pd.DataFrame]
) -> None:
    plan, frame = table
    inputs = model_inputs(plan)
    model = keras.Model(inputs, core_inputs(plan, inputs))
    expected = plan.apply(frame)
    given = model(keras_inputs(plan, frame))
    assert given.keys() == expected.keys()
    if "numeric" in expected:
        numeric = expected["numeric"]
        places = [name.endswith((" sin", " cos")) for name in plan.signature.numeric_names]
        found = np.asarray(given["numeric"])
        assert found.shape == numeric.shape
        assert_equal_numbers(found[:, np.invert(places)], numeric[:, np.invert(places)])
        # Libraries differ in the last digits of a sine.
        np.testing.assert_allclose(found[:, places], numeric[:, places], rtol=0, atol=1e-6)
        assert given["numeric"].dtype == "float32"
    if "categorical" in expected:
        np.testing.assert_array_equal(np.asarray(given["categorical"]), expected["categorical"])
        assert given["categorical"].dtype == "int32"


@settings(max_examples=10, deadline=None)
@given(data=st.data(), shape=st.lists(st.integers(1, 3), min_size=1, max_size=3))
def test_arrays_equal_the_plan_in_numpy(data: st.DataObject, shape: list[int]) -> None:
    size = int(np.prod(shape))
    count = data.draw(st.sampled_from([1, size]))
    feature = ArrayFeature(
        tuple(shape),
        tuple(data.draw(st.lists(NUMBERS, min_size=count, max_size=count))),
        tuple(data.draw(st.lists(SPREADS, min_size=count, max_size=count))),
        data.draw(CLIPS),
    )
    plan = PreprocessingPlan(ArrayPlan(feature))
    x = np.random.default_rng(0).normal(0, 100, (3, *shape)).astype(np.float32)
    inputs = model_inputs(plan)
    model = keras.Model(inputs["x"], core_inputs(plan, inputs))
    assert_equal_numbers(model(x)["numeric"], plan.apply(x)["numeric"])


@given(columns=st.lists(NAMES | TEXTS, unique=True, max_size=12))
def test_input_names(columns: list[str]) -> None:
    names = input_names(columns)
    assert list(names) == columns
    assert len({name.lower() for name in names.values()}) == len(columns)
    assert all(name.isascii() and name.isidentifier() for name in names.values())


def test_a_plain_name_is_kept_whoever_comes_first() -> None:
    assert input_names(["total rooms", "column_total_rooms", "age"]) == {
        "total rooms": "column_total_rooms_2",
        "column_total_rooms": "column_total_rooms",
        "age": "age",
    }


def housing_plan() -> PreprocessingPlan:
    return PreprocessingPlan(
        TablePlan(
            (
                NumericFeature("rooms", fill=3.0, mean=4.0, std=2.0, indicator=True),
                CategoricalFeature("ocean proximity", ("", "INLAND", "NEAR BAY")),
                NumericFeature("where", fill=0.0, mean=0.5, std=0.1),
            )
        ),
        TargetScale((200_000.0,), (100_000.0,)),
    )


def core_of(plan: PreprocessingPlan, outputs: int, activation: str | None) -> Any:
    inputs = {}
    parts = []
    if plan.signature.numeric:
        inputs["numeric"] = keras.Input((plan.signature.numeric,), name="numeric")
        parts.append(inputs["numeric"])
    for i, codes in enumerate(plan.signature.cardinalities):
        if i == 0:
            inputs["categorical"] = keras.Input(
                (len(plan.signature.cardinalities),), dtype="int32", name="categorical"
            )
        parts.append(keras.layers.Embedding(codes, 2)(inputs["categorical"][:, i]))
    joined = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    answer = keras.layers.Dense(outputs, activation=activation)(joined)
    return keras.Model(inputs, answer, name="core")


@pytest.mark.parametrize("saved", [False, True])
def test_the_raw_model_answers_in_the_target_s_own_units(
    most_inputs: int, tmp_path: Path, saved: bool
) -> None:
    plan = housing_plan()
    task = Task(TaskKind.REGRESSION, 1, ("price",))
    core = core_of(plan, 1, None)
    model = raw_model(core, plan, task)
    if saved:
        model.save(tmp_path / "model.keras")
        model = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    frame = pd.DataFrame(
        {
            "ocean proximity": ["INLAND", None, "ISLAND", "NEAR BAY"],
            "where": [0.1, 0.2, np.nan, 0.4],
            "rooms": [np.nan, 1.0, 2.0, 3.0],
        }
    )
    inputs = plan.apply(frame)
    core_answer = core.predict(dict(inputs), verbose=0)
    expected = plan.restore_target(core_answer)
    given = model.predict(keras_inputs(plan, frame), verbose=0)
    np.testing.assert_allclose(given, expected, rtol=1e-6)
    assert inputs["categorical"][:, 0].tolist() == [2, 1, 0, 3]


def test_columns_may_be_called_as_parts_of_the_model(tmp_path: Path) -> None:
    numeric = tuple(
        NumericFeature(name, fill=0.0, mean=0.0, std=1.0, indicator=True)
        for name in (*KERAS_NAMES, *ODD_NAMES, "concatenate", "take", "cast", "multiply", "add")
    )
    texts = tuple(CategoricalFeature(name, ("a",)) for name in ("preprocessing_codes", "dense"))
    plan = PreprocessingPlan(TablePlan((*numeric, *texts)), TargetScale((1.0,), (2.0,)))
    model = raw_model(core_of(plan, 1, None), plan, Task(TaskKind.REGRESSION, 1, ("price",)))
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    frame = pd.DataFrame(
        {
            name: ["a"] if name in ("preprocessing_codes", "dense") else [1.0]
            for name in plan.inputs.columns
        }
    )
    assert model.predict(keras_inputs(plan, frame), verbose=0).shape == (1, 1)


def test_probabilities_pass_unchanged() -> None:
    plan = PreprocessingPlan(ArrayPlan(ArrayFeature((2, 2), (1.0,), (2.0,))))
    task = Task(TaskKind.MULTICLASS, 3, ("label",), ("a", "b", "c"))
    core = core_of(plan, 3, "softmax")
    x = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    given = raw_model(core, plan, task).predict(x, verbose=0)
    np.testing.assert_allclose(given, core.predict(dict(plan.apply(x)), verbose=0))


def test_ten_thousand_columns_take_two_inputs_and_a_few_layers(tmp_path: Path) -> None:
    numeric = tuple(NumericFeature(f"n{i}", fill=0.0, mean=0.0, std=1.0) for i in range(5_000))
    texts = tuple(CategoricalFeature(f"t{i}", ("", "a", f"w{i}")) for i in range(5_000))
    plan = PreprocessingPlan(TablePlan((*numeric, *texts)))
    inputs = model_inputs(plan)
    model = keras.Model(inputs, core_inputs(plan, inputs))
    model.save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert {tensor.name: tensor.shape for tensor in model.inputs} == {
        "numbers": (None, 5_000),
        "texts": (None, 5_000),
    }
    assert len(model.operations) < 30
    words = np.array([[f"w{i}" for i in range(5_000)], [f"w{i + 1}" for i in range(5_000)]], object)
    numbers = tf.ones((2, 5_000))
    given = model({"numbers": numbers, "texts": tf.constant(words)})
    codes = np.asarray(given["categorical"])
    assert (codes[0] == 3).all()
    assert (codes[1] == 0).all()  # words of other columns
