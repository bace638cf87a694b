"""The network of airbench: a whitening convolution, and groups that are pooled early.

Jordan 2024, arXiv 2404.00498. What its first weights are is in `automl.models.first_weights`.
Against the original, the biases of the normalizations learn at the rate of all weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from automl.models.blocks import DenseStyle, Tensor, activated, normalized
from automl.models.conv_blocks import convolution, convolutions_dropped, pooled
from automl.models.first_weights import IDENTITY, WHITENING

_PATCH = 2
"""Side of the patches that are whitened."""
_LOGITS = 1.0 / 9.0
"""What multiplies the outputs before the softmax, so that they start small."""


def fast_network(
    x: Tensor, widths: Sequence[int], style: DenseStyle, *, whitening: bool = True
) -> Tensor:
    """The network in front of its outputs.

    Args:
        x: Images.
        widths: Channels of each group.
        style: How layers are made.
        whitening: Whether the first kernels are to be whitened patches, which are not trained.

    Returns:
        Tensor of shape (None, widths[-1]).
    """
    x = activated(_whitened(x, style, frozen=whitening), style)
    for group, width in enumerate(widths):
        x = _identity(x, width, style, f"{IDENTITY}_{group}_0")
        x = activated(normalized(pooled(x, "max_pool", padding="valid"), style, scale=False), style)
        x = _identity(x, width, style, f"{IDENTITY}_{group}_1")
        x = activated(normalized(x, style, scale=False), style)
        x = convolutions_dropped(x, style)
    return keras.layers.Rescaling(_LOGITS)(keras.layers.GlobalMaxPooling2D()(x))


def _whitened(x: Tensor, style: DenseStyle, *, frozen: bool) -> Tensor:
    """A kernel for each direction of a patch, and for its negative."""
    channels = int(x.shape[-1])
    layer = keras.layers.Conv2D(
        2 * channels * _PATCH**2,
        _PATCH,
        padding="valid" if min(x.shape[1:3]) >= _PATCH else "same",
        name=WHITENING if frozen else None,
    )
    maps = layer(x)
    layer.kernel.trainable = not frozen
    return maps


def _identity(x: Tensor, filters: int, style: DenseStyle, name: str) -> Tensor:
    return convolution(x, filters, 3, style, use_bias=False, name=name)
