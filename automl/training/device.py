"""The one place for device choices: threads, GPUs, XLA and how graphs are executed."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

SINGLE_THREADED = "SINGLE_THREADED_EXECUTOR"


@dataclass(frozen=True)
class GraphOptions:
    """How the graphs of a trial are compiled and executed.

    Attributes:
        xla: Whether XLA compiles the steps over full batches.
        light: Whether graphs skip Grappler and run in the single-threaded executor: less work
            before and around small operations.
    """

    xla: bool = False
    light: bool = False

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """A context in which graphs are executed as these options say."""
        if not self.light:
            yield
            return
        before = tf.config.optimizer.get_experimental_options()
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        try:
            with tf.experimental.function_executor_type(SINGLE_THREADED):
                yield
        finally:
            tf.config.optimizer.set_experimental_options(
                {"disable_meta_optimizer": before.get("disable_meta_optimizer", False)}
            )


def configure_device(threads: int = 1) -> None:
    """Prepares a worker process; to be called once, before anything runs on TensorFlow.

    One thread a trial and as many trials as cores beats many threads a trial (measured), and
    keeps sums in one order. On GPUs, memory grows as needed, so that workers can share one, and
    operations are deterministic.

    Args:
        threads: Threads of an operation.

    Raises:
        RuntimeError: TensorFlow already runs with other threads.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if gpus:
        tf.config.experimental.enable_op_determinism()
    # The objects of the imported packages live as long as the process: kept out of the
    # collections after each trial, which then cost 5 ms instead of 150.
    gc.collect()
    gc.freeze()


def on_gpu() -> bool:
    """Whether trials run on a GPU."""
    return bool(tf.config.list_logical_devices("GPU"))


def choose_options(model: Any, batch_size: int, steps: int, epochs: int) -> GraphOptions:
    """Chooses how a trial's graphs are compiled and executed.

    A function of the model, the size of the work and the device, never of a live timing: the
    same trial is compiled in the same way everywhere on a machine.

    Args:
        model: The compiled ``keras.Model``.
        batch_size: Rows in a step.
        steps: Steps in an epoch.
        epochs: Most epochs of the trial.

    Returns:
        The options.
    """
    return GraphOptions(xla=False, light=not on_gpu() and _threads() == 1)


def _threads() -> int:
    """Threads that one operation may use."""
    return int(tf.config.threading.get_intra_op_parallelism_threads()) or os.cpu_count() or 1
