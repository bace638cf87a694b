"""Dense stacks: widths, initializers, placements, dropout, max-norm and skips."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.models.blocks import (
    DenseStyle,
    dense_stack,
    layer_widths,
    make_initializer,
    make_regularizer,
)


def layers(style: DenseStyle, widths: tuple[int, ...] = (8, 8, 8)) -> list[Any]:
    """The layers of a stack in the order of the graph, without the input layer."""
    inputs = keras.Input((5,))
    return keras.Model(inputs, dense_stack(inputs, list(widths), style)).layers[1:]


def kinds(style: DenseStyle, widths: tuple[int, ...] = (8, 8, 8)) -> list[str]:
    return [type(layer).__name__ for layer in layers(style, widths)]


@given(st.integers(0, 8), st.integers(1, 600))
def test_widths_start_at_the_width_and_follow_the_shape(depth, width):
    constant, pyramid, bigger = (
        layer_widths(depth, width, shape) for shape in ("constant", "pyramid", "first_bigger")
    )
    assert constant == [width] * depth
    for widths in (pyramid, bigger):
        assert len(widths) == depth
        assert widths[:1] == [width] * min(depth, 1)
        assert all(units >= 1 for units in widths)
    assert pyramid == sorted(pyramid, reverse=True)
    if width >= 2 * depth:
        assert len(set(pyramid)) == depth
    if width > 1:
        assert all(units < width for units in bigger[1:])


def test_the_pyramid_is_the_books():
    assert layer_widths(3, 300, "pyramid") == [300, 200, 100]


@pytest.mark.parametrize(
    ("activation", "initializer"),
    [
        *((name, "he_normal") for name in ("relu", "leaky_relu", "prelu", "elu", "gelu", "silu")),
        ("mish", "he_normal"),
        ("selu", "lecun_normal"),
        ("tanh", "glorot_uniform"),
        ("sigmoid", "glorot_uniform"),
    ],
)
def test_auto_initializer_follows_the_activation(activation, initializer):
    assert make_initializer("auto", activation) == initializer
    assert make_initializer("orthogonal", activation) == "orthogonal"


def test_he_fan_avg_is_uniform_variance_scaling_by_two_over_the_mean_fan():
    config = make_initializer("he_fan_avg", "relu").get_config()
    assert (config["scale"], config["mode"], config["distribution"]) == (2.0, "fan_avg", "uniform")


@pytest.mark.parametrize(
    ("name", "l1", "l2"), [("l1", 0.01, 0.0), ("l2", 0.0, 0.01), ("l1_l2", 0.01, 0.01)]
)
def test_regularizers_penalize_kernels_only(name, l1, l2):
    penalty = make_regularizer(name, 0.01)
    weights = np.array([[1.0, -2.0]], np.float32)
    assert float(penalty(weights)) == pytest.approx(l1 * 3.0 + l2 * 5.0)
    for layer in layers(DenseStyle(regularizer=name)):
        assert layer.kernel_regularizer is not None
        assert layer.bias_regularizer is None
    assert make_regularizer("none", 0.01) is None


def test_a_plain_stack_is_one_layer_each():
    assert kinds(DenseStyle()) == ["Dense"] * 3
    assert kinds(DenseStyle(activation="leaky_relu")) == ["Dense", "LeakyReLU"] * 3
    assert kinds(DenseStyle(activation="prelu"), (8,)) == ["Dense", "PReLU"]


@pytest.mark.parametrize("activation", ["relu", "elu", "selu", "gelu", "silu", "mish", "tanh"])
def test_activations_are_fused_or_apart_with_the_same_result(activation):
    fused = layers(DenseStyle(activation=activation), (8,))
    assert len(fused) == 1
    x = np.linspace(-3, 3, 9, dtype=np.float32)
    apart = layers(DenseStyle(activation=activation, normalization="layer"), (8,))[-1]
    assert np.allclose(fused[0].activation(x), apart(x))


def test_negative_slope_reaches_leaky_relu():
    layer = layers(DenseStyle(activation="leaky_relu", negative_slope=0.3), (8,))[-1]
    assert float(layer(np.array([-1.0], np.float32))[0]) == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("normalization", "layer"), [("batch", "BatchNormalization"), ("layer", "LayerNormalization")]
)
def test_placements_of_normalization(normalization, layer):
    before = DenseStyle(normalization=normalization)
    assert kinds(before, (8, 8)) == ["Dense", layer, "Activation"] * 2
    after = DenseStyle(normalization=normalization, normalization_placement="after_activation")
    assert kinds(after, (8, 8)) == ["Dense", layer] * 2
    pre = DenseStyle(
        normalization=normalization,
        normalization_placement="pre_activation",
        skip_connections="residual",
    )
    assert kinds(pre, (8, 8)) == [
        *("Dense", layer, "Activation", "Dense", "Add"),
        *(layer, "Activation"),
    ]


@pytest.mark.parametrize("placement", ["before_activation", "pre_activation"])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_a_dense_layer_that_is_normalized_next_has_no_bias(normalization, placement):
    style = DenseStyle(
        normalization=normalization,
        normalization_placement=placement,
        skip_connections="residual",
    )
    dense = [la for la in layers(style) if isinstance(la, keras.layers.Dense)]
    assert [layer.use_bias for layer in dense] == [False] * 3
    after = DenseStyle(normalization="batch", normalization_placement="after_activation")
    assert all(la.use_bias for la in layers(after) if isinstance(la, keras.layers.Dense))


def test_batch_norm_momentum_is_passed_on():
    style = DenseStyle(normalization="batch", batch_norm_momentum=0.9)
    assert layers(style)[1].momentum == 0.9


@pytest.mark.parametrize(
    ("kind", "name"),
    [("dropout", "Dropout"), ("alpha", "AlphaDropout"), ("gaussian", "GaussianDropout")],
)
@pytest.mark.parametrize(
    ("placement", "rates"),
    [
        ("every_layer", [None, 0.4, 0.4, 0.4]),
        ("input_and_every_layer", [0.4, 0.4, 0.4, 0.4]),
        ("last_hidden", [None, None, None, 0.4]),
        ("halving", [None, 0.4, 0.2, 0.1]),
    ],
)
@pytest.mark.parametrize("skips", ["none", "residual"])
def test_kinds_and_placements_of_dropout(kind, name, placement, rates, skips):
    style = DenseStyle(
        dropout_kind=kind, dropout_rate=0.4, dropout_placement=placement, skip_connections=skips
    )
    expected = [("drop", rates[0])] if rates[0] else []
    for rate in rates[1:]:
        expected += [("dense", None), *([("drop", rate)] if rate else [])]
    found = [
        ("dense", None) if isinstance(layer, keras.layers.Dense) else ("drop", layer.rate)
        for layer in layers(style)
        if not isinstance(layer, keras.layers.Add)
    ]
    assert found == expected
    assert all(type(la).__name__ in (name, "Dense", "Add") for la in layers(style))


def test_max_norm_limits_each_units_incoming_weights_after_a_step():
    inputs = keras.Input((5,))
    outputs = dense_stack(inputs, [8], DenseStyle(max_norm=0.5))
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 32, 5)).astype(np.float32), np.ones((32, 8), np.float32)
    model.train_on_batch(x[0], y)
    norms = np.linalg.norm(model.layers[1].kernel.numpy(), axis=0)
    assert norms.shape == (8,)
    assert np.all(norms <= 0.5 + 1e-5)
    assert np.any(norms > 0.49)


def test_a_residual_stack_adds_each_layer_to_its_input():
    style = DenseStyle(skip_connections="residual")
    assert kinds(style) == ["Dense", "Dense", "Add", "Dense", "Add"]
    inputs = keras.Input((5,))
    model = keras.Model(inputs, dense_stack(inputs, [4, 4], style))
    x = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    first, second = (la for la in model.layers if isinstance(la, keras.layers.Dense))
    assert np.allclose(model(x), first(x) + second(first(x)), atol=1e-6)


def test_one_layer_has_nothing_to_skip_and_none_gives_the_inputs():
    assert kinds(DenseStyle(skip_connections="residual"), (8,)) == ["Dense"]
    inputs = keras.Input((5,))
    assert dense_stack(inputs, [], DenseStyle()) is inputs


def test_a_style_takes_what_the_configuration_has():
    style = DenseStyle.from_config({"activation": "elu", "depth": 3, "max_norm": 2.0})
    assert style == DenseStyle(activation="elu", max_norm=2.0)


@pytest.mark.parametrize(
    ("style", "message"),
    [
        (DenseStyle(normalization="group"), "no normalization 'group'"),
        (DenseStyle(dropout_kind="spatial"), "no dropout 'spatial'"),
        (DenseStyle(regularizer="l3"), "no regularizer 'l3'"),
    ],
)
def test_unknown_names_are_refused(style, message):
    with pytest.raises(SpaceError, match=message):
        layers(style)
    with pytest.raises(SpaceError, match="no width shape 'cone'"):
        layer_widths(2, 8, "cone")
