"""Convolutions in one style: activation, normalization and its placement, downsampling, heads.

All families of convolutional networks are made of these. Tensors are maps of the shape (None,
height, width, channels), whose sides are known. What would halve a side of 1 leaves it as it is,
so that no map falls below 1 x 1; channels are multiples of 8, which oneDNN computes without
repacking (`rounded`). A convolution that is normalized next has no bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import keras

from automl.data.task import Task
from automl.errors import SpaceError
from automl.models.blocks import (
    DenseStyle,
    Tensor,
    activated,
    dense_stack,
    dropped,
    is_fused,
    make_initializer,
    make_regularizer,
    normalized,
)
from automl.models.heads import add_head
from automl.vocabulary.layers import DOWNSAMPLINGS, EVERY_LAYER, NONE, POOLINGS, STRIDED

MULTIPLE = 8
CONVOLUTIONS_SHARE = 0.4
"""Rate of dropout behind convolutions as a share of that behind dense layers: 0.2 and 0.5 (Zafar
et al., Hands-On CNNs with TensorFlow)."""
SMALL_IMAGE = 64
"""Pixels of the shorter side below which a network's stem keeps the size of the maps: it was made
for images of 224 pixels, of which a stem leaves a quarter (own bound; He et al. 2015, section 4.2,
take a 3 x 3 convolution for 32 pixels)."""


def rounded(channels: float) -> int:
    """The nearest multiple of 8, at least 8.

    Args:
        channels: Channels, such as a published network's times a width factor.
    """
    return max(MULTIPLE, MULTIPLE * round(channels / MULTIPLE))


def sides(x: Tensor) -> tuple[int, int]:
    """Height and width of maps.

    Raises:
        SpaceError: The tensor is none of maps of a known size.
    """
    if len(x.shape) != 4 or x.shape[1] is None or x.shape[2] is None:
        raise SpaceError(
            f"A convolution was given a tensor of shape {tuple(x.shape)}; expected maps of the "
            "shape (None, height, width, channels) with a known height and width."
        )
    return int(x.shape[1]), int(x.shape[2])


def is_small(x: Tensor) -> bool:
    """Whether images are too small for a stem that was made for photographs."""
    return min(sides(x)) < SMALL_IMAGE


def resized(x: Tensor, factor: float) -> Tensor:
    """Images of other sides, by means of neighbouring pixels; themselves at a factor of 1.

    Args:
        x: Images.
        factor: What multiplies both sides; they are a pixel at least.
    """
    if factor == 1.0:
        return x
    height, width = (max(1, round(factor * side)) for side in sides(x))
    return keras.layers.Resizing(height, width)(x)


def fitting_steps(x: Tensor, step: int) -> tuple[int, int]:
    """A step down each side, or less where the side is shorter than that.

    Args:
        x: Maps.
        step: Wanted step.
    """
    height, width = sides(x)
    return min(step, height), min(step, width)


def convolution(
    x: Tensor,
    filters: int,
    kernel: int,
    style: DenseStyle,
    *,
    stride: int = 1,
    padding: str = "same",
    activation: str | None = None,
    use_bias: bool = True,
    name: str | None = None,
) -> Tensor:
    """One convolution.

    Args:
        x: Maps.
        filters: Channels of the answer.
        kernel: Side of the kernel.
        style: How it is made.
        stride: Step between places.
        padding: same; or valid, which is same where the kernel is larger than the map.
        activation: An activation that it takes as an argument, or None.
        use_bias: Whether it has biases.
        name: The layer's name; None for one of Keras's own.
    """
    limit = keras.constraints.MaxNorm(style.max_norm, axis=(0, 1, 2)) if style.max_norm else None
    return keras.layers.Conv2D(
        filters,
        kernel,
        strides=fitting_steps(x, stride),
        padding=padding if kernel <= min(sides(x)) else "same",
        activation=activation,
        use_bias=use_bias,
        kernel_initializer=make_initializer(style.initializer, style.activation),
        kernel_regularizer=make_regularizer(style.regularizer, style.regularization),
        kernel_constraint=limit,
        name=name,
    )(x)


def conv_block(
    x: Tensor,
    filters: int,
    kernel: int,
    style: DenseStyle,
    *,
    stride: int = 1,
    padding: str = "same",
) -> Tensor:
    """A convolution with its activation, and the normalization before or after that.

    Args:
        x: Maps.
        filters: Channels of the answer.
        kernel: Side of the kernel.
        style: How it is made.
        stride: Step between places.
        padding: same or valid; see `convolution`.
    """
    where: dict[str, Any] = {"stride": stride, "padding": padding}
    if style.normalization != NONE and style.normalization_placement != "after_activation":
        return activated(linear_block(x, filters, kernel, style, **where), style)
    fused = style.activation if is_fused(style.activation) else None
    x = convolution(x, filters, kernel, style, activation=fused, **where)
    x = x if fused else activated(x, style)
    return x if style.normalization == NONE else normalized(x, style)


def linear_block(
    x: Tensor,
    filters: int,
    kernel: int,
    style: DenseStyle,
    *,
    stride: int = 1,
    padding: str = "same",
) -> Tensor:
    """A convolution and its normalization, without an activation: what is added to a residual.

    Args:
        x: Maps.
        filters: Channels of the answer.
        kernel: Side of the kernel.
        style: How it is made.
        stride: Step between places.
        padding: same or valid; see `convolution`.
    """
    plain = style.normalization == NONE
    where: dict[str, Any] = {"stride": stride, "padding": padding}
    x = convolution(x, filters, kernel, style, use_bias=plain, **where)
    return x if plain else normalized(x, style)


def before_convolution(x: Tensor, style: DenseStyle) -> Tensor:
    """Normalization and activation in front of a convolution (pre-activation: He et al. 2016)."""
    return activated(x if style.normalization == NONE else normalized(x, style), style)


def depthwise_block(
    x: Tensor,
    kernel: int,
    style: DenseStyle,
    *,
    stride: int = 1,
    multiplier: int = 1,
    linear: bool = False,
) -> Tensor:
    """A convolution of each channel by itself, with normalization and activation behind it.

    Its kernels have no penalty: they are few (Howard et al. 2017, arXiv 1704.04861, section 3.2).

    Args:
        x: Maps.
        kernel: Side of the kernel.
        style: How it is made.
        stride: Step between places.
        multiplier: Channels that each channel becomes.
        linear: Whether nothing stands behind it, as in a separable convolution.
    """
    plain = style.normalization == NONE
    x = keras.layers.DepthwiseConv2D(
        kernel,
        strides=_square_steps(x, stride),
        padding="same",
        depth_multiplier=multiplier,
        use_bias=plain and not linear,
        depthwise_initializer=make_initializer(style.initializer, style.activation),
    )(x)
    return x if linear else before_convolution(x, style)


def _square_steps(x: Tensor, step: int) -> int:
    """One step for both sides, which is what depthwise convolutions can; 1 where a side is 1."""
    return min(fitting_steps(x, step))


def separable_block(
    x: Tensor, filters: int, kernel: int, style: DenseStyle, *, stride: int = 1
) -> Tensor:
    """A depthwise convolution and a 1 x 1 convolution with a normalization behind them.

    Args:
        x: Maps.
        filters: Channels of the answer.
        kernel: Side of the depthwise kernel.
        style: How it is made.
        stride: Step between places.
    """
    x = depthwise_block(x, kernel, style, stride=stride, linear=True)
    return linear_block(x, filters, 1, style)


def pooled(
    x: Tensor, kind: str, *, size: int = 2, stride: int = 2, padding: str = "same"
) -> Tensor:
    """Maps of the greatest or the mean value of each neighbourhood; themselves at 1 x 1.

    Args:
        x: Maps.
        kind: max_pool or average_pool.
        size: Side of the neighbourhood.
        stride: Step between places.
        padding: same or valid.

    Raises:
        SpaceError: The kind is not known.
    """
    if not DOWNSAMPLINGS.get(kind):
        known = ", ".join(name for name, layer in DOWNSAMPLINGS.items() if layer)
        raise SpaceError(f"There is no pooling {kind!r}; choose {known}.")
    if max(sides(x)) == 1:
        return x
    layer = getattr(keras.layers, DOWNSAMPLINGS[kind])
    return layer(fitting_steps(x, size), strides=fitting_steps(x, stride), padding=padding)(x)


def halved(x: Tensor, kind: str) -> Tensor:
    """Maps of half the sides, by pooling; left as they are where a convolution strides instead.

    Args:
        x: Maps.
        kind: max_pool, average_pool or strided.
    """
    return x if kind == STRIDED else pooled(x, kind, padding="valid")


def conv_group(
    x: Tensor, filters: int, kernels: Sequence[int], style: DenseStyle, downsampling: str
) -> Tensor:
    """Convolutions of one width, and a halving of the maps: a group of a plain network.

    Args:
        x: Maps.
        filters: Channels.
        kernels: Side of each convolution's kernel.
        style: How they are made.
        downsampling: max_pool, average_pool, or strided: the last convolution in steps of 2.
    """
    for position, kernel in enumerate(kernels):
        last = position == len(kernels) - 1
        stride = 2 if last and downsampling == STRIDED else 1
        x = conv_block(x, filters, kernel, style, stride=stride)
    return convolutions_dropped(halved(x, downsampling), style)


def convolutions_dropped(x: Tensor, style: DenseStyle) -> Tensor:
    """Maps behind the dropout of convolutions, where the style has it there."""
    if style.dropout_placement != EVERY_LAYER:
        return x
    return dropped(x, style, CONVOLUTIONS_SHARE * style.dropout_rate)


def squeezed_and_excited(x: Tensor, ratio: int, style: DenseStyle) -> Tensor:
    """Channels weighted by what all of them say of the whole map (Hu et al., arXiv 1709.01507).

    Args:
        x: Maps of c channels.
        ratio: The hidden layer has c / ratio units.
        style: Gives the hidden layer's activation.
    """
    channels = int(x.shape[-1])
    weights = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = activated(keras.layers.Dense(rounded(channels / ratio))(weights), style)
    weights = keras.layers.Dense(channels, activation="sigmoid")(weights)
    return keras.layers.Multiply()([x, weights])


def locally_normalized(x: Tensor) -> Tensor:
    """Local response normalization: each value by the squares of five neighbouring channels.

    ``x / (2 + 1e-4 * sum of squares) ** 0.75`` (Krizhevsky et al. 2012, section 3.3), of Keras's
    operations alone, for Keras has no layer of it.

    Args:
        x: Maps.
    """
    channels, reach = int(x.shape[-1]), 2
    padded = keras.ops.pad(keras.ops.square(x), [[0, 0], [0, 0], [0, 0], [reach, reach]])
    near = padded[..., :channels]
    for shift in range(1, 2 * reach + 1):
        near = keras.ops.add(near, padded[..., shift : shift + channels])
    return keras.ops.divide(x, keras.ops.power(keras.ops.add(2.0, 1e-4 * near), 0.75))


def vector_of(x: Tensor, pooling: str) -> Tensor:
    """Maps as one vector, (None, k).

    Args:
        x: Maps.
        pooling: flatten, global_average or global_max.

    Raises:
        SpaceError: The pooling is not known.
    """
    if pooling not in POOLINGS:
        raise SpaceError(f"There is no pooling {pooling!r}; choose {', '.join(POOLINGS)}.")
    return getattr(keras.layers, POOLINGS[pooling])()(x)


def classifier(x: Tensor, widths: Sequence[int], style: DenseStyle, task: Task) -> Tensor:
    """Dense layers with dropout behind each, and the task's outputs.

    Args:
        x: Tensor of shape (None, k).
        widths: Units of the dense layers; without any, the dropout stands before the outputs.
        style: How they are made.
        task: The task.

    Returns:
        Tensor of shape (None, task.outputs).
    """
    flat = replace(
        style,
        dropout_placement=EVERY_LAYER,
        skip_connections=NONE,
        normalization_placement=(
            "before_activation"
            if style.normalization_placement == "pre_activation"
            else style.normalization_placement
        ),
    )
    x = dense_stack(x, list(widths), flat) if widths else dropped(x, style, style.dropout_rate)
    return add_head(
        x, task, kernel_regularizer=make_regularizer(style.regularizer, style.regularization)
    )


def head_widths(depth: int, width: int | None) -> list[int]:
    """Units of the dense layers of a head, each later one half of the one before.

    Args:
        depth: How many there are.
        width: Units of the first, or None without any.
    """
    return [max(MULTIPLE, (width or 0) // 2**position) for position in range(depth)]
