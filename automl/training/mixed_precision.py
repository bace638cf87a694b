"""Training steps in bfloat16: half the bytes of float32, for processors that compute with them.

Weights, their updates, the loss and all scores stay float32, and so does the model that is saved:
layers compute in bfloat16 only in the graph of the training steps (mixed precision, Micikevicius
et al. 2018, arXiv 1710.03740; Kalamkar et al. 2019, arXiv 1905.12322, for bfloat16, which needs no
scaling of the loss). Microseconds of processor time an image, batches of 64 images of 28 x 28, one
thread of an AMD EPYC with AVX512-BF16:

| default of | float32 | bfloat16 |
|---|---:|---:|
| lenet5 | 108 | 102 |
| fastcnn | 834 | 622 |
| resnet | 2,297 | 1,557 |
| mobilenet | 4,107 | 3,142 |
| xception | 1,758 | 1,801 |
| senet | 2,501 | 1,786 |
| inception | 7,366 | 5,013 |
| densenet | 9,627 | 5,905 |

Not every processor that has the instructions gains: `automl.training.bfloat16_gain` measures it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from automl.models.keras_private import layers_of, operation_of
from automl.training.device import has_gpu
from automl.vocabulary.dtype_policies import FLOAT32, MIXED_BFLOAT16

#: Layers that stay in float32 on a processor, where they are slower in bfloat16: with them in it,
#: steps of mobilenet take 4,431 microseconds an image.
_SLOW_LAYERS = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
#: What is told of a trial in bfloat16 where it is slower.
SLOWER = (
    "bfloat16 is slower than float32 on this machine, as convolutions show: "
    "trials of dtype_policy float32 take less time"
)


@contextmanager
def mixed_precision(model: Any, used: bool = True) -> Iterator[None]:
    """A context in which a model's layers compute in bfloat16, but for those of its outputs.

    Layers that are not Keras's own, those that have another precision, and on a processor depthwise
    convolutions stay as they are; so do all of a model that is no graph of layers, for nobody can
    tell which of them are the outputs'.

    Args:
        model: A built ``keras.Model``.
        used: Whether they do; else nothing changes.
    """
    outputs = (getattr(model, "outputs", None) or ()) if used else ()
    last = {id(operation_of(output)) for output in outputs}
    layers = layers_of(model) if outputs else ()
    changed = [layer for layer in layers if id(layer) not in last and _is_plain(layer)]
    for layer in changed:
        layer.dtype_policy = keras.DTypePolicy(MIXED_BFLOAT16)
    try:
        yield
    finally:
        for layer in changed:
            layer.dtype_policy = keras.DTypePolicy(FLOAT32)


def _is_plain(layer: Any) -> bool:
    if isinstance(layer, _SLOW_LAYERS) and not has_gpu():
        return False
    return type(layer).__module__.startswith("keras.") and layer.dtype_policy.name == FLOAT32
