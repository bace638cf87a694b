"""How many times as fast this machine computes convolutions in bfloat16 as in float32.

Not every processor that has the instructions gains: an AMD EPYC with ``avx512_bf16`` and an Intel
Xeon with AMX take half to three quarters of the time for whole steps of most image models, an Intel
Xeon with ``avx512_bf16``, but without AMX, 1.6 to 1.8 times as long (`docs/choosing.md`). So it is
measured where trials are computed.
"""

from __future__ import annotations

import functools
import time
from typing import Any

import tensorflow as tf

from automl.training.device import configure_device, has_gpu
from automl.vocabulary.dtype_policies import FLOAT32

# Two convolutions as image models have them, their maps and a batch, and how often they are timed:
# half a second in all on one core. On an EPYC their gain is 1.8, with 16 maps 1.5, with 64 maps of
# 14 x 14 1.65, with 128 of 7 x 7 1.55; of a product of matrices of 1,024 rows it is 2.0.
_ROWS, _SIDE, _MAPS, _TIMINGS = 64, 28, 32, 3


def gain_in_child(gpu: int | None) -> float:
    """`bfloat16_gain` in a process of its own, on one thread as a worker has it.

    Args:
        gpu: Which of the GPUs is to compute; None for a core.
    """
    configure_device(gpu=gpu)
    return bfloat16_gain()


@functools.cache
def bfloat16_gain() -> float:
    """Seconds of a training step of two convolutions in float32, divided by those in bfloat16.

    It is measured once a process.
    """
    return _seconds(FLOAT32) / _seconds("bfloat16")


def _seconds(dtype: str) -> float:
    """The least time of a step: of the processor, or on a GPU of the clock."""
    clock = time.perf_counter if has_gpu() else time.process_time
    images = tf.random.stateless_uniform((_ROWS, _SIDE, _SIDE, _MAPS), (1, 2))
    kernel = tf.random.stateless_uniform((3, 3, _MAPS, _MAPS), (3, 4))
    step = tf.function(functools.partial(_step, dtype=dtype))
    step(images, kernel)
    measured = []
    for _ in range(_TIMINGS):
        started = clock()
        step(images, kernel).numpy()
        measured.append(clock() - started)
    return min(measured)


def _step(images: Any, kernel: Any, dtype: str) -> Any:
    """The gradient of the weights of two convolutions in a row."""
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        maps = tf.cast(images, dtype)
        for _ in range(2):
            maps = tf.nn.relu(tf.nn.conv2d(maps, tf.cast(kernel, dtype), 1, "SAME"))
        loss = tf.reduce_sum(tf.cast(maps, FLOAT32))
    return tape.gradient(loss, kernel)
