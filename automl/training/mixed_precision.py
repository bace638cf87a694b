"""Training steps in bfloat16: half the bytes of float32, for processors that compute with them.

Weights, their updates, the loss and all scores stay float32, and so does the model that is saved:
layers compute in bfloat16 only in the graph of the training steps (mixed precision, Micikevicius
et al. 2018, arXiv 1710.03740; Kalamkar et al. 2019, arXiv 1905.12322, for bfloat16, which needs no
scaling of the loss). Microseconds of processor time an image, batches of 128 images of 28 x 28, one
thread of an AMD EPYC with AVX512-BF16:

| default of | float32 | bfloat16 |
|---|---:|---:|
| fastcnn | 870 | 630 |
| resnet | 2,198 | 1,717 |
| plain_cnn | 4,906 | 2,737 |
| densenet | 10,109 | 5,530 |

Not every processor that has the instructions gains: an Intel Xeon with ``avx512_bf16`` and without
AMX takes 1.6 to 1.8 times as long as in float32 (`benchmarks/RESULTS.md`, image steps), as it does
for a product of matrices, by which `is_slower` tells.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from automl.models.keras_private import layers_of, operation_of
from automl.vocabulary.dtype_policies import FLOAT32, MIXED_BFLOAT16

#: What is told of a trial in bfloat16 where `is_slower` says so.
SLOWER = (
    "bfloat16 is slower than float32 on this processor, as a product of matrices shows: "
    "trials of dtype_policy float32 take less time"
)
# Sides of the product's matrices, and how often it is timed: 0.2 s in all on one core.
_SIDE, _TIMINGS = 1024, 3


@functools.cache
def is_slower() -> bool:
    """Whether this process computes a product of matrices slower in bfloat16 than in float32.

    It is measured once. Only what is said depends on it, never how a trial is trained, whose
    numbers are to be the same everywhere.
    """
    factor = tf.random.stateless_uniform((_SIDE, _SIDE), (1, 2))
    wide, narrow = (_seconds(tf.cast(factor, dtype)) for dtype in (FLOAT32, "bfloat16"))
    return narrow > wide


def _seconds(factor: Any) -> float:
    """The least processor seconds of a matrix times itself."""
    tf.linalg.matmul(factor, factor).numpy()
    measured = []
    for _ in range(_TIMINGS):
        started = time.process_time()
        tf.linalg.matmul(factor, factor).numpy()
        measured.append(time.process_time() - started)
    return min(measured)


@contextmanager
def mixed_precision(model: Any, used: bool = True) -> Iterator[None]:
    """A context in which a model's layers compute in bfloat16, but for those of its outputs.

    Layers that are not Keras's own, and those that have another precision, stay as they are.

    Args:
        model: A built ``keras.Model``.
        used: Whether they do; else nothing changes.
    """
    last = {id(operation_of(output)) for output in model.outputs or ()}
    layers = [layer for layer in layers_of(model) if id(layer) not in last and _is_plain(layer)]
    changed = layers if used else []
    for layer in changed:
        layer.dtype_policy = keras.DTypePolicy(MIXED_BFLOAT16)
    try:
        yield
    finally:
        for layer in changed:
            layer.dtype_policy = keras.DTypePolicy(FLOAT32)


def _is_plain(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.") and layer.dtype_policy.name == FLOAT32
