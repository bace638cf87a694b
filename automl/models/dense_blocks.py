"""Densely connected networks: blocks in which each layer sees all maps before it.

Huang et al. 2016, arXiv 1608.06993, with bottlenecks and compression.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from automl.models.blocks import DenseStyle, Tensor
from automl.models.conv_blocks import (
    before_convolution,
    conv_block,
    convolution,
    convolutions_dropped,
    is_small,
    pooled,
    rounded,
)

_BOTTLENECK = 4
"""Channels of a layer's 1 x 1 convolution for each that it adds."""


def densely_connected(
    x: Tensor, blocks: Sequence[int], growth: int, compression: float, style: DenseStyle
) -> Tensor:
    """A stem, blocks of layers, and transitions that compress and halve the maps between them.

    Args:
        x: Images.
        blocks: Layers of each block.
        growth: Channels that a layer adds.
        compression: Share of the channels that a transition leaves.
        style: How layers are made.

    Returns:
        Maps, normalized and activated.
    """
    if is_small(x):
        x = convolution(x, 2 * growth, 3, style, use_bias=False)
    else:
        x = pooled(conv_block(x, 2 * growth, 7, style, stride=2), "max_pool", size=3)
    for position, layers in enumerate(blocks):
        if position > 0:
            kept = rounded(int(x.shape[-1]) * compression)
            x = convolution(before_convolution(x, style), kept, 1, style, use_bias=False)
            x = pooled(x, "average_pool", padding="valid")
        for _ in range(layers):
            x = _with_layer(x, growth, style)
        x = convolutions_dropped(x, style)
    return before_convolution(x, style)


def _with_layer(x: Tensor, growth: int, style: DenseStyle) -> Tensor:
    """Maps, and beside them what a layer makes of them."""
    wide = _BOTTLENECK * growth
    y = convolution(before_convolution(x, style), wide, 1, style, use_bias=False)
    y = convolution(before_convolution(y, style), growth, 3, style, use_bias=False)
    return keras.layers.Concatenate()([x, y])
