"""What XLA gains in a training step of a model here, and what compiling it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

from automl.data.plan import Rows
from automl.data.task import TaskKind
from automl.errors import RunError
from automl.models.core import build_core, compile_core
from automl.models.keras_private import layers_of
from automl.models.mixed_batches import change_batches
from automl.training.cost_check import batch_size_of
from automl.training.device import has_gpu, xla_saves
from automl.training.device_data import DeviceRows
from automl.training.loop import CompiledTrainer
from automl.training.stages import stages_of
from automl.training.trainers import settled_options
from automl.training.xla_refusal import UNORDERED_POOLS, xla_refusal
from automl.vocabulary.dtype_policies import DTYPE_POLICY, MIXED_BFLOAT16

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.space import Configuration, SearchSpace
    from automl.training.device import GraphOptions

_STEPS, _TIMINGS = 8, 3
_PRUNED = 2.0
"""How many times over compiling has to pay beside what is asked of a training to its end: each
trial compiles, and those that are pruned early save little (of all epochs asha's trials trained 16
hundredths, patient's 33; `automl.tuning.pruners`)."""
_POOLS = (keras.layers.MaxPooling1D, keras.layers.MaxPooling2D, keras.layers.MaxPooling3D)
LEAST_COMPILING = 1.0
"""Seconds that XLA takes at least to compile a step with convolutions: on a core 0.8 (`lenet5`) to
2.1 (`fastcnn`, `plain_cnn`)."""


@dataclass(frozen=True)
class XlaTimes:
    """What was measured.

    Attributes:
        plain: Seconds of a step without XLA.
        compiled: Seconds of a step with it; None where that was not measured.
        compiling: Seconds that it takes longer until the first step.
        problem: Why XLA cannot compile the step, or "".
        pays: Whether a training gains by it.
    """

    plain: float
    compiled: float | None = None
    compiling: float = 0.0
    problem: str = ""
    pays: bool = False

    @property
    def gain(self) -> float:
        """How many times as fast a step is with it; 0 where that was not measured."""
        return 0.0 if self.compiled is None else self.plain / self.compiled


def xla_times(
    space: SearchSpace,
    config: Configuration,
    task: Task,
    signature: InputSignature,
    rows: int,
    epochs: int,
    seconds: float | None = None,
) -> XlaTimes:
    """Measures it on images of noise; nothing more where no gain could be worth the compiling.

    Args:
        space: A space whose models take images.
        config: One of its configurations.
        task: The task.
        signature: The images' signature.
        rows: Training rows.
        epochs: Epochs of a training.
        seconds: Seconds that it may take; None for as many as it needs.
    """
    keras.utils.set_random_seed(0)
    core = build_core(space, config, task, signature)
    model = compile_core(core, config, task)
    if has_gpu() and any(isinstance(layer, _POOLS) for layer in layers_of(model)):
        return XlaTimes(0.0, problem=UNORDERED_POOLS)
    batch_size = batch_size_of(config, rows)
    steps = -(-rows // batch_size)
    change_batches(model, config, steps)
    stages = stages_of(core, config)
    stages[-1].prepare(core, config, task)
    mixed = config.get(DTYPE_POLICY) == MIXED_BFLOAT16
    options = replace(settled_options(model, batch_size, steps, epochs), mixed=mixed)
    noise = DeviceRows.from_rows(_noise(task, signature, batch_size))
    plain, tracing = _measured(model, noise, options)
    whole = plain * steps * epochs
    whole = whole if seconds is None else min(whole, seconds)
    if not xla_saves(whole, _PRUNED * LEAST_COMPILING):  # even if a step took no time then
        return XlaTimes(plain)
    try:
        compiled, compiling = _measured(model, noise, options.with_xla())
    except Exception as error:  # noqa: BLE001 - TensorFlow and XLA raise what they like, and it is told
        return XlaTimes(plain, problem=xla_refusal(error))
    compiling = len(stages) * max(LEAST_COMPILING, compiling - tracing)
    pays = xla_saves(whole * (1.0 - compiled / plain), _PRUNED * compiling)
    return XlaTimes(plain, compiled, compiling, pays=pays)


def _measured(model: Any, rows: DeviceRows, options: GraphOptions) -> tuple[float, float]:
    """Seconds of a step, the least of some timings, and of tracing, which has XLA compile it."""
    batch_size = len(rows) // _STEPS
    with options.applied():
        trainer = CompiledTrainer(model, rows, batch_size, options)
        started = time.perf_counter()
        trainer.trace(scheduled=True, validation=rows)
        tracing = time.perf_counter() - started
        measured = []
        for _ in range(1 + _TIMINGS):
            started = time.perf_counter()
            trainer.run(_Standing(len(rows)))
            measured.append(time.perf_counter() - started)
    return min(measured[1:]) / _STEPS, tracing  # on a GPU the first steps choose their kernels


class _Standing:
    """An epoch in which no weight moves: learning rates are 0, so that noise does no harm.

    Args:
        rows: How many there are.
    """

    first_epoch = 1
    epochs = 1

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def order(self, epoch: int) -> npt.NDArray[np.int32]:
        """The rows as they are."""
        return np.arange(self._rows, dtype=np.int32)

    def rates(self, epoch: int) -> npt.NDArray[np.float32]:
        """Zeros."""
        return np.zeros(_STEPS, np.float32)

    def momenta(self, epoch: int) -> npt.NDArray[np.float32]:
        """Likewise."""
        return np.zeros(_STEPS, np.float32)

    def should_stop(self, done: float = 0.0) -> bool:
        """Never."""
        return False

    def diverged(self, epoch: int, step: int, loss: float) -> None:
        """Ends the measuring, for fewer steps were made than are counted.

        Raises:
            RunError: Always.
        """
        raise RunError(f"the loss of the default configuration is {loss} before it is trained")

    def returned(self, value: Any) -> None:
        """No fit of a person's own runs."""

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """It is the only one."""
        return False


def _noise(task: Task, signature: InputSignature, batch_size: int) -> Rows:
    """Rows of some batches: images of random pixels, and random targets."""
    draw = np.random.default_rng(0)
    count = _STEPS * batch_size
    inputs = {
        name: draw.integers(0, 256, (count, *spec.shape), np.uint8).astype(spec.dtype, copy=False)
        for name, spec in signature.inputs.items()
    }
    if task.kind is TaskKind.MULTICLASS:
        target: Any = draw.integers(0, task.outputs, count).astype(np.int32)
    else:
        target = draw.integers(0, 2, (count, task.outputs)).astype(np.float32)
    return Rows(inputs, target, target)
