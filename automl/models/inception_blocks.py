"""GoogLeNet: its stem, and its modules of four branches side by side.

Szegedy et al. 2014, arXiv 1409.4842, table 1; the 5 x 5 convolutions as two of 3 x 3: Szegedy et
al. 2015, arXiv 1512.00567. The auxiliary outputs, which train only, are left out: a core model has
one output.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from automl.models.blocks import DenseStyle, Tensor
from automl.models.conv_blocks import (
    conv_block,
    convolutions_dropped,
    is_small,
    locally_normalized,
    pooled,
    rounded,
    squeezed_and_excited,
)

#: Channels of each module: 1 x 1; reduction, 3 x 3; reduction, 5 x 5; behind the pooling.
MODULES = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)


def inception_network(
    x: Tensor,
    modules: Sequence[int],
    style: DenseStyle,
    *,
    factor: float = 1.0,
    double: bool = False,
    local: bool = False,
    ratio: int | None = None,
) -> Tensor:
    """A stem, and groups of modules with a halving between them.

    Args:
        x: Images.
        modules: Modules of each group: of the published ones the first, and its last.
        style: How layers are made.
        factor: What multiplies all channels.
        double: Whether two 3 x 3 convolutions stand for each of 5 x 5.
        local: Whether the stem has local response normalizations.
        ratio: Of a squeeze-and-excite step behind each module, or None without.
    """
    x = inception_stem(x, style, factor=factor, local=local)
    for group, count in enumerate(modules):
        if group > 0:
            x = pooled(x, "max_pool", size=3)
        for channels in _chosen(MODULES[group], count):
            x = inception_module(x, channels, style, factor=factor, double=double)
            x = x if ratio is None else squeezed_and_excited(x, ratio, style)
        x = convolutions_dropped(x, style)
    return x


def _chosen(group: Sequence[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    return [*group[: count - 1], group[-1]] if count else []


def inception_stem(x: Tensor, style: DenseStyle, *, factor: float, local: bool) -> Tensor:
    """7 x 7 in steps of 2, a pooling, 1 x 1, 3 x 3, a pooling; for small images 3 x 3 twice.

    Args:
        x: Images.
        style: How layers are made.
        factor: What multiplies all channels.
        local: Whether there are local response normalizations.
    """
    if is_small(x):
        x = conv_block(x, rounded(64 * factor), 3, style)
    else:
        x = pooled(conv_block(x, rounded(64 * factor), 7, style, stride=2), "max_pool", size=3)
        x = locally_normalized(x) if local else x
        x = conv_block(x, rounded(64 * factor), 1, style)
    x = conv_block(x, rounded(192 * factor), 3, style)
    x = locally_normalized(x) if local else x
    return pooled(x, "max_pool", size=3)


def inception_module(
    x: Tensor, channels: Sequence[int], style: DenseStyle, *, factor: float, double: bool
) -> Tensor:
    """Four branches whose channels are put side by side.

    Args:
        x: Maps.
        channels: See `MODULES`.
        style: How layers are made.
        factor: What multiplies all channels.
        double: Whether two 3 x 3 convolutions stand for the one of 5 x 5.
    """
    one, reduce3, three, reduce5, five, behind_pool = (rounded(c * factor) for c in channels)
    middle = conv_block(x, reduce3, 1, style)
    large = conv_block(x, reduce5, 1, style)
    for kernel in (3, 3) if double else (5,):
        large = conv_block(large, five, kernel, style)
    around = pooled(x, "max_pool", size=3, stride=1)
    return keras.layers.Concatenate()(
        [
            conv_block(x, one, 1, style),
            conv_block(middle, three, 3, style),
            large,
            conv_block(around, behind_pool, 1, style),
        ]
    )
