"""The plain convolutional network: the book's counts, its shapes, and that it learns."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from automl.data.task import Task, TaskKind
from automl.models.core import Core, compile_core
from automl.space import find_space

SPACE = find_space("plain_cnn")
TEN = Task(TaskKind.MULTICLASS, 10, ("y",), tuple("0123456789"))


def built(config: Any, shape: tuple[int, ...], task: Task = TEN) -> Any:
    inputs = keras.Input(shape)
    return keras.Model(inputs, SPACE.build(config, inputs, task))


def digits(side: int) -> tuple[np.ndarray, np.ndarray]:
    """The bundled digits, 8 x 8 or each pixel repeated into the middle of a larger square."""
    found = load_digits()
    x = (found.images / 16.0).astype(np.float32)
    if side > 8:
        x = np.pad(np.kron(x, np.ones((3, 3), np.float32)), ((0, 0), (2, 2), (2, 2)))
    return x[..., None], found.target.astype(np.int32)


def test_the_default_is_the_books_network() -> None:
    model = built(SPACE.defaults(), (28, 28, 1))
    assert model.count_params() == 1_413_834
    assert [type(layer).__name__ for layer in model.layers[1:]] == [
        *("Conv2D", "MaxPooling2D"),
        *("Conv2D", "Conv2D", "MaxPooling2D") * 2,
        *("Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"),
    ]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.5,
        0.5,
    ]


def test_options_reach_the_layers() -> None:
    config = SPACE.configuration(
        {
            "groups": 1,
            "convolutions": 3,
            "first_filters": 24,
            "first_kernel": 5,
            "kernel": 5,
            "downsampling": "strided",
            "pooling": "global_average",
            "head_depth": 0,
            "normalization": "batch",
            "activation": "silu",
            "batch_size": 128,
        }
    )
    layers = built(config, (28, 28, 1)).layers
    convolutions = [layer for layer in layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.kernel_size, layer.strides) for layer in convolutions] == [
        (24, (5, 5), (2, 2)),
        *[(48, (5, 5), (1, 1))] * 2,
        (48, (5, 5), (2, 2)),
    ]
    assert not any(layer.use_bias for layer in convolutions)
    assert [layer.name for layer in layers if isinstance(layer, keras.layers.Dense)] == ["head"]


@pytest.mark.parametrize("side", [8, 28])
def test_a_small_one_learns_the_digits(side: int) -> None:
    keras.utils.set_random_seed(0)
    config = SPACE.configuration(
        {
            **{"first_filters": 16, "groups": 1, "first_kernel": 3, "convolutions": 1},
            **{"head_depth": 0, "dropout_kind": "none", "learning_rate": 5e-3, "batch_size": 32},
        }
    )
    x, y = digits(side)
    assert x.shape[1:] == (side, side, 1)
    model = compile_core(Core(built(config, (side, side, 1)), False), config, TEN)
    epochs = 8 if side == 8 else 2
    model.fit(x[:1400], y[:1400], batch_size=config.batch_size, epochs=epochs, verbose=0)
    accuracy = np.mean(model.predict(x[1400:], verbose=0).argmax(axis=1) == y[1400:])
    assert accuracy > 0.85


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 16]))
def test_batch_normalization_needs_20_rows_and_nothing_saturates(
    seed: int, batch: int | None
) -> None:
    space = SPACE if batch is None else SPACE.override({"batch_size": batch})
    config = space.sample(np.random.default_rng(seed))
    assert config.normalization != "batch" or config.batch_size >= 20
    assert config.activation not in ("selu", "tanh", "sigmoid")
    assert config.dropout_kind != "alpha"
    assert config.optimizer != "adagrad"
