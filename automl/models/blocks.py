"""Stacks of dense layers: activation, initializer, normalization, dropout, max-norm, skips.

A `DenseStyle` says how every layer of a stack is made; `dense_stack` makes them. As few Keras
layers as possible are created (an activation is fused into its dense layer where nothing comes
between), because building is a fixed cost of every trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras

from automl.errors import SpaceError
from automl.vocabulary.activations import (
    ACTIVATIONS,
    AUTO_INITIALIZER,
    HE_FAN_AVG,
    LINEAR,
    Activation,
)
from automl.vocabulary.layers import DROPOUTS, NONE, NORMALIZATIONS, REGULARIZERS, LayerEntry

Tensor: TypeAlias = Any


@dataclass(frozen=True)
class DenseStyle:
    """How layers are made, dense ones and convolutions; the fields are a space's names.

    Attributes:
        activation: One of `automl.vocabulary.activations`, or another name of Keras's.
        negative_slope: Slope of leaky_relu below zero.
        initializer: Name of a kernel initializer, or ``auto`` to follow the activation.
        normalization: none, batch or layer.
        normalization_placement: before_activation, after_activation or (residual stacks only)
            pre_activation.
        batch_norm_momentum: Momentum of batch normalization's moving statistics.
        dropout_kind: none, dropout, alpha or gaussian.
        dropout_rate: Rate of the first dropout layer.
        dropout_placement: every_layer, input_and_every_layer, last_hidden or halving; around
            convolutions see `automl.models.conv_blocks`.
        regularizer: none, l1, l2 or l1_l2, of kernels only.
        regularization: Strength of the regularizer.
        max_norm: Largest norm of a unit's incoming weights, or None for no limit.
        skip_connections: none or residual.
    """

    activation: str = "relu"
    negative_slope: float = 0.01
    initializer: str = AUTO_INITIALIZER
    normalization: str = "none"
    normalization_placement: str = "before_activation"
    batch_norm_momentum: float = 0.99
    dropout_kind: str = "none"
    dropout_rate: float = 0.2
    dropout_placement: str = "every_layer"
    regularizer: str = "none"
    regularization: float = 1e-4
    max_norm: float | None = None
    skip_connections: str = "none"

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DenseStyle:
        """The style of a configuration; what the space does not search keeps its default.

        Args:
            config: The trial's configuration; reads the active values under the field names.
        """
        return cls(**{name: config[name] for name in cls.__match_args__ if name in config})


def layer_widths(depth: int, width: int, shape: str = "constant") -> list[int]:
    """Units of each hidden layer.

    Args:
        depth: Number of hidden layers.
        width: Units of the first one.
        shape: ``constant``; ``pyramid``, where they fall by equal steps, such as 300, 200, 100;
            or ``first_bigger``, where the later ones have half of the first (all three: Géron,
            Hands-On Machine Learning, 2nd ed., chapter 10).

    Raises:
        SpaceError: If the shape is not known.
    """
    if shape == "constant":
        return [width] * depth
    if shape == "pyramid":
        return [max(1, round(width * (depth - i) / depth)) for i in range(depth)]
    if shape == "first_bigger":
        return [width if i == 0 else max(1, width // 2) for i in range(depth)]
    raise SpaceError(
        f"There is no width shape {shape!r}; choose constant, pyramid or first_bigger."
    )


def make_initializer(name: str, activation: str) -> Any:
    """The kernel initializer of a hidden layer.

    ``auto`` follows the activation: LeCun normal for SELU, Glorot uniform for tanh and sigmoid,
    He normal for ReLU and its relatives (Géron, Hands-On Machine Learning, 2nd ed., table 11-1).
    ``he_fan_avg`` is ``VarianceScaling(2, "fan_avg", "uniform")`` from the same chapter.

    Args:
        name: ``auto``, ``he_fan_avg``, or the name of a Keras initializer.
        activation: Name of the layer's activation.

    Returns:
        A Keras initializer or the name of one.
    """
    if name == HE_FAN_AVG:
        return keras.initializers.VarianceScaling(2.0, mode="fan_avg", distribution="uniform")
    if name != AUTO_INITIALIZER:
        return name
    return _entry(activation).initializer


def _entry(activation: str) -> Activation:
    """What is known of an activation; of another of Keras's, its name."""
    known = {**ACTIVATIONS, LINEAR.name: LINEAR}
    return known.get(activation) or Activation(activation)


def make_regularizer(name: str, strength: float) -> Any:
    """A kernel regularizer, or None for ``none``.

    Args:
        name: none, l1, l2 or l1_l2 (both with the same strength).
        strength: Factor of the penalty.

    Raises:
        SpaceError: If the name is not known.
    """
    if name == NONE:
        return None
    entry = _known("regularizer", name, REGULARIZERS)
    return getattr(keras.regularizers, entry.keras)(**dict.fromkeys(entry.arguments, strength))


def _known(what: str, name: str, entries: Mapping[str, LayerEntry]) -> LayerEntry:
    if name not in entries:
        raise SpaceError(f"There is no {what} {name!r}; choose {', '.join((NONE, *entries))}.")
    return entries[name]


