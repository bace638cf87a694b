"""Training by `Model.fit`, for models that the compiled loop cannot train.

Such are models that run eagerly, with a `fit` or a train function of their own, or with a step
that cannot be traced. Batches, order, rates and results are those of the compiled loop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from automl.models.optimizers import momentum_variable
from automl.models.own_model import overrides
from automl.training.control import TrainingControl
from automl.training.device_data import DeviceRows
from automl.training.evaluation import Evaluator, loss_of
from automl.training.logs import scalar_logs
from automl.training.model_state import State, model_state, restore_model_state

OWN_TRAINING = ("fit", "make_train_function")
"""Methods that, where a model has its own, leave the training to `fit`."""

POLL_SECONDS = 0.25


def needs_fit(model: Any) -> bool:
    """Whether a compiled model can only be trained by its `fit`."""
    return bool(model.run_eagerly) or overrides(model, OWN_TRAINING)


class FitTrainer:
    """Trains a compiled model by one call of its `fit`.

    Args:
        model: The compiled ``keras.Model``, itself and its optimizer built.
        train: The training rows.
        batch_size: Rows in a step; the last step of an epoch takes what is left.
        callbacks: Callbacks of a person's own, called before the control hears of an epoch.

    Attributes:
        evaluator: Scores the model.
    """

    def __init__(
        self,
        model: Any,
        train: DeviceRows,
        batch_size: int,
        callbacks: Sequence[Any] = (),
    ) -> None:
        self.evaluator = Evaluator(model)
        self._callbacks = list(callbacks)
        self._validation: Any = None
        self._model = model
        self._train = train
        self._batch = batch_size
        self._scheduled = False

    def trace(self, scheduled: bool, validation: DeviceRows) -> None:
        """Notes whether the control gives learning rates; Keras traces by itself.

        Args:
            scheduled: Whether the control gives learning rates.
            validation: The validation rows.
        """
        self._scheduled = scheduled
        if self._callbacks:  # they may look at what `fit` measures on these rows
            self._validation = validation.data

    def run(self, control: TrainingControl) -> None:
        """Trains until the control ends it; see `TrainingControl`."""
        self._model.fit(
            self._batches(control),
            initial_epoch=control.first_epoch - 1,
            epochs=control.epochs,
            steps_per_epoch=math.ceil(len(self._train) / self._batch),
            shuffle=False,
            callbacks=[*self._callbacks, Follower(control, self._scheduled)],
            validation_data=self._validation,
            verbose=0,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """What training has changed; see `automl.training.checkpoint.Checkpoint`."""
        return model_state(self._model)

    def restore_state(self, state: State) -> None:
        """Takes back what `state` gave, before `run`."""
        restore_model_state(self._model, state)

    def _batches(self, control: TrainingControl) -> Any:
        """All batches of all epochs, in the control's order, as one ``tf.data.Dataset``."""

        def numbers() -> Iterator[Any]:
            for epoch in range(control.first_epoch, control.epochs + 1):
                order = control.order(epoch)
                for start in range(0, len(order), self._batch):
                    yield order[start : start + self._batch]

        data = self._train.data
        signature = tf.TensorSpec((None,), tf.int32)
        return tf.data.Dataset.from_generator(numbers, output_signature=signature).map(
            lambda rows: tf.nest.map_structure(lambda tensor: tf.gather(tensor, rows), data)
        )


class Follower(keras.callbacks.Callback):  # type: ignore[misc]
    """Assigns the rates, watches the loss and tells the control of each epoch."""

    def __init__(self, control: TrainingControl, scheduled: bool) -> None:
        super().__init__()
        self._control = control
        self._scheduled = scheduled
        self._epoch = 0
        self._cut = False
        self._asked = time.monotonic()
        self._rates: Any = None
        self._momenta: Any = None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Keras's epochs count from 0."""
        self._epoch = epoch + 1
        if self._scheduled:
            self._rates = self._control.rates(self._epoch)
            self._momenta = self._control.momenta(self._epoch)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Assigns the step's rate and momentum."""
        optimizer = self.model.optimizer
        if self._rates is not None and hasattr(optimizer.learning_rate, "assign"):
            optimizer.learning_rate.assign(self._rates[batch])
        momentum = momentum_variable(optimizer)
        if self._momenta is not None and momentum is not None:
            momentum.assign(self._momenta[batch])

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Stops where the loss is not finite, or where the control says so."""
        loss = float(np.asarray(loss_of(logs or {})))
        if not math.isfinite(loss):
            self._control.diverged(self._epoch, batch + 1, loss)
        elif time.monotonic() - self._asked < POLL_SECONDS or not self._stopped(batch + 1):
            return
        self._cut = True
        self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Tells the control of the epoch, unless it was cut short."""
        if self._cut:
            return
        values = scalar_logs(logs)
        values.setdefault("loss", float(loss_of(values)))
        if not self._control.end_epoch(self._epoch, values) or self._stopped():
            self.model.stop_training = True

    def _stopped(self, steps: int = 0) -> bool:
        self._asked = time.monotonic()
        total = (self.params or {}).get("steps")  # a loop of a person's own may not tell
        return self._control.should_stop(steps / total if total else 0.0)
