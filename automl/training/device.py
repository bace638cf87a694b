"""The one place for device choices: threads, GPUs, XLA and how graphs are executed."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import keras
import tensorflow as tf

from automl.models.keras_private import layers_of
from automl.training.flat_updates import can_flatten

# The numbers below were measured on one thread of a 2-core CPU (TensorFlow 2.21, Keras 3.15), on
# dense nets of 3 to 6 layers and 140 to 560,000 weights, batches of 32 to 256, with SGD, RMSprop,
# Adam and Nadam; times are CPU seconds.

SMALL_MODEL = 50_000
"""Weights up to which the single-threaded executor pays: a step of 64-64 takes 100 in place of
128 microseconds. At 70,000 it is even, at 560,000 a step takes 1.6 times as long, and on
convolutions 2.8 times, for it keeps large buffers longer."""
SMALL_BATCH = 256
"""Rows up to which that was measured."""

FLAT_MODEL = 100_000
"""Weights of a dense net up to which one update for all of them was measured to pay (see
`flat_updates`); it pays for the small weights of any other net."""
XLA_COST = 0.45
"""Seconds that XLA takes to compile a step, whatever the net ..."""
XLA_LAYER_COST = 0.1
"""... and for each dense layer (0.55 to 0.75 in all for 3 layers, 0.75 to 1.0 for 6). Layers of
normalization cost far more: 4 s for a residual net of 5 layers, so such nets stay out."""
XLA_STEP_GAIN = 50e-6
"""Seconds that XLA saves on a step by fusing small operations (33 to 150)."""
XLA_WEIGHT_GAIN = 1.3e-9
"""Seconds that XLA saves on a step for each weight of an optimizer that keeps state, whose
passes over its state it fuses into one."""
XLA_MARGIN = 2.0
"""XLA has to save this many times what it costs: many trials stop long before their cap."""
XLA_EXPECTED_SHARE = 0.5
"""Share of the cap of epochs that a trial is expected to reach."""
XLA_LARGEST_STEP = 20_000_000
"""Weights times rows of a step from which on XLA's matrix products lose what fusing saves: at
18 million it saves a third, at 34 million nothing, at 144 million it costs a tenth."""

_XLA_LAYERS = frozenset(
    {
        *("Activation", "ELU", "LeakyReLU", "ReLU", "Softmax"),
        *("Concatenate", "Dense", "Flatten", "Identity", "Reshape", "Normalization"),
        *("Functional", "InputLayer", "Sequential"),
    }
)
_SMALL_LAYERS = _XLA_LAYERS | {
    *("Add", "BatchNormalization", "Embedding", "LayerNormalization", "PReLU", "Rescaling"),
    *("AlphaDropout", "Dropout", "GaussianDropout", "GaussianNoise"),
}


class Xla(StrEnum):
    """What XLA compiles of a training."""

    OFF = ""
    STEP = "step"
    """Each step, as Keras's own ``jit_compile`` does it."""
    EPOCH = "epoch"
    """The loop over an epoch's full batches: the least overhead, but on cores a convolution in it
    takes a hundred times as long (`plain_cnn`; as a step 1.4 times), for nothing in it is left to
    the libraries."""


@dataclass(frozen=True)
class GraphOptions:
    """How the graphs of a trial are compiled and executed.

    Attributes:
        xla: What XLA compiles of the steps over full batches.
        single_threaded: Whether graphs run in the single-threaded executor.
        grappler: Whether TensorFlow optimizes graphs before they run.
        flat_updates: Whether the optimizer updates all small weights as one.
        mixed: Whether training steps compute in bfloat16.
    """

    xla: Xla = Xla.OFF
    single_threaded: bool = False
    grappler: bool = True
    flat_updates: bool = False
    mixed: bool = False

    def named(self) -> tuple[str, ...]:
        """The ways of computing that were chosen, as a trial records them."""
        chosen = {
            "bfloat16": self.mixed,
            "XLA": bool(self.xla),
            "one update for all small weights": self.flat_updates,
            "single-threaded executor": self.single_threaded,
            "oneDNN": not has_gpu() and os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "1",
        }
        return tuple(name for name, is_chosen in chosen.items() if is_chosen)

    def with_xla(self) -> GraphOptions:
        """The same with steps that XLA compiles, which brings threads of its own."""
        return replace(self, xla=Xla.STEP, single_threaded=False)

    def ways(self, mixed: bool, xla: bool) -> dict[tuple[bool, bool], GraphOptions]:
        """The same with what is asked, then without what some models cannot be traced with.

        Args:
            mixed: Whether training steps are to compute in bfloat16.
            xla: Whether XLA is to compile each.

        Returns:
            The options by whether they have either, in the order in which they are tried.
        """
        found: dict[tuple[bool, bool], GraphOptions] = {}
        for has_mixed in (mixed, False):
            for has_xla in (xla, False):
                own = replace(self, mixed=has_mixed)
                found[has_mixed, has_xla] = own.with_xla() if has_xla else own
        return found

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """A context in which graphs are both traced and executed as these options say."""
        with contextlib.ExitStack() as stack:
            if not self.grappler:
                stack.enter_context(_without_grappler())
            if self.single_threaded:
                executor = tf.experimental.function_executor_type("SINGLE_THREADED_EXECUTOR")
                stack.enter_context(executor)
            yield


