"""Which columns go to which of several inputs, by their names, their order, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.errors import SpaceError
from automl.export.bundle import load_keras
from automl.models.several_inputs import has_several, input_parts, parts_note
from automl.models.wanted_input import wanted_input
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.score import predict_core
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState

TABLE = InputSignature(
    numeric=6,
    cardinalities=(4, 3),
    numeric_names=("age", "pixel_0", "pixel_1", "price eur", "user", "age is missing"),
    categorical_names=("colour", "city"),
)
ARRAY = InputSignature(numeric=6, shape=(6,))
Inputs = dict[str, tuple[Any, ...]]


def model_of(inputs: Inputs, by_name: bool = False, embedding: int | None = None) -> Any:
    """A model with inputs of shapes and, where given, data types."""
    made = [
        keras.Input(shape, name=name or None, dtype=dtype[0] if dtype else None)
        for name, (shape, *dtype) in inputs.items()
    ]
    pool, flat = keras.layers.GlobalAveragePooling1D(), keras.layers.Flatten()
    parts = [(pool if None in tensor.shape[1:] else flat)(tensor) for tensor in made]
    if embedding is not None:
        parts[-1] = keras.layers.Flatten()(keras.layers.Embedding(embedding, 2)(made[-1]))
    if len(parts) > 1:
        parts = [keras.layers.Concatenate()([keras.ops.cast(x, "float32") for x in parts])]
    outputs = keras.layers.Dense(1)(parts[0])
    if by_name:
        return keras.Model({tensor.name: tensor for tensor in made}, outputs)
    return keras.Model(made if len(made) > 1 else made[0], outputs)


def told(inputs: Inputs, signature: InputSignature = TABLE, **more: Any) -> str:
    return parts_note(input_parts("net", model_of(inputs, **more), signature), signature)


@pytest.mark.parametrize(
    ("inputs", "note"),
    [
        ({"age": ((1,),), "user": ((1,),)}, "'age' gets age, 'user' gets user; no input takes pix"),
        ({"pixel": ((2,),), "price_eur": ((1,),)}, "'pixel' gets pixel_0, pixel_1, 'price_eur' g"),
        ({"pixel": ((2, 1),), "age": ((2,),)}, "'age' gets age, age is missing; no input takes p"),
        ({"pixel": ((None, 1),), "age": ((1,),)}, "'pixel' gets pixel_0, pixel_1, 'age' gets age"),
        ({"numeric": ((6,),), "categorical": ((2,), "int32")}, "'numeric' gets age, pixel_0, pix"),
        ({"colour": ((3,),), "city": ((2,),)}, "'colour' gets colour, 'city' gets city; no input"),
        ({"colour": ((1,), "int32"), "age": ((1,),)}, "colour (numbers of categories, 0 for uns"),
    ],
)
def test_columns_by_name(inputs: Inputs, note: str) -> None:
    assert note in told(inputs)
    assert note.partition(",")[0] in told(inputs, by_name=True)  # Keras sorts them by name


def test_one_input_that_is_named_takes_its_columns_only() -> None:
    assert not has_several(model_of({"x": ((6,),)}))
    assert told({"pixel": ((2,),)}, by_name=True).startswith("of the model's inputs 'pixel' gets p")


def test_an_array_is_divided_in_order_or_goes_to_each() -> None:
    parts = input_parts("net", model_of({"a": ((4,),), "b": ((2, 1),)}), ARRAY)
    assert [[column.position for column in part.columns] for part in parts] == [
        [0, 1, 2, 3],
        [4, 5],
    ]
    parts = input_parts("net", model_of({"a": ((6,),), "b": ((3, 2),)}), ARRAY)
    assert [len(part.columns) for part in parts] == [6, 6]


@pytest.mark.parametrize(
    ("inputs", "signature", "told_of"),
    [
        (
            {"a": ((4,),), "b": ((3,),)},
            ARRAY,
            "nothing tells what goes to 'a' (4,) and 'b' (3,); the",
        ),
        (
            {"a": ((4,),), "age": ((1,),)},
            TABLE,
            "nothing tells what goes to 'a' (4,); name each inpu",
        ),
        (
            {"pixel": ((3,),), "age": ((1,),)},
            TABLE,
            "has the shape (3,), and its columns are pixel_0",
        ),
        (
            {"colour": ((1,),), "age": ((1,),)},
            TABLE,
            "give it the shape (3,) for one-hot, or (1,) and",
        ),
    ],
)
def test_what_does_not_fit_says_how(
    inputs: Inputs, signature: InputSignature, told_of: str
) -> None:
    with pytest.raises(SpaceError) as caught:
        input_parts("net", model_of(inputs), signature)
    assert told_of in str(caught.value)


def test_an_embedding_has_room_for_unseen_categories() -> None:
    inputs: Inputs = {"age": ((1,),), "colour": ((1,),)}
    assert "colour (numbers of categories" in told(inputs, embedding=4)
    with pytest.raises(SpaceError, match=r"from 0 .* to 3, and leads to an Embedding of 3"):
        told(inputs, embedding=3)


def test_only_inputs_that_get_numbers_say_how_they_want_them() -> None:
    model = model_of({"age": ((1,),), "colour": ((1,), "int32")})
    assert wanted_input(model).mode == "raw"
    assert wanted_input(model, ["age"]).mode == "standardize"


def table(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(240, 3)), columns=["x_0", "x_1", "z"])
    frame["user"] = rng.integers(0, 200, 240)
    frame["colour"] = rng.choice(["red", "green", "blue"], 240)
    signal = frame.x_0 - frame.x_1 + 2 * (frame.colour == "red") + frame.user / 200
    frame["y"] = np.where(signal > 1, "yes", "no")
    return frame


class OwnStep(keras.Model):  # type: ignore[misc]
    """Takes its rows apart as its author gave them."""

    def train_step(self, data: Any) -> Any:
        x, _ = data
        assert isinstance(x, tuple) and len(x) == 4
        return super().train_step(data)


def net(kind: type = keras.Model, by_name: bool = False) -> Callable[[Any], Any]:
    def build(hp: Any) -> Any:
        inputs = [
            keras.Input((2,), name="x"),
            keras.Input((1,), name="user", dtype="int32"),
            keras.Input((3,), name="colour"),
            keras.Input((), name="z"),
        ]
        parts = [
            inputs[0],
            keras.layers.Flatten()(keras.layers.Embedding(200, 2)(inputs[1])),
            inputs[2],
            keras.layers.Reshape((1,))(inputs[3]),
        ]
        x = keras.layers.Dense(8, "relu")(keras.layers.Concatenate()(parts))
        x = keras.layers.Dense(1, "sigmoid")(x)
        given: Any = {tensor.name: tensor for tensor in inputs} if by_name else inputs
        model = kind(given, x)
        model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
        return model

    return build


@pytest.mark.parametrize(
    ("build", "trainer"),
    [
        (net(), "compiled"),
        (net(by_name=True), "compiled"),
        (net(OwnStep), ""),
    ],
    ids=["in order", "by name", "a step of its own"],
)
def test_it_is_trained_and_what_is_saved_answers_as_it_was_scored(
    build: Any, trainer: str, tmp_path: Path
) -> None:
    data = DeviceData.from_arrays(prepare(DataRequest(table(), "y", input="raw", seed=1)))
    result = trained(build, data, tmp_path)
    assert trainer in ("", result.trainer)
    assert result.metrics["accuracy"] > 0.7
    core = load_keras(tmp_path / "model.keras")
    found = predict_core(core, data.validation.rows, data.plan)
    assert np.allclose(found[data.check_positions], np.load(tmp_path / "check.npy"), atol=1e-5)


def trained(build: Any, data: DeviceData, folder: Path) -> TrialResult:
    spec = TrialSpec(0, {}, 3, TrialBudget(6, 9))
    from automl.data.metrics import default_objective

    result = train_trial(
        spec,
        hyper_space(build),
        data,
        default_objective(data.task),
        folder,
        lambda _: Answer.GO_ON,
        lambda: None,
    )
    assert result.state is TrialState.COMPLETED, result.reason
    return result
