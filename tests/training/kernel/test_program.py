"""What the kernel takes, and what it leaves to TensorFlow."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.data.plan import Rows
from automl.training.device_data import ARRAY, DeviceRows
from automl.training.kernel.codes import UnsupportedModel
from automl.training.kernel.trainer import DenseTrainer
from tests.training.kernel.networks import COLUMNS, Network, make_rows

LAYERS = keras.layers


class OwnStep(keras.Model):
    """A model that trains in a way of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


class OwnDense(LAYERS.Dense):
    """A layer that may do anything."""


def compiled(model: Any, **more: Any) -> Any:
    given = {"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **more}
    model.compile(**given)
    return model


def model_of(*layers: Any, model: Any = keras.Model, **more: Any) -> Any:
    inputs = keras.Input((COLUMNS,), name="numeric")
    x = inputs
    for layer in layers:
        x = layer(x)
    return compiled(model({"numeric": inputs}, x), **more)


def head() -> Any:
    return LAYERS.Dense(5, activation="softmax")


def frozen() -> Any:
    layer = LAYERS.Dense(4)
    layer.trainable = False
    return layer


UNSUPPORTED = {
    "own layer": lambda: model_of(OwnDense(4), head()),
    "own step": lambda: model_of(head(), model=OwnStep),
    "convolution": lambda: model_of(
        LAYERS.Reshape((COLUMNS, 1)), LAYERS.Conv1D(2, 3), LAYERS.Flatten(), head()
    ),
    "activation": lambda: model_of(LAYERS.Dense(4, activation="exponential"), head()),
    "no softmax": lambda: model_of(LAYERS.Dense(5)),
    "softmax inside": lambda: model_of(LAYERS.Dense(4, activation="softmax"), head()),
    "frozen layer": lambda: model_of(frozen(), head()),
    "activity penalty": lambda: model_of(LAYERS.Dense(4, activity_regularizer="l2"), head()),
    "own penalty": lambda: model_of(LAYERS.Dense(4, kernel_regularizer=lambda w: 0.0), head()),
    "constraint": lambda: model_of(LAYERS.Dense(4, kernel_constraint="non_neg"), head()),
    "precision": lambda: model_of(LAYERS.Dense(4, dtype="mixed_float16"), head()),
    "loss": lambda: model_of(head(), loss=lambda y, p: keras.ops.mean(p, axis=-1)),
    "summed loss": lambda: model_of(
        head(), loss=keras.losses.SparseCategoricalCrossentropy(reduction="sum")
    ),
    "metrics": lambda: model_of(head(), metrics=["accuracy", "sparse_top_k_categorical_accuracy"]),
    "weighted metrics": lambda: model_of(head(), weighted_metrics=["accuracy"]),
    "optimizer": lambda: model_of(head(), optimizer="muon"),
    "centred": lambda: model_of(head(), optimizer=keras.optimizers.RMSprop(centered=True)),
    "average": lambda: model_of(head(), optimizer=keras.optimizers.Adam(use_ema=True)),
    "schedule": lambda: model_of(
        head(),
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.9)),
    ),
    "eager": lambda: model_of(head(), run_eagerly=True),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_other_models_are_left_to_tensorflow(name: str) -> None:
    rows = make_rows()
    with pytest.raises(UnsupportedModel):
        DenseTrainer(UNSUPPORTED[name](), rows, rows, 32)


def test_a_layer_that_is_used_twice_is_left_to_tensorflow() -> None:
    inputs, shared = keras.Input((COLUMNS,), name="numeric"), LAYERS.Dense(COLUMNS)
    model = compiled(keras.Model({"numeric": inputs}, head()(shared(shared(inputs)))))
    with pytest.raises(UnsupportedModel):
        DenseTrainer(model, make_rows(), make_rows(), 32)


def test_sequential_models_qualify() -> None:
    model = compiled(keras.Sequential([keras.Input((COLUMNS,)), LAYERS.Dense(4), head()]))
    rows = make_rows()
    array = DeviceRows({ARRAY: rows.inputs["numeric"]}, rows.target, None, rows.rows)
    trainer = DenseTrainer(model, array, array, 32)
    _, outputs = trainer.evaluate(array)
    expected = model.predict(np.asarray(array.inputs[ARRAY]), verbose=0)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_outputs_before_softmax_stay_what_they_are() -> None:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model = model_of(LAYERS.Dense(4, activation="relu"), LAYERS.Dense(5), loss=loss)
    rows = make_rows()
    trainer = DenseTrainer(model, rows, rows, 32)
    found, outputs = trainer.evaluate(rows)
    numeric = {"numeric": np.asarray(rows.inputs["numeric"])}
    np.testing.assert_allclose(outputs, model.predict(numeric, verbose=0), atol=1e-5)
    expected = model.evaluate(numeric, np.asarray(rows.target), batch_size=len(rows), verbose=0)
    assert found == pytest.approx(expected, abs=1e-5)
    trainer.restore(trainer.snapshot())


def test_what_nothing_trains_is_done_once_to_all_rows() -> None:
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 4, (50, 1)).astype(np.int32)
    numeric = generator.normal(size=(50, 2)).astype(np.float32)
    target = generator.integers(0, 5, 50).astype(np.int32)
    rows = DeviceRows.from_rows(
        Rows({"numeric": numeric, "categorical": codes}, target, truth=target)
    )
    numbers = keras.Input((2,), name="numeric")
    categories = keras.Input((1,), dtype="int32", name="categorical")
    one_hot = keras.ops.cast(keras.ops.equal(categories, np.arange(1, 4)), "float32")
    scaled = LAYERS.Rescaling(0.5)(numbers)
    joined = LAYERS.Concatenate()([scaled, one_hot])
    inputs = {"numeric": numbers, "categorical": categories}
    model = compiled(keras.Model(inputs, head()(LAYERS.Dense(6, activation="tanh")(joined))))
    trainer = DenseTrainer(model, rows, rows, 16)
    _, outputs = trainer.evaluate(rows)
    expected = model.predict({"numeric": numeric, "categorical": codes}, verbose=0)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_a_target_of_another_form_is_left_to_tensorflow() -> None:
    rows = make_rows("regression")
    with pytest.raises(UnsupportedModel):
        DenseTrainer(Network().make(), rows, rows, 32)
