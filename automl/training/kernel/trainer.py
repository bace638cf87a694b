"""Trains a dense network with the compiled kernel, epoch by epoch.

TensorFlow spends most of a small dense network's time between its operations, and as much again
on tracing a graph for each new network. The kernel runs any network of its kinds at once, with
the formulas of Keras's layers, losses and optimizers and the random numbers of its dropout, so
that the weights after each step are those of `Model.fit` but for rounding.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.keras_private import functional_class
from automl.training.chunks import Chunks
from automl.training.control import TrainingControl
from automl.training.device_data import DeviceRows
from automl.training.kernel.codes import AbsentKernel, Rule, UnsupportedModel
from automl.training.kernel.compilation import read_loss, read_optimizer, variable_floats
from automl.training.kernel.confirmation import CONFIRMED_ROWS, confirm
from automl.training.kernel.dense_rows import DenseRows, dense_rows
from automl.training.kernel.loading import load_kernel
from automl.training.kernel.program import read_program
from automl.training.model_state import State, check_array, check_names

_OWN_METHODS = (
    *("train_step", "test_step", "predict_step", "compute_loss", "compute_metrics", "call"),
    *("fit", "evaluate", "predict", "make_train_function"),
)
"""Methods that, where a model object has its own, leave the training to others."""

Snapshot = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


class DenseTrainer:
    """Trains and scores a compiled model; see `automl.training.loop.CompiledTrainer`.

    Args:
        model: The compiled ``keras.Model``, built; its optimizer has not made a step.
        train: The training rows.
        validation: The validation rows.
        batch_size: Rows in a step; the last step of an epoch takes what is left.

    Attributes:
        evaluator: Scores the model: this object.

    Raises:
        UnsupportedModel: The kernel does not know a part of the model.
        AbsentKernel: It is not there.
    """

    def __init__(
        self, model: Any, train: DeviceRows, validation: DeviceRows, batch_size: int
    ) -> None:
        _check_model(model)
        self.evaluator = self
        self._model = model
        self._loss = read_loss(model)
        self._optimizer = read_optimizer(model.optimizer)
        self._program = read_program(model, self._loss.head)
        kernel = load_kernel()
        if kernel is None:
            raise AbsentKernel("a kernel that was not compiled")
        self._kernel = kernel
        self._variable_floats = variable_floats(model)
        self._rows: dict[int, tuple[DeviceRows, DenseRows]] = {}
        self._train = train
        self._validation = validation
        self._batch = batch_size
        self._weights = _flat(self._program.trained)
        self._state = _flat(self._program.state)
        self._slots = np.concatenate(
            [
                np.full(self._weights.size, value, np.float32)
                for value in self._optimizer.first_slots
            ]
            or [np.zeros(0, np.float32)]
        )
        self._seeds = np.array([np.asarray(seed) for seed in self._program.seeds], np.int64)
        self._tally = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
        self._prepared(train)
        self._prepared(validation)

    def run(self, control: TrainingControl) -> None:
        """Trains until the control ends it; see `TrainingControl`."""
        chunks = Chunks()
        for epoch in range(control.first_epoch, control.epochs + 1):
            logs = self._run_epoch(epoch, control, chunks)
            if logs is None or not control.end_epoch(epoch, logs) or control.should_stop():
                return

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """What training has changed; see `automl.training.checkpoint.Checkpoint`."""
        return {name: array.copy() for name, array in self._changed().items()}

    def restore_state(self, state: State) -> None:
        """Takes back what `state` gave, before `run`.

        Raises:
            RunError: The state is that of another network.
        """
        changed = self._changed()
        check_names(state, changed)
        for name, array in changed.items():
            check_array(name, state[name], array.dtype, array.shape)
        for name, array in changed.items():
            array[...] = state[name]

    def _changed(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "weights": self._weights,
            "state": self._state,
            "slots": self._slots,
            "seeds": self._seeds,
            "tally": self._tally,
        }

    def _run_epoch(
        self, epoch: int, control: TrainingControl, chunks: Chunks
    ) -> Mapping[str, float] | None:
        """Runs an epoch's steps; the training metrics, or None where training has to stop."""
        order, rates = control.order(epoch), control.rates(epoch)
        momenta = control.momenta(epoch) if self._optimizer.cycles_momentum else None
        steps = math.ceil(len(self._train) / self._batch)
        self._tally[2:] = 0.0
        step = 0
        while True:
            last = min(step + chunks.steps, steps)
            started = time.perf_counter()
            done = self._train_steps(order, rates, momenta, step, last)
            loss = self._tally[2] / self._tally[3]
            if not math.isfinite(loss):
                control.diverged(epoch, done, float(loss))
                return None
            chunks.took(last - step, time.perf_counter() - started)
            step = last
            if step == steps:
                return self._logs()
            if control.should_stop(step / steps):
                return None

    def _train_steps(self, order: Any, rates: Any, momenta: Any, first: int, last: int) -> int:
        rows, by = self._prepared(self._train), self._optimizer
        done: int = self._kernel.train(
            self._described(),
            (by.rule, by.clipping, by.rate, by.clip, by.decay, *by.hyper),
            (self._loss.loss, *self._loss.hyper),
            self._weights,
            self._state,
            self._slots,
            rows.x,
            rows.y,
            rows.weight,
            np.ascontiguousarray(order, np.int32),
            rates,
            momenta if by.rule in (Rule.MOMENTUM, Rule.NESTEROV, Rule.RMSPROP) else None,
            self._seeds,
            self._tally,
            self._batch,
            first,
            last,
        )
        return done

    def _logs(self) -> dict[str, float]:
        logs = {"loss": float(self._tally[2] / self._tally[3])}
        if self._loss.accuracy:
            logs[self._loss.accuracy] = float(self._tally[4] / self._tally[3])
        return logs

    def _described(self) -> tuple[Any, ...]:
        program = self._program
        return (
            program.operations,
            program.floats,
            program.widths,
            program.output,
            program.variables,
            self._variable_floats,
        )

    def _prepared(self, rows: DeviceRows) -> DenseRows:
        # The rows are kept beside their form, so that no others can get the same identity.
        if id(rows) not in self._rows:
            made = dense_rows(rows, self._model, self._program.boundary, self._loss.loss)
            self._rows[id(rows)] = (rows, made)
        return self._rows[id(rows)][1]

    # ---- scoring

    def evaluate(self, rows: DeviceRows) -> tuple[float, npt.NDArray[Any]]:
        """Scores the network as it is now; see `automl.training.evaluation.Evaluator`."""
        given = self._prepared(rows)
        outputs = np.empty(
            (len(given), int(self._program.widths[self._program.output])), np.float32
        )
        loss: float = self._kernel.predict(
            self._described(),
            (self._loss.loss, *self._loss.hyper),
            self._weights,
            self._state,
            given.x,
            given.y,
            given.weight,
            outputs,
        )
        return loss, outputs

    def snapshot(self) -> Snapshot:
        """The weights as they are now, to be restored later."""
        return self._weights.copy(), self._state.copy()

    def packed(self, snapshot: Snapshot) -> tuple[npt.NDArray[Any], ...]:
        """A snapshot as arrays for a file."""
        return snapshot

    def unpacked(self, arrays: Sequence[npt.NDArray[Any]]) -> Snapshot:
        """The snapshot of `packed`."""
        weights, state = arrays
        return weights, state

    def assign(self, snapshot: Sequence[npt.NDArray[Any]]) -> None:
        """Takes weights to be scored; the Keras model keeps its own.

        Args:
            snapshot: What `snapshot` gave, or values of the same shapes.
        """
        self._weights[:], self._state[:] = snapshot

    def restore(self, snapshot: Snapshot) -> None:
        """Takes weights back, gives them to the Keras model too, and compares the two.

        Args:
            snapshot: What `snapshot` gave.

        Raises:
            TrialError: The Keras model does not predict what the kernel has scored; see `confirm`.
        """
        self.assign(snapshot)
        for variables, flat in (
            (self._program.trained, self._weights),
            (self._program.state, self._state),
        ):
            position = 0
            for variable in variables:
                size = int(np.prod(variable.shape))
                variable.assign(flat[position : position + size].reshape(variable.shape))
                position += size
        self._confirm()

    def _confirm(self) -> None:
        """Lets Keras itself predict a few validation rows: the scored model is the saved one."""
        positions = np.arange(min(CONFIRMED_ROWS, len(self._validation)))
        rows = self._validation.at(positions)
        _, outputs = self.evaluate(rows)
        read = (*self._program.trained, *self._program.state)
        confirm(self._model, read, rows.data[0], outputs)


def _check_model(model: Any) -> None:
    """Refuses a model that does more than its layers do."""
    if not isinstance(model, (keras.Model, keras.Sequential)) or type(model) not in (
        keras.Sequential,
        functional_class(),
    ):
        raise UnsupportedModel("a model class of its own")
    if model.run_eagerly or any(name in vars(model) for name in _OWN_METHODS):
        raise UnsupportedModel("a model with methods of its own")


def _flat(variables: tuple[Any, ...]) -> npt.NDArray[np.float32]:
    """Variables laid end to end; a copy."""
    if not variables:
        return np.zeros(0, np.float32)
    return np.concatenate([np.asarray(v.value, np.float32).reshape(-1) for v in variables])
