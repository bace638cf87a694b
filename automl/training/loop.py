"""Training in compiled epochs: Keras's own `train_step` in a loop inside one graph.

`Model.fit` spends nearly all of a small model's time outside the arithmetic: a Python step, a
data iterator, a new validation pipeline every epoch. Here an epoch is one call of one graph, or a
few where it lasts longer than a second, so that a trial can be stopped inside an epoch. The
weights after every step are those that `fit` gives with the same batches in the same order.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from automl.models.optimizers import momentum_variable
from automl.training.chunks import Chunks
from automl.training.control import TrainingControl
from automl.training.device import GraphOptions, Xla
from automl.training.device_data import DeviceRows
from automl.training.evaluation import Evaluator, loss_of
from automl.training.graphs import count_functions, trace_once
from automl.training.logs import scalar_logs
from automl.training.mixed_precision import mixed_precision
from automl.training.model_state import State, model_state, restore_model_state
from automl.training.row_source import RowSource


class CompiledTrainer:
    """Trains a compiled model epoch by epoch inside graphs.

    Args:
        model: The compiled ``keras.Model``, itself and its optimizer built.
        train: The training rows.
        batch_size: Rows in a step; the last step of an epoch takes what is left.
        options: How graphs are compiled and executed.

    Attributes:
        evaluator: Scores the model.
        options: How graphs are compiled and executed, as tracing has settled it. `run` and the
            evaluator are to be called inside their `applied`.
    """

    def __init__(
        self, model: Any, train: DeviceRows, batch_size: int, options: GraphOptions
    ) -> None:
        self.evaluator = Evaluator(model)
        self._model = model
        self._train = train
        self._batch = batch_size
        self.options = options
        self._steps = math.ceil(len(train) / batch_size)
        self._full_steps = len(train) // batch_size
        self._train_step: Any = model.train_step
        self._rate = _assignable_rate(model.optimizer)
        self._momentum: Any | None = None
        self._graph: Any = None
        self._last_graph: Any = None
        self._chunks = Chunks()
        self._logged: set[str] = set()

    def trace(self, scheduled: bool, validation: DeviceRows, plain: bool = False) -> None:
        """Traces the graphs.

        Args:
            scheduled: Whether the control gives learning rates.
            validation: The validation rows.
            plain: See `trace_once`.

        Raises:
            Exception: Whatever the model's own code raises while it is traced.
        """
        model = self._model
        self._momentum = momentum_variable(model.optimizer) if scheduled else None
        self._rate = self._rate if scheduled else None
        self._trace_graphs(validation, plain)
        if self.options.single_threaded and self._branches():
            self.options = dataclasses.replace(self.options, single_threaded=False)
            self._trace_graphs(validation, plain)

    def _trace_graphs(self, validation: DeviceRows, plain: bool) -> None:
        numbers = tf.TensorSpec((None,), tf.float32)
        scalar = tf.TensorSpec((), tf.int32)
        signature = (tf.TensorSpec((len(self._train),), tf.int32), numbers, numbers, scalar, scalar)
        with self.options.applied():
            xla = self.options.xla is Xla.EPOCH
            with mixed_precision(self._model, self.options.mixed):
                if self.options.xla is Xla.STEP:
                    step = tf.function(self._model.train_step, jit_compile=True, autograph=False)
                    self._train_step = step
                self._graph = trace_once(self._run_steps, signature, xla=xla, plain=plain)
                if self.options.xla and self._full_steps < self._steps:
                    # XLA needs sizes that are known; the last, smaller batch gets its own graph.
                    self._train_step = self._model.train_step
                    self._last_graph = trace_once(self._run_last_step, signature, plain=plain)
            self.evaluator.trace(validation, plain)
            if self.options.xla is Xla.STEP and self._full_steps:
                self._compile()

    def _compile(self) -> None:
        """Has XLA compile the step, by making one in vain: it tells only then what it cannot."""
        before = self.state()
        unmoved = np.zeros(self._steps, np.float32)
        rates = _numbers(None if self._rate is None else unmoved)
        momenta = _numbers(None if self._momentum is None else unmoved)
        order = tf.zeros(len(self._train), tf.int32)
        try:
            self._graph(order, rates, momenta, tf.constant(0), tf.constant(1))
        finally:
            self.restore_state(before)

    def _branches(self) -> bool:
        """Whether the graphs hold more functions than the loop's own condition and body.

        The single-threaded executor can wait for ever for a function called in a branch, for
        there is no thread left to run it.
        """
        evaluation = self.evaluator.graph
        return count_functions(self._graph) > 2 or (
            evaluation is not None and count_functions(evaluation) > 0
        )

    def run(self, control: TrainingControl) -> None:
        """Trains until the control ends it; see `TrainingControl`."""
        for epoch in range(control.first_epoch, control.epochs + 1):
            logs = self._run_epoch(epoch, control)
            if logs is None or not control.end_epoch(epoch, logs) or control.should_stop():
                return

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """What training has changed; see `automl.training.checkpoint.Checkpoint`."""
        return model_state(self._model)

    def restore_state(self, state: State) -> None:
        """Takes back what `state` gave, before `run`."""
        restore_model_state(self._model, state)

    def _run_epoch(self, epoch: int, control: TrainingControl) -> Mapping[str, float] | None:
        """Runs an epoch's steps; the training metrics, or None where training has to stop."""
        order = tf.constant(control.order(epoch))
        rates = _numbers(control.rates(epoch) if self._rate is not None else None)
        momenta = _numbers(control.momenta(epoch) if self._momentum is not None else None)
        self._model.reset_metrics()
        step = 0
        while True:
            graph, last = self._next_call(step)
            started = time.perf_counter()
            done, loss, logs = graph(order, rates, momenta, tf.constant(step), tf.constant(last))
            value = float(loss)  # waits for the graph
            if not math.isfinite(value):
                control.diverged(epoch, int(done), value)
                return None
            self._chunks.took(last - step, time.perf_counter() - started)
            step = last
            if step == self._steps:
                return {"loss": value, **scalar_logs(logs)}
            if control.should_stop(step / self._steps):
                return None

    def _next_call(self, step: int) -> tuple[Any, int]:
        """The graph to call from a step on, and the step before which it ends."""
        if self._last_graph is None:
            return self._graph, min(step + self._chunks.steps, self._steps)
        if step < self._full_steps:
            return self._graph, min(step + self._chunks.steps, self._full_steps)
        return self._last_graph, self._steps

    def _run_steps(
        self, order: Any, rates: Any, momenta: Any, first: Any, last: Any
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Steps from ``first`` until before ``last``, stopping where the loss is not finite.

        Returns:
            The number of the step before which it stopped, the running loss and the metrics.
        """
        partial = self._full_steps < self._steps and not self.options.xla
        sources = self._sources()

        def body(step: Any, _: Any) -> tuple[Any, Any]:
            size: Any = self._batch
            if partial:
                size = tf.minimum(size, len(self._train) - step * self._batch)
            rows = tf.slice(order, [step * self._batch], [size])
            return step + 1, self._step(sources, rows, step, rates, momenta)

        def goes_on(step: Any, loss: Any) -> Any:
            return (step < last) & tf.math.is_finite(loss)

        done, loss = tf.while_loop(goes_on, body, (first, tf.constant(0.0)), parallel_iterations=1)
        return done, loss, self._metrics()

    def _run_last_step(
        self, order: Any, rates: Any, momenta: Any, first: Any, last: Any
    ) -> tuple[Any, Any, dict[str, Any]]:
        """The epoch's last step, over the rows that do not fill a batch."""
        rows = order[self._full_steps * self._batch :]
        loss = self._step(self._sources(), rows, first, rates, momenta)
        return last, loss, self._metrics()

    def _sources(self) -> Any:
        """What training rows are taken from, in the form of the data."""
        return tf.nest.map_structure(RowSource, self._train.data)

    def _step(self, sources: Any, rows: Any, step: Any, rates: Any, momenta: Any) -> Any:
        """One `train_step` with the step's rate; the running loss, float32."""
        if self._rate is not None:
            self._rate.assign(rates[step])
        if self._momentum is not None:
            self._momentum.assign(momenta[step])
        data = tf.nest.map_structure(lambda source: source.at(rows), sources)
        logs = self._train_step(data)
        self._logged = set(logs)
        return tf.cast(loss_of(logs), tf.float32)

    def _metrics(self) -> dict[str, Any]:
        """The model's metrics, unless its step logs something else; as `fit` decides it."""
        metrics: dict[str, Any] = self._model.get_metrics_result()
        return metrics if set(metrics) == self._logged else {}


def _assignable_rate(optimizer: Any) -> Any | None:
    """The variable with the learning rate, or None where the optimizer schedules it itself."""
    rate = optimizer.learning_rate
    return rate if isinstance(rate, keras.Variable) else None


def _numbers(values: npt.NDArray[np.float32] | None) -> Any:
    return tf.constant(np.zeros(0, np.float32) if values is None else values)
