"""Residual networks: stems, basic and bottleneck blocks in three versions, groups of them.

v1: He et al. 2015, arXiv 1512.03385; v1.5 has the bottleneck's step in its 3 x 3 convolution; v2:
normalization and activation first (He et al. 2016, arXiv 1603.05027). A squeeze-and-excite step
stands behind each block where there is a ratio (Hu et al., arXiv 1709.01507).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from automl.models.blocks import DenseStyle, Tensor, activated
from automl.models.conv_blocks import (
    before_convolution,
    conv_block,
    convolution,
    convolutions_dropped,
    is_small,
    linear_block,
    pooled,
    squeezed_and_excited,
)
from automl.vocabulary.layers import NONE

EXPANSION = 4
"""Channels that a bottleneck block answers with, for one of its 3 x 3 convolution."""


@dataclass(frozen=True)
class ResidualKind:
    """What the blocks of a residual network are.

    Attributes:
        block: basic (two 3 x 3 convolutions) or bottleneck (1 x 1, 3 x 3, 1 x 1).
        version: v1, v1.5 or v2.
        ratio: Of squeeze-and-excite steps, or None without them.
    """

    block: str = "basic"
    version: str = "v1"
    ratio: int | None = None


def residual_network(
    x: Tensor, blocks: Sequence[int], filters: int, kind: ResidualKind, style: DenseStyle
) -> Tensor:
    """A stem, and groups of residual blocks, whose channels double while the maps halve.

    Args:
        x: Images.
        blocks: Blocks of each group.
        filters: Channels of the stem and of the first group's 3 x 3 convolutions.
        kind: What the blocks are.
        style: How their layers are made.

    Returns:
        Maps, normalized and activated.
    """
    x = residual_stem(x, filters, kind, style)
    for group, count in enumerate(blocks):
        for block in range(count):
            stride = 2 if group > 0 and block == 0 else 1
            x = residual_block(x, filters * 2**group, kind, style, stride=stride)
        x = convolutions_dropped(x, style)
    return before_convolution(x, style) if kind.version == "v2" else x


def residual_stem(x: Tensor, filters: int, kind: ResidualKind, style: DenseStyle) -> Tensor:
    """7 x 7 in steps of 2 and a pooling, or 3 x 3 for images below 64 pixels.

    Args:
        x: Images.
        filters: Channels.
        kind: In version v2 the first block normalizes what the stem gives.
        style: How its layers are made.
    """
    small = is_small(x)
    kernel, stride = (3, 1) if small else (7, 2)
    if kind.version == "v2":
        x = convolution(x, filters, kernel, style, stride=stride, use_bias=_plain(style))
    else:
        x = conv_block(x, filters, kernel, style, stride=stride)
    return x if small else pooled(x, "max_pool", size=3)


def residual_block(
    x: Tensor, filters: int, kind: ResidualKind, style: DenseStyle, *, stride: int = 1
) -> Tensor:
    """Convolutions that are added to what they start from, projected where shapes differ.

    Args:
        x: Maps.
        filters: Channels of the 3 x 3 convolutions.
        kind: What the block is.
        style: How its layers are made.
        stride: Step of the block.
    """
    wide = filters * EXPANSION if kind.block == "bottleneck" else filters
    same = stride == 1 and int(x.shape[-1]) == wide
    if kind.version == "v2":
        start = before_convolution(x, style)
        short = x if same else _bare(start, wide, 1, style, stride)
        y = _pre_activated_branch(start, filters, wide, kind, style, stride)
    else:
        short = x if same else linear_block(x, wide, 1, style, stride=stride)
        y = _branch(x, filters, wide, kind, style, stride)
    if kind.ratio is not None:
        y = squeezed_and_excited(y, kind.ratio, style)
    y = keras.layers.Add()([short, y])
    return y if kind.version == "v2" else activated(y, style)


def _branch(
    x: Tensor, filters: int, wide: int, kind: ResidualKind, style: DenseStyle, stride: int
) -> Tensor:
    if kind.block == "basic":
        x = conv_block(x, filters, 3, style, stride=stride)
        return linear_block(x, wide, 3, style)
    first = stride if kind.version == "v1" else 1
    x = conv_block(x, filters, 1, style, stride=first)
    x = conv_block(x, filters, 3, style, stride=stride // first)
    return linear_block(x, wide, 1, style)


def _pre_activated_branch(
    x: Tensor, filters: int, wide: int, kind: ResidualKind, style: DenseStyle, stride: int
) -> Tensor:
    if kind.block == "basic":
        x = _bare(x, filters, 3, style, stride)
        return _bare(before_convolution(x, style), wide, 3, style)
    x = _bare(x, filters, 1, style)
    x = _bare(before_convolution(x, style), filters, 3, style, stride)
    return _bare(before_convolution(x, style), wide, 1, style)


def _bare(x: Tensor, filters: int, kernel: int, style: DenseStyle, stride: int = 1) -> Tensor:
    return convolution(x, filters, kernel, style, stride=stride, use_bias=_plain(style))


def _plain(style: DenseStyle) -> bool:
    return style.normalization == NONE