def dense_stack(inputs: Tensor, widths: list[int], style: DenseStyle) -> Tensor:
    """Hidden dense layers in one style.

    Args:
        inputs: Tensor of shape (None, k).
        widths: Units of each layer; all equal in a residual stack. Empty gives the inputs back.
        style: How the layers are made.

    Returns:
        Tensor of shape (None, widths[-1]).
    """
    x = inputs
    if widths and style.dropout_placement == "input_and_every_layer":
        x = dropped(x, style, style.dropout_rate)
    if style.skip_connections == "residual" and len(widths) > 1:
        return _residual_stack(x, widths, style)
    for position, units in enumerate(widths):
        x = _dense_block(x, units, style)
        x = dropped(x, style, _rate(style, position, len(widths)))
    return x


def _residual_stack(x: Tensor, widths: list[int], style: DenseStyle) -> Tensor:
    """A projection to the stack's width, then layers that each add to their input.

    With pre-activation (He et al. 2016, arXiv 1603.05027) the projection is linear, each block
    is norm-activation-dense, and the last sum is normalized and activated before the head, so
    that there are as many activations as layers.
    """
    pre = style.normalization != "none" and style.normalization_placement == "pre_activation"
    depth = len(widths)
    if pre:
        x = _dense(widths[0], style, activation=None, use_bias=False)(x)
    else:
        x = _dense_block(x, widths[0], style)
    x = dropped(x, style, _rate(style, 0, depth))
    for position, units in enumerate(widths[1:], start=1):
        if pre:
            h = activated(normalized(x, style), style)
            h = _dense(units, style, activation=None, use_bias=False)(h)
        else:
            h = _dense_block(x, units, style)
        h = dropped(h, style, _rate(style, position, depth))
        x = keras.layers.Add()([x, h])
    return activated(normalized(x, style), style) if pre else x


def _dense_block(x: Tensor, units: int, style: DenseStyle) -> Tensor:
    """One dense layer with its activation, and its normalization before or after that."""
    if style.normalization == "none":
        return _activated_dense(x, units, style)
    if style.normalization_placement == "after_activation":
        return normalized(_activated_dense(x, units, style), style)
    # The normalization's own shift does what a bias would do.
    x = _dense(units, style, activation=None, use_bias=False)(x)
    return activated(normalized(x, style), style)


def _activated_dense(x: Tensor, units: int, style: DenseStyle) -> Tensor:
    if not is_fused(style.activation):
        return activated(_dense(units, style, activation=None)(x), style)
    return _dense(units, style, activation=style.activation)(x)


def _dense(units: int, style: DenseStyle, *, activation: str | None, use_bias: bool = True) -> Any:
    return keras.layers.Dense(
        units,
        activation=activation,
        use_bias=use_bias,
        kernel_initializer=make_initializer(style.initializer, style.activation),
        kernel_regularizer=make_regularizer(style.regularizer, style.regularization),
        kernel_constraint=(
            None if style.max_norm is None else keras.constraints.MaxNorm(style.max_norm, axis=0)
        ),
    )


def is_fused(activation: str) -> bool:
    """Whether Keras's layers take an activation as an argument, so that it is no layer of its own.

    Args:
        activation: Its name.
    """
    return not _entry(activation).layer


def activated(x: Tensor, style: DenseStyle) -> Tensor:
    """A tensor behind the style's activation.

    Args:
        x: Tensor of shape (None, k), or maps (None, height, width, channels).
        style: How layers are made.
    """
    entry = _entry(style.activation)
    if not entry.layer:
        return keras.layers.Activation(style.activation)(x)
    arguments = {name: getattr(style, name) for name in entry.arguments}
    if entry.learnt and len(x.shape) == 4:
        arguments["shared_axes"] = (1, 2)  # a slope a channel, wherever on the map
    return getattr(keras.layers, entry.layer)(**arguments)(x)


def normalized(x: Tensor, style: DenseStyle, *, scale: bool = True) -> Tensor:
    """A tensor behind the style's normalization, of its last axis.

    Args:
        x: Tensor of shape (None, ..., k).
        style: How layers are made.
        scale: Whether it learns a factor of each unit, beside the shift.

    Raises:
        SpaceError: If the normalization is not known.
    """
    entry = _known("normalization", style.normalization, NORMALIZATIONS)
    arguments = {name: getattr(style, given) for name, given in entry.arguments.items()}
    return getattr(keras.layers, entry.keras)(scale=scale, **arguments)(x)


def _rate(style: DenseStyle, position: int, depth: int) -> float:
    """The dropout rate after the hidden layer at a position; 0 for none there."""
    if style.dropout_placement == "halving":
        return style.dropout_rate / 2.0**position
    if style.dropout_placement == "last_hidden" and position < depth - 1:
        return 0.0
    return style.dropout_rate


def dropped(x: Tensor, style: DenseStyle, rate: float) -> Tensor:
    """A tensor behind the style's kind of dropout at some rate; itself without one or at 0.

    Raises:
        SpaceError: If the kind is not known.
    """
    if style.dropout_kind == NONE or rate <= 0.0:
        return x
    entry = _known("dropout", style.dropout_kind, DROPOUTS)
    return getattr(keras.layers, entry.keras)(rate)(x)
