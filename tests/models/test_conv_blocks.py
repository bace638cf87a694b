"""Convolutions in one style: counts of weights, placements, halving, and what never is below 1."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.blocks import DenseStyle
from automl.models.conv_blocks import (
    classifier,
    conv_block,
    conv_group,
    convolution,
    depthwise_block,
    halved,
    head_widths,
    linear_block,
    pooled,
    rounded,
    separable_block,
    squeezed_and_excited,
    vector_of,
)

TEN = Task(TaskKind.MULTICLASS, 10, ("y",), tuple("0123456789"))
PLAIN = DenseStyle()
BATCH = DenseStyle(normalization="batch")


def model_of(outputs: Any, inputs: Any) -> Any:
    return keras.Model(inputs, outputs)


def kinds(outputs: Any, inputs: Any) -> list[str]:
    return [type(layer).__name__ for layer in model_of(outputs, inputs).layers[1:]]


def test_one_convolution_and_a_head_have_72906_weights() -> None:
    inputs = keras.Input((32, 32, 3))
    x = pooled(conv_block(inputs, 32, 3, PLAIN, padding="valid"), "max_pool", padding="valid")
    assert model_of(classifier(vector_of(x, "flatten"), [], PLAIN, TEN), inputs).count_params() == (
        72_906
    )


def test_two_convolutions_and_a_dense_layer_have_1626442_weights() -> None:
    inputs = keras.Input((32, 32, 3))
    x = conv_block(inputs, 32, 3, PLAIN, padding="valid")
    x = pooled(conv_block(x, 64, 3, PLAIN, padding="valid"), "max_pool", padding="valid")
    outputs = classifier(vector_of(x, "flatten"), [128], PLAIN, TEN)
    assert model_of(outputs, inputs).count_params() == 1_626_442


def test_three_strided_convolutions_have_903400_weights() -> None:
    x = inputs = keras.Input((200, 300, 3))
    for filters in (100, 200, 400):
        x = conv_block(x, filters, 3, PLAIN, stride=2)
    assert [layer.count_params() for layer in model_of(x, inputs).layers[1:]] == [
        2_800,
        180_200,
        720_400,
    ]
    assert x.shape == (None, 25, 38, 400)


@pytest.mark.parametrize(
    ("channels", "expected"), [(0.2, 8), (8, 8), (11.9, 8), (13, 16), (728, 728), (182, 184)]
)
def test_channels_are_multiples_of_8(channels: float, expected: int) -> None:
    assert rounded(channels) == expected


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(["max_pool", "average_pool"]))
def test_halving_stops_at_one_pixel(height: int, width: int, kind: str) -> None:
    x = keras.Input((height, width, 8))
    for _ in range(5):
        y = halved(x, kind)
        assert tuple(y.shape[1:3]) == (max(1, x.shape[1] // 2), max(1, x.shape[2] // 2))
        x = y
    assert halved(x, kind) is x


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("side", [1, 2, 3, 5])
def test_a_convolution_never_leaves_less_than_a_pixel(side: int, padding: str, stride: int) -> None:
    inputs = keras.Input((side, 2 * side, 3))
    x = convolution(inputs, 8, 5, PLAIN, stride=stride, padding=padding)
    y = depthwise_block(inputs, 5, PLAIN, stride=stride)
    assert all(length >= 1 for maps in (x, y) for length in maps.shape[1:3])


def test_placements_of_normalization_and_what_it_does_to_biases() -> None:
    inputs = keras.Input((8, 8, 1))
    before = conv_block(inputs, 8, 3, BATCH)
    assert kinds(before, inputs) == ["Conv2D", "BatchNormalization", "Activation"]
    assert not model_of(before, inputs).layers[1].use_bias
    after = DenseStyle(normalization="layer", normalization_placement="after_activation")
    y = conv_block(inputs, 8, 3, after)
    assert kinds(y, inputs) == ["Conv2D", "LayerNormalization"]
    assert model_of(y, inputs).layers[1].use_bias
    assert kinds(conv_block(inputs, 8, 3, PLAIN), inputs) == ["Conv2D"]
    linear = linear_block(inputs, 8, 3, BATCH)
    assert kinds(linear, inputs) == ["Conv2D", "BatchNormalization"]
    leaky = DenseStyle(activation="leaky_relu", negative_slope=0.3)
    z = conv_block(inputs, 8, 3, leaky)
    assert kinds(z, inputs) == ["Conv2D", "LeakyReLU"]
    assert model_of(z, inputs).layers[-1].negative_slope == pytest.approx(0.3)


def test_a_learnt_slope_is_shared_over_the_map() -> None:
    inputs = keras.Input((8, 8, 1))
    x = conv_block(inputs, 16, 3, DenseStyle(activation="prelu"))
    assert model_of(x, inputs).layers[-1].count_params() == 16


def test_style_reaches_kernels() -> None:
    inputs = keras.Input((8, 8, 1))
    style = DenseStyle(regularizer="l2", regularization=0.1, max_norm=2.0, activation="tanh")
    layer = model_of(conv_block(inputs, 8, 3, style), inputs).layers[1]
    assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
    assert float(layer.kernel_regularizer(np.ones((3, 3, 1, 8), np.float32))) == pytest.approx(7.2)
    limited = np.asarray(layer.kernel_constraint(np.ones((3, 3, 1, 8), np.float32)))
    assert np.allclose(np.square(limited).sum(axis=(0, 1, 2)), 4.0, atol=1e-4)


def test_a_strided_group_halves_with_its_last_convolution() -> None:
    inputs = keras.Input((8, 8, 1))
    x = conv_group(inputs, 8, [3, 3], PLAIN, "strided")
    assert kinds(x, inputs) == ["Conv2D", "Conv2D"]
    assert [layer.strides for layer in model_of(x, inputs).layers[1:]] == [(1, 1), (2, 2)]
    assert x.shape == (None, 4, 4, 8)
    assert conv_group(inputs, 8, [3], PLAIN, "average_pool").shape == (None, 4, 4, 8)


def test_dropout_behind_convolutions_has_two_fifths_of_the_rate() -> None:
    inputs = keras.Input((8, 8, 1))
    style = DenseStyle(dropout_kind="dropout", dropout_rate=0.5, dropout_placement="every_layer")
    x = vector_of(conv_group(inputs, 8, [3], style, "max_pool"), "flatten")
    model = model_of(classifier(x, [16], style, TEN), inputs)
    rates = [la.rate for la in model.layers if isinstance(la, keras.layers.Dropout)]
    assert rates == pytest.approx([0.2, 0.5])
    only = DenseStyle(dropout_kind="dropout", dropout_rate=0.5, dropout_placement="head")
    x = vector_of(conv_group(inputs, 8, [3], only, "max_pool"), "global_average")
    model = model_of(classifier(x, [], only, TEN), inputs)
    assert [la.rate for la in model.layers if isinstance(la, keras.layers.Dropout)] == [0.5]


def test_a_separable_convolution_is_depthwise_and_pointwise() -> None:
    inputs = keras.Input((8, 8, 16))
    x = separable_block(inputs, 32, 3, BATCH, stride=2)
    assert kinds(x, inputs) == ["DepthwiseConv2D", "Conv2D", "BatchNormalization"]
    assert model_of(x, inputs).count_params() == 9 * 16 + 16 * 32 + 4 * 32
    assert x.shape == (None, 4, 4, 32)


def test_squeezing_weights_channels_between_0_and_1() -> None:
    inputs = keras.Input((4, 4, 64))
    model = model_of(squeezed_and_excited(inputs, 8, PLAIN), inputs)
    assert model.count_params() == 64 * 8 + 8 + 8 * 64 + 64
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 64)).astype(np.float32)
    share = model.predict_on_batch(x) / x
    assert np.all((share > 0) & (share < 1))
    assert np.allclose(share, share[:, :1, :1])


def test_widths_of_a_head_are_halved() -> None:
    assert head_widths(2, 128) == [128, 64]
    assert head_widths(0, None) == []


def test_what_is_not_known_is_refused() -> None:
    inputs = keras.Input((8, 8, 1))
    with pytest.raises(SpaceError, match="no pooling 'median'"):
        pooled(inputs, "median")
    with pytest.raises(SpaceError, match="no pooling 'strided'"):
        pooled(inputs, "strided")
    with pytest.raises(SpaceError, match="no pooling 'sum'"):
        vector_of(inputs, "sum")
    with pytest.raises(SpaceError, match=r"shape \(None, 5\); expected maps"):
        convolution(keras.Input((5,)), 8, 3, PLAIN)
    with pytest.raises(SpaceError, match="known height and width"):
        convolution(keras.Input((None, None, 3)), 8, 3, PLAIN)
