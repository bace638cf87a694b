"""What a model costs is known before it is trained: weights, multiply-adds, memory."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.models.blocks import DenseStyle
from automl.models.conv_blocks import conv_block
from automl.models.cost import cost_of
from automl.models.optimizers import make_optimizer
from automl.space import find_space
from automl.vocabulary.optimizers import OPTIMIZERS
from tests.search_spaces.test_image_families import PHOTO, RESNET50, without_weights


def test_the_worked_example_of_three_strided_convolutions() -> None:
    """Three 3 x 3 convolutions in steps of 2 of 100, 200 and 400 filters on 200 x 300 x 3."""
    x = inputs = keras.Input((200, 300, 3))
    for filters in (100, 200, 400):
        x = conv_block(x, filters, 3, DenseStyle(), stride=2)
    cost = cost_of(keras.Model(inputs, x), 32, "adam")
    assert cost.parameters == 2_800 + 180_200 + 720_400 == 903_400
    places = (100 * 150, 50 * 75, 25 * 38)
    kernels = (27 * 100, 900 * 200, 1800 * 400)
    assert cost.multiply_adds == sum(p * k for p, k in zip(places, kernels, strict=True))
    maps = [p * f for p, f in zip(places, (100, 200, 400), strict=True)]
    # Weights, gradients and two numbers of Adam's; maps of all rows, and the largest twice more.
    assert cost.training_bytes == 4 * (4 * 903_400 + 32 * (sum(maps) + 2 * max(maps)))


@pytest.mark.parametrize(
    ("name", "values", "published"),
    [
        ("mobilenet", {"width_factor": 1.0}, 569e6),
        ("resnet", RESNET50, 3.86e9),
        ("vgg", {"width_factor": 1.0, "head_width": 4096, "normalization": "none"}, 15.47e9),
    ],
)
def test_published_networks_take_the_published_multiply_adds(
    name: str, values: dict[str, Any], published: float
) -> None:
    model = without_weights(name, find_space(name).configuration(values), PHOTO, 1000)
    assert cost_of(model, 32, "adam").multiply_adds == pytest.approx(published, rel=0.01)


def test_weights_that_are_not_trained_need_no_gradients() -> None:
    inputs = keras.Input((10,))
    model = keras.Model(inputs, keras.layers.Dense(20, use_bias=False)(inputs))
    trained = cost_of(model, 1, "sgd").training_bytes
    model.trainable = False
    assert trained - cost_of(model, 1, "sgd").training_bytes == 4 * 200


def test_a_larger_batch_and_a_richer_optimizer_take_more_memory() -> None:
    inputs = keras.Input((10,))
    model = keras.Model(inputs, keras.layers.Dense(20)(keras.layers.Dense(30)(inputs)))
    small, large = (cost_of(model, rows, "sgd").training_bytes for rows in (1, 2))
    assert large - small == 4 * (30 + 20 + 2 * 30)
    weights = 330 + 620
    assert cost_of(model, 1, "adam").training_bytes - small == 4 * 2 * weights


def test_an_embedding_is_looked_up_and_parts_are_counted() -> None:
    inputs = keras.Input((5,), dtype="int32")
    outer = keras.Model(inputs, keras.layers.Embedding(100, 8)(inputs))
    assert cost_of(outer, 1, "sgd").multiply_adds == 0
    part = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    start = keras.Input((8,))
    whole = keras.Model(start, keras.layers.Dense(2)(part(start)))
    assert cost_of(whole, 1, "sgd").multiply_adds == 8 * 4 + 4 * 2


def test_a_layer_counts_as_often_as_it_is_called() -> None:
    inputs = keras.Input((8,))
    shared = keras.layers.Dense(8, use_bias=False)
    cost = cost_of(keras.Model(inputs, shared(shared(inputs))), 1, "sgd")
    assert cost.parameters == 64
    assert cost.multiply_adds == 2 * 64
    assert cost.training_bytes == 4 * (64 + 64 + 2 * 8 + 2 * 8)


def test_a_recurrent_layer_takes_each_step_and_a_transposed_convolution_each_place() -> None:
    steps = keras.Input((7, 3))
    each = 4 * (3 * 5 + 5 * 5)  # LSTM has four gates
    for sequences in (False, True):
        model = keras.Model(steps, keras.layers.LSTM(5, return_sequences=sequences)(steps))
        assert cost_of(model, 1, "sgd").multiply_adds == 7 * each
    maps = keras.Input((4, 6, 2))
    wide = keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same", use_bias=False)
    assert cost_of(keras.Model(maps, wide(maps)), 1, "sgd").multiply_adds == 4 * 6 * 9 * 2 * 8


class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.hidden = keras.layers.Dense(4)

    def call(self, inputs: Any) -> Any:
        return self.hidden(inputs)


def test_a_model_without_a_graph_has_the_least_that_its_weights_say() -> None:
    model = Subclassed()
    model(np.zeros((1, 3), np.float32))
    cost = cost_of(model, 32, keras.optimizers.Adam())
    assert (cost.parameters, cost.multiply_adds) == (16, 12)
    assert cost.training_bytes == 4 * (16 + 3 * 16)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_an_optimizer_keeps_is_what_keras_s_keeps(name: str) -> None:
    made = make_optimizer({"optimizer": name, "momentum": 0.9})
    made.build([keras.Variable(np.ones((3, 4), np.float32))])
    kept = sum(tuple(variable.shape) == (3, 4) for variable in made.variables)
    assert kept == OPTIMIZERS[name].slots