@contextlib.contextmanager
def _without_grappler() -> Iterator[None]:
    name = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(name, False)
    tf.config.optimizer.set_experimental_options({name: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({name: before})


def configure_device(threads: int = 1, gpu: int | None = None) -> None:
    """Prepares a worker process; to be called once, before anything runs on TensorFlow.

    One thread a trial and as many trials as cores beats many threads a trial (measured), and
    keeps sums in one order. On a GPU, memory grows as needed, so that workers can share one, and
    operations are deterministic.

    Args:
        threads: Threads of an operation.
        gpu: Which of the GPUs that TensorFlow finds the process computes on; None for the cores.

    Raises:
        RuntimeError: TensorFlow already runs with other threads.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    found = tf.config.list_physical_devices("GPU")
    used = [] if gpu is None else found[gpu : gpu + 1]
    tf.config.set_visible_devices(used, "GPU")
    for device in used:
        tf.config.experimental.set_memory_growth(device, True)
    if used:
        tf.config.experimental.enable_op_determinism()
    # The objects of the imported packages live as long as the process: kept out of the
    # collections after each trial, which then cost 5 ms in place of 150.
    gc.collect()
    gc.freeze()


def has_gpu() -> bool:
    """Whether trials run on a GPU."""
    return bool(tf.config.get_visible_devices("GPU"))


def count_gpus() -> int:
    """How many GPUs TensorFlow can use; to be called in a process that does nothing else."""
    return len(tf.config.list_physical_devices("GPU"))


def choose_options(model: Any, batch_size: int, steps: int, epochs: int) -> GraphOptions:
    """Chooses how a trial's graphs are compiled and executed.

    A function of the model, the size of the work and the device, never of a live timing, so
    that the same trial gives the same numbers.

    Args:
        model: The compiled ``keras.Model``, its optimizer not built yet.
        batch_size: Rows in a step.
        steps: Steps in an epoch, the last partial one included.
        epochs: Most epochs of the trial.

    Returns:
        The options. On a GPU, where nothing was measured, TensorFlow's own defaults.
    """
    if has_gpu():
        return GraphOptions()
    kinds = [type(layer) for layer in layers_of(model)]
    own = not all(kind.__module__.startswith("keras.") for kind in kinds)
    names = {"a layer of the user's own"} if own else {kind.__name__ for kind in kinds}
    size = int(model.count_params())
    small = names <= _SMALL_LAYERS
    flat = not own and (size <= FLAT_MODEL or not small) and can_flatten(model)
    # Random layers draw other numbers under XLA than in `Model.fit`; they are not in the set.
    xla = names <= _XLA_LAYERS and _xla_pays(model, size, batch_size, steps * epochs)
    return GraphOptions(
        xla=Xla.EPOCH if xla else Xla.OFF,
        single_threaded=small and not xla and size <= SMALL_MODEL and batch_size <= SMALL_BATCH,
        grappler=False,  # it takes 0.1 s a trial, and no step, not even a convolution's, gained
        flat_updates=flat,
    )


def _xla_pays(model: Any, size: int, batch_size: int, most_steps: int) -> bool:
    if size * batch_size > XLA_LARGEST_STEP:
        return False
    optimizer, gain = model.optimizer, XLA_STEP_GAIN
    if type(optimizer) is not keras.optimizers.SGD or optimizer.momentum:
        gain += XLA_WEIGHT_GAIN * size
    cost = XLA_COST + XLA_LAYER_COST * len(model.trainable_variables) / 2  # kernel and bias
    return xla_saves(most_steps * gain, cost)


def xla_saves(seconds: float, compiling: float) -> bool:
    """Whether XLA saves enough to be worth compiling for.

    Args:
        seconds: What it saves in a training to its last epoch.
        compiling: What it takes to compile, in seconds.
    """
    return seconds * XLA_EXPECTED_SHARE > XLA_MARGIN * compiling
