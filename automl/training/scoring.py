"""The scores of a trial's epochs, and what the model was at the best of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import Objective, compute_metric, compute_metrics, metric_names
from automl.errors import TrialError, UnrankedError
from automl.training.averaged_weights import AveragedWeights
from automl.training.checkpoint import Checkpoint
from automl.training.cross_fitting import CrossFittedEpochs, can_be_cross_fitted
from automl.training.device_data import DeviceData, DeviceRows
from automl.training.early_stopping import EarlyStopping
from automl.training.evaluation import Evaluator
from automl.training.kernel.trainer import DenseTrainer
from automl.training.returned import read_returned, value_text
from automl.vocabulary.losses import LOSS
from automl.vocabulary.metrics import METRICS


@dataclass(frozen=True)
class Scored:
    """A model on the validation rows.

    Attributes:
        score: The objective; None where only a fit of a person's own can tell it, at its end.
        val_loss: Keras's loss.
        metrics: Those of an epoch, by name.
        diverged: What was not finite, as the end of a sentence; "" where all was.
    """

    score: float | None
    val_loss: float
    metrics: Mapping[str, float]
    diverged: str = ""


class Scoring:
    """Scores one trial's model and keeps its best.

    Args:
        data: What it trains on.
        objective: What it is scored by.
        stopping: The trial's early stopping, which knows the best epoch.
        cross_fitted: Whether its score is to be that of epochs chosen without the rows that they
            are scored on; it is where the objective allows it.

    Attributes:
        best_predictions: On the validation rows at the best epoch, in the targets' own units.
        notes: What a person should be told of how it was scored.
    """

    def __init__(
        self,
        data: DeviceData,
        objective: Objective,
        stopping: EarlyStopping,
        cross_fitted: bool = False,
    ) -> None:
        self.best_predictions: npt.NDArray[Any] | None = None
        self.notes: tuple[str, ...] = ()
        self._data = data
        self._objective = objective
        self._stopping = stopping
        self._evaluator: Evaluator | DenseTrainer | None = None
        self._averages = AveragedWeights()
        self._best_weights: Any = None
        self._fit_name = ""
        self._own_names: tuple[str, ...] = ()  # of which the objective is none
        self._scored_by_fit = False
        self._crossed: CrossFittedEpochs | None = None
        rows = data.validation.rows
        if cross_fitted and can_be_cross_fitted(objective, len(rows)):
            self._crossed = CrossFittedEpochs(rows, data.task, objective)

    def use(self, data: DeviceData) -> None:
        """Takes the same rows in the form that the model takes them."""
        self._data = data

    def begin(self, evaluator: Evaluator | DenseTrainer, averages: AveragedWeights) -> None:
        """Takes what scores the model, and the averages of its weights that are scored."""
        self._evaluator, self._averages = evaluator, averages

    def expect_return(self, name: str) -> None:
        """See `TrialProgress.expect_return`."""
        self._fit_name = name

    def packed_best(self) -> tuple[npt.NDArray[Any], ...]:
        """The best epoch's weights, for a checkpoint."""
        assert self._evaluator is not None
        return self._evaluator.packed(self._best_weights)

    def packed_late(self) -> list[tuple[npt.NDArray[Any], ...]]:
        """The weights of earlier epochs that averages are made of, for a checkpoint."""
        return self._averages.packed()

    def restore_state(self, checkpoint: Checkpoint) -> None:
        """Takes the best epoch of a checkpoint, after `begin`."""
        assert self._evaluator is not None
        self._best_weights = self._evaluator.unpacked(checkpoint.best)
        self.best_predictions = checkpoint.predictions
        self._averages.restore(checkpoint.late)
        if self._crossed is not None and checkpoint.control.get("crossed"):
            self._crossed.restore_state(checkpoint.control["crossed"], checkpoint.crossed)

    @property
    def crossed_predictions(self) -> npt.NDArray[Any] | None:
        """Each validation row's at the epoch that the others choose; None where that is not asked.

        They are what the trial is scored by then; its model is that of the one best epoch.
        """
        return None if self._crossed is None else self._crossed.predictions

    def crossed_state(self) -> list[float | None]:
        """See `CrossFittedEpochs.state`; empty without it."""
        return [] if self._crossed is None else self._crossed.state()

    @property
    def scored_predictions(self) -> npt.NDArray[Any] | None:
        """The predictions on the validation rows that the trial's score is of."""
        crossed = self.crossed_predictions
        return self.best_predictions if crossed is None else crossed

    def best_score(self) -> float | None:
        """The trial's score, or None without one."""
        best, crossed = self._stopping.best_score, self.crossed_predictions
        if best is None or crossed is None:
            return best
        rows, name = self._data.validation.rows, self._objective.name
        return compute_metric(name, self._data.task, rows.truth, crossed, rows.weight)

    def _predictions(self) -> npt.NDArray[Any]:
        """Of the model as it is, on the validation rows, in the targets' own units."""
        assert self._evaluator is not None
        return self._data.answers(self._evaluator.evaluate(self._data.validation)[1])

    def _keep(self, epoch: int, score: float, predictions: npt.NDArray[Any]) -> None:
        """Keeps what the model is now, if it is the best so far."""
        assert self._evaluator is not None
        if self._crossed is not None:
            self._crossed.update(predictions)
        if self._stopping.update(epoch, score):
            self.best_predictions = predictions
            self._best_weights = self._evaluator.snapshot()

    def score(self, epoch: int, logs: Mapping[str, float] | None = None) -> Scored:
        """Scores the model as it is; its weights are kept if they are the best so far.

        Where averages of them are asked for, these are what is scored and kept.

        Args:
            epoch: The epoch; 0 inside the first one.
            logs: What a fit of a person's own tells its callbacks.

        Raises:
            TrialError: The objective is not defined on the validation rows.
            UnrankedError: The model has no metric by the objective's name.
        """
        with self._averages.in_place(max(epoch, 1)):
            return self._score(epoch, logs or {})

    def _score(self, epoch: int, logs: Mapping[str, float]) -> Scored:
        """Scores the model with the weights that are in it."""
        assert self._evaluator is not None
        val_loss, outputs = self._evaluator.evaluate(self._data.validation)
        if not (math.isfinite(val_loss) and np.isfinite(outputs).all()):
            what = f"loss became {not_finite(val_loss)}"
            if math.isfinite(val_loss):
                what = "predictions were no longer finite"
            return Scored(None, val_loss, {}, f"the validation {what} in epoch {max(epoch, 1)}")
        predictions = self._data.answers(outputs)
        metrics = self._epoch_metrics(predictions)
        score = self._objective_value(val_loss, metrics, logs)
        if score is None:
            return Scored(None, val_loss, metrics)
        if math.isnan(score):
            raise TrialError(
                f"The objective {self._objective.name!r} is not defined on the validation "
                "rows (one class only?); choose another objective or another split."
            )
        self._keep(epoch, score, predictions)
        return Scored(score, val_loss, metrics)

    def _objective_value(
        self, val_loss: float, metrics: dict[str, float], logs: Mapping[str, float]
    ) -> float | None:
        """The objective of the epoch; one of the model's own is put among the metrics.

        Raises:
            UnrankedError: The model has no such metric.
        """
        name = self._objective.name
        if name == LOSS:
            return val_loss
        if self._objective.of_model:
            assert isinstance(self._evaluator, Evaluator)
            own = dict(self._evaluator.own_metrics(self._data.validation))
            if self._fit_name:  # what it tells its callbacks, as in KerasTuner
                own = {**logs, **own}  # logs under its bare name are a fit's own, or of training
                told = next((own[key] for key in (f"val_{name}", name) if key in own), None)
                if told is None:
                    self._own_names = tuple(sorted(own))
                    return None
                own[name] = float(told)
            if name not in own:
                raise UnrankedError(
                    f"The compiled model has no metric {name!r}: it has {', '.join(sorted(own))} "
                    "(one of a number for each class, such as F1Score without average, ranks "
                    "nothing); name one of them with --objective."
                )
            metrics[name] = own[name]
        return metrics[name]

    def returned(self, value: Any, epoch: int, is_cut: bool, is_diverged: bool) -> None:
        """Takes what a fit of a person's own has returned.

        Args:
            value: As `TrainingControl.returned` has it.
            epoch: Its last epoch.
            is_cut: Whether a limit or an interruption has ended it, so that it may lack a score.
            is_diverged: Whether a loss was not finite, so that no score counts.

        Raises:
            UnrankedError: Nobody has told the objective.
        """
        found = read_returned(value, self._objective, self._data.task, self._fit_name)
        self.notes = (found.note,) if found.note else ()
        if is_diverged:
            return
        if found.score is None and self._stopping.best_score is None and not is_cut:
            told = f"it returns {value_text(value)}"
            if self._own_names:
                told += f", and its callbacks hear of {', '.join(self._own_names)}"
            raise UnrankedError(
                f"The fit of {self._fit_name} neither returns {self._objective.name!r} nor tells "
                f"its callbacks of it ({told}); return {{name: value}}, or choose another "
                "--objective."
            )
        if found.score is None:
            return
        if self._stopping.best_score is None:  # the model as the fit has left it
            self._keep(epoch, found.score, self._predictions())
        self._scored_by_fit = True
        self._stopping.best_score = found.score

    def restore_best(self) -> None:
        """Gives the model the weights of its best epoch back."""
        assert self._evaluator is not None
        self._evaluator.restore(self._best_weights)

    def check_predictions(self) -> npt.NDArray[Any]:
        """The best epoch's predictions for the rows by which an exported model is checked."""
        assert self.best_predictions is not None
        return self.best_predictions[self._data.check_positions]

    def release(self) -> None:
        """Lets go of the model and its weights."""
        self._evaluator = self._best_weights = None

    def best_metrics(self) -> dict[str, float]:
        """The task's metrics on the validation rows at the best epoch."""
        predictions = self.scored_predictions
        if predictions is None:
            return {}
        rows = self._data.validation.rows
        metrics = compute_metrics(
            self._data.task,
            rows.truth,
            predictions,
            rows.weight,
            self._objective.named,
        )
        name = self._objective.name
        is_told = name == LOSS or self._objective.of_model or self._scored_by_fit
        if is_told and self._stopping.best_score is not None:
            metrics[name] = self._stopping.best_score
        return metrics

    def train_metrics(self, train: DeviceRows) -> dict[str, float]:
        """The task's metrics on the training rows, of the model as it is now, in inference mode.

        Rows weigh as validation rows do, without the weights of classes, which are the loss's.

        Args:
            train: The training rows, or a sample of them.
        """
        assert self._evaluator is not None
        _, outputs = self._evaluator.evaluate(train)
        rows = train.rows
        predictions = self._data.answers(outputs)
        return compute_metrics(
            self._data.task, rows.truth, predictions, rows.weight, self._objective.named
        )

    def _epoch_metrics(self, predictions: npt.NDArray[Any]) -> dict[str, float]:
        task, rows = self._data.task, self._data.validation.rows
        own = {metric.name: metric for metric in self._objective.own}
        return {
            name: compute_metric(own.get(name, name), task, rows.truth, predictions, rows.weight)
            for name in metric_names(task, self._objective.named)
            if name in own or name == self._objective.name or is_light(name)
        }


def not_finite(value: float) -> str:
    """A loss that is not finite, in a word."""
    return "NaN" if math.isnan(value) else "infinite"


def is_light(metric: str) -> bool:
    """Whether a metric is computed after every epoch; others are of the best one only."""
    return METRICS[metric.partition(":")[0]].every_epoch
