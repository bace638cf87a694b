"""Scoring a model on rows: Keras's loss and the predictions, from one pass over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from automl.models.own_model import overrides
from automl.models.passes import rows_at_once
from automl.training.device_data import DeviceRows
from automl.training.graphs import trace_once
from automl.training.logs import scalar_logs
from automl.training.model_state import given_type, plain_array

OWN_EVALUATION = ("test_step", "predict_step", "evaluate", "predict", "compute_loss")
"""Methods that, where a model has its own, leave the evaluation to Keras."""


def loss_of(logs: Mapping[str, Any]) -> Any:
    """The loss among a step's logs; of a step of a model's own, what looks most like it.

    Args:
        logs: Names to scalars, as `train_step` or `evaluate` gave them.

    Returns:
        The value, or 0 where there is no scalar at all.
    """
    if "loss" in logs:
        return logs["loss"]
    named = [value for name, value in logs.items() if "loss" in name]
    values = named or [value for value in logs.values() if np.ndim(value) == 0]
    return values[0] if values else 0.0


class Evaluator:
    """Scores one model, as often as wanted.

    Args:
        model: The compiled ``keras.Model``.

    Attributes:
        graph: The traced graph, or None where Keras evaluates the model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self.graph: Any = None
        self._weighted = False
        self._at_once = rows_at_once(model)

    def trace(self, rows: DeviceRows, plain: bool = False) -> None:
        """Traces the graph; a model with an evaluation of its own is left to Keras.

        Args:
            rows: The validation rows.
            plain: See `trace_once`.
        """
        if self._model.run_eagerly or overrides(self._model, OWN_EVALUATION):
            return
        signature = tf.nest.map_structure(
            lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype), rows.data
        )
        self._weighted = rows.weight is not None
        self.graph = trace_once(self._score, (signature,), plain=plain)

    def evaluate(self, rows: DeviceRows) -> tuple[float, npt.NDArray[Any]]:
        """Scores the model as it is now.

        Args:
            rows: The validation rows, or others of which only the outputs matter.

        Returns:
            Keras's loss, regularization included, and the model's outputs (n, outputs).
        """
        if self.graph is None:
            return self._evaluate_with_keras(rows)
        losses, sizes, outputs = [], [], []
        data = rows.data if self._weighted else rows.data[:2]
        for start in range(0, len(rows), self._at_once):
            part = self._taken(data, start, len(rows))
            loss, output = self.graph(part)
            losses.append(float(loss))
            sizes.append(len(output))
            outputs.append(output.numpy())
        predictions = outputs[0] if len(outputs) == 1 else np.concatenate(outputs)
        return float(np.average(losses, weights=sizes)), predictions

    def own_metrics(self, rows: DeviceRows) -> dict[str, float]:
        """The metrics that the model was compiled with, as Keras itself computes them.

        Args:
            rows: The validation rows.
        """
        return scalar_logs(self._keras_logs(rows))

    def snapshot(self) -> list[Any]:
        """The model's weights as they are now, to be restored later."""
        return [weight.value.read_value() for weight in self._model.weights]

    def assign(self, snapshot: Sequence[Any]) -> None:
        """Gives the model weights, to be scored.

        Args:
            snapshot: What `snapshot` gave, or values of the same shapes.
        """
        for weight, value in zip(self._model.weights, snapshot, strict=True):
            weight.value.assign(value)

    def restore(self, snapshot: list[Any]) -> None:
        """Gives the model weights back, to be kept; see `assign`."""
        self.assign(snapshot)

    def packed(self, snapshot: list[Any]) -> tuple[npt.NDArray[Any], ...]:
        """A snapshot as arrays for a file."""
        return tuple(plain_array(np.array(value)) for value in snapshot)

    def unpacked(self, arrays: Sequence[npt.NDArray[Any]]) -> list[Any]:
        """The snapshot of `packed`."""
        own = [np.asarray(weight.value).dtype for weight in self._model.weights]
        return [given_type(array, dtype) for array, dtype in zip(arrays, own, strict=True)]

    def _score(self, data: tuple[Any, ...]) -> tuple[Any, Any]:
        inputs, target, weight = data if self._weighted else (*data, None)
        output = self._model(inputs, training=False)
        loss = self._model.compute_loss(inputs, target, output, weight, training=False)
        return loss, output

    def _keras_logs(self, rows: DeviceRows) -> dict[str, Any]:
        """Loss and compiled metrics, as `Model.evaluate` gives them."""
        inputs, target, *weight = rows.data
        logs: dict[str, Any] = self._model.evaluate(
            inputs,
            target,
            sample_weight=weight[0] if weight else None,
            batch_size=self._at_once,
            verbose=0,
            return_dict=True,
        )
        return logs

    def _evaluate_with_keras(self, rows: DeviceRows) -> tuple[float, npt.NDArray[Any]]:
        inputs, logs = rows.data[0], self._keras_logs(rows)
        outputs = self._model.predict(inputs, batch_size=self._at_once, verbose=0)
        return float(loss_of(logs)), np.asarray(outputs)

    def _taken(self, data: tuple[Any, ...], start: int, rows: int) -> tuple[Any, ...]:
        """The rows of one pass, from a start on."""
        if rows <= self._at_once:
            return data
        end = start + self._at_once
        return tuple(tf.nest.map_structure(lambda tensor: tensor[start:end], data))
