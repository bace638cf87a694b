"""Training steps in bfloat16: half the bytes of float32, for processors that compute with them.

Weights, their updates, the loss and all scores stay float32, and so does the model that is saved:
layers compute in bfloat16 only in the graph of the training steps (mixed precision, Micikevicius
et al. 2018, arXiv 1710.03740; Kalamkar et al. 2019, arXiv 1905.12322, for bfloat16, which needs no
scaling of the loss). How many times as fast steps are in it: `docs/choosing.md`.

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

#: Channels that oneDNN's batch normalization takes at a time: of any other number of them it
#: normalizes in bfloat16 one by one (24 maps of 28 x 28, 64 images, Intel Xeon with AMX: 42 ms
#: forward and back, 11 in float32; 32 maps: 4 and 5.5).
_CHANNELS_AT_ONCE = 16
#: Activations that TensorFlow computes in bfloat16 in about the time of float32, for they are no
#: more than a comparison. All others it computes number by number, in 1.7 times (GELU) to 3.4
#: times (sigmoid) as long, which is more than the conversions cost.
_QUICK_ACTIVATIONS = (
    keras.activations.linear,
    keras.activations.relu,
    keras.activations.relu6,
    keras.activations.leaky_relu,
)
#: Layers without weights that cost about as much as converting what they are given: they compute
#: in what that is.
_FOLLOWING = (
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    keras.layers.Add,
    keras.layers.Concatenate,
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.ZeroPadding2D,
    keras.layers.Flatten,
    keras.layers.Reshape,
)
#: What is told of a trial in bfloat16 where it is slower.
SLOWER = (
    "bfloat16 is slower than float32 on this machine, as convolutions show: "
    "trials of dtype_policy float32 take less time"
)


@contextmanager
def mixed_precision(model: Any, used: bool = True) -> Iterator[None]:
    """A context in which a model's layers compute in bfloat16, but for those of its outputs.

    Layers that are not Keras's own and those that have another precision stay as they are; so do
    all of a model that is no graph of layers, for nobody can tell which of them are the outputs'.
    On a processor layers stay in float32 that are slower in bfloat16, and layers that cost no more
    than a conversion compute in what they are given.

    Args:
        model: A built ``keras.Model``.
        used: Whether they do; else nothing changes.
    """
    last = {id(layer) for layer in _last(model)} if used else set()
    layers = layers_of(model) if last else ()
    changed = [layer for layer in layers if id(layer) not in last and _is_plain(layer)]
    for layer in changed:
        if not has_gpu() and _follows(layer):
            layer.autocast = False
        elif has_gpu() or not _is_slower(layer):
            layer.dtype_policy = keras.DTypePolicy(MIXED_BFLOAT16)
    try:
        yield
    finally:
        for layer in changed:
            layer.dtype_policy, layer.autocast = keras.DTypePolicy(FLOAT32), True


def _last(model: Any) -> Iterator[Any]:
    """The layers that give a graph's outputs, with all in them that may compute these."""
    for output in getattr(model, "outputs", None) or ():
        layer = operation_of(output)
        yield layer
        if getattr(layer, "outputs", None):
            yield from _last(layer)
        elif isinstance(layer, keras.Layer):
            yield from layers_of(layer)


def _is_plain(layer: Any) -> bool:
    """Whether a layer is one of Keras's, as it is unless somebody has changed it."""
    is_keras = type(layer).__module__.startswith("keras.")
    return is_keras and layer.dtype_policy.name == FLOAT32 and bool(layer.autocast)


def _follows(layer: Any) -> bool:
    """Whether a layer costs so little that it computes in the precision of what it is given."""
    if isinstance(layer, keras.layers.Activation):
        return layer.activation in _QUICK_ACTIVATIONS
    return isinstance(layer, _FOLLOWING)


def _is_slower(layer: Any) -> bool:
    """Whether a layer takes longer in bfloat16 on a processor than in float32."""
    match layer:
        case keras.layers.BatchNormalization():
            return bool(layer.moving_mean.shape[0] % _CHANNELS_AT_ONCE)
        case keras.layers.DepthwiseConv1D() | keras.layers.DepthwiseConv2D():
            return True  # of mobilenet, they made a step of 3,142 microseconds one of 4,431
        case keras.layers.Activation() | keras.layers.ELU() | keras.layers.Softmax():
            return True
    return False
