"""Networks of depthwise convolutions with 1 x 1 convolutions behind them: Xception, MobileNet."""

from __future__ import annotations

import keras

from automl.models.blocks import DenseStyle, Tensor, activated
from automl.models.conv_blocks import (
    conv_block,
    convolutions_dropped,
    depthwise_block,
    is_small,
    linear_block,
    pooled,
    rounded,
    separable_block,
)

_ENTRY = (128, 256, 728)
_MOBILE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))


def xception_network(x: Tensor, middle: int, factor: float, style: DenseStyle) -> Tensor:
    """Chollet 2016, arXiv 1610.02357, figure 5.

    Args:
        x: Images.
        middle: Blocks of the middle flow.
        factor: What multiplies all channels.
        style: How layers are made.

    Returns:
        Maps, normalized and activated.
    """
    stride, padding = (1, "same") if is_small(x) else (2, "valid")
    x = conv_block(x, rounded(32 * factor), 3, style, stride=stride, padding=padding)
    x = conv_block(x, rounded(64 * factor), 3, style, padding=padding)
    for position, filters in enumerate(_ENTRY):
        width = rounded(filters * factor)
        x = _halving_block(x, width, width, style, activate_first=position > 0)
    for _ in range(middle):
        short = x
        for _ in range(3):
            x = separable_block(activated(x, style), int(short.shape[-1]), 3, style)
        x = keras.layers.Add()([short, x])
    x = convolutions_dropped(x, style)
    x = _halving_block(x, rounded(728 * factor), rounded(1024 * factor), style, activate_first=True)
    for filters in (1536, 2048):
        x = activated(separable_block(x, rounded(filters * factor), 3, style), style)
    return x


def _halving_block(
    x: Tensor, first: int, second: int, style: DenseStyle, *, activate_first: bool
) -> Tensor:
    """Two separable convolutions and a pooling, added to a projection in steps of 2."""
    short = linear_block(x, second, 1, style, stride=2)
    y = separable_block(activated(x, style) if activate_first else x, first, 3, style)
    y = separable_block(activated(y, style), second, 3, style)
    return keras.layers.Add()([short, pooled(y, "max_pool", size=3)])


def mobile_network(
    x: Tensor, middle: int, factor: float, style: DenseStyle, *, multiplier: int = 1
) -> Tensor:
    """Howard et al. 2017, arXiv 1704.04861, table 1.

    Args:
        x: Images.
        middle: Blocks of 512 channels before the last halving.
        factor: What multiplies all channels.
        style: How layers are made.
        multiplier: Channels that each channel becomes in a depthwise convolution.

    Returns:
        Maps, normalized and activated.
    """
    small = is_small(x)
    x = conv_block(x, rounded(32 * factor), 3, style, stride=1 if small else 2)
    blocks = [*_MOBILE, *[(512, 1)] * middle, (1024, 2), (1024, 1)]
    for position, (filters, stride) in enumerate(blocks):
        step = 1 if small and position == 1 else stride
        x = depthwise_block(x, 3, style, stride=step, multiplier=multiplier)
        x = conv_block(x, rounded(filters * factor), 1, style)
        x = convolutions_dropped(x, style) if stride == 2 else x
    return x
