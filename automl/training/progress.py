"""A trial while it trains: scores each epoch, keeps the best one, decides when to stop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import LOSS, Objective, compute_metric, compute_metrics, metric_names
from automl.data.task import TaskKind
from automl.errors import TrialError, UnrankedError
from automl.models.schedules import Schedule
from automl.training.checkpoint import Checkpoint
from automl.training.deadline import Deadline, own_seconds
from automl.training.dense.trainer import DenseTrainer
from automl.training.device_data import DeviceData
from automl.training.early_stopping import EarlyStopping
from automl.training.evaluation import Evaluator
from automl.training.returned import described, read_returned
from automl.training.timings import Timings
from automl.training.verdicts import Curve, trivial_accuracy, trivial_loss, trivial_mae
from automl.trial import SEARCH_OVER, Answer, EpochReport, TrialSpec

ASK_SECONDS = 0.5
"""Least time between two questions whether the trial is interrupted."""

TELL_SECONDS = 2.0
"""Seconds of an epoch after which it is told how much of it is done, and again after as many."""

EPOCH_METRICS = frozenset(
    {"log_loss", "accuracy", "binary_accuracy", "subset_accuracy", "mse", "rmse", "mae", "r2"}
)
"""Metrics light enough for every epoch; the others are computed for the best epoch only."""

ACCURACY = {
    TaskKind.BINARY: "accuracy",
    TaskKind.MULTICLASS: "accuracy",
    TaskKind.MULTILABEL: "binary_accuracy",
}
"""The metric by which the gap between training and validation is judged."""

SHUFFLE = 1
"""Sets the stream of shuffling apart from others made from the same seed."""


class Progress:
    """The course of one trial (see `Course`) and what it has reached.

    Args:
        spec: The trial.
        data: What it trains on.
        objective: What it is scored by.
        report: Told of each epoch; says how to go on.
        interrupted: The reason to end now, or None.
        timings: Where seconds are counted; its start is the trial's.
        running: Told of an epoch's number and the share of it that is done, or None.

    Attributes:
        history: One row of numbers for each finished epoch.
        stopping: The early stopping, with the best epoch and its score.
        reason: Why training ended early, or "".
        pruned: Whether `report` said to stop.
        paused: Whether `report` said to pause.
        cut: Whether a limit or an interruption ended training.
        is_diverged: Whether a loss was not finite.
        best_predictions: On the validation rows at the best epoch, in the targets' own units.
        deadline: When the trial has to be over.
        notes: What a person should be told of how it was scored.
    """

    def __init__(
        self,
        spec: TrialSpec,
        data: DeviceData,
        objective: Objective,
        report: Callable[[EpochReport], Answer],
        interrupted: Callable[[], str | None],
        timings: Timings,
        running: Callable[[int, float], None] | None = None,
    ) -> None:
        budget = spec.budget
        self.epochs = budget.epochs
        self.first_epoch = 1
        self.stopping = EarlyStopping(
            objective.direction, budget.patience, budget.min_delta, budget.goal
        )
        self.history: list[dict[str, float]] = []
        self.reason = ""
        self.pruned = self.paused = False
        self.cut = False
        self.is_diverged = False
        self.best_predictions: npt.NDArray[Any] | None = None
        self.notes: tuple[str, ...] = ()
        self._spec = spec
        self._data = data
        self._objective = objective
        self._report = report
        self._interrupted = interrupted
        self._timings = timings
        self._running = running
        self._asked = time.perf_counter()
        self._shown = timings.start
        self._done = 0.0
        self.deadline = Deadline(
            spec, timings.start, data.train, data.validation, data.test_rows, timings.begun
        )
        self._after_epoch: Callable[[], None] = lambda: None
        self._schedule: Schedule | None = None
        self._model: Any = None
        self._evaluator: Evaluator | DenseTrainer | None = None
        self._best_weights: Any = None
        self._scores: list[float] = []
        self._before: tuple[float, ...] = ()
        self._fit_name = ""
        self._told: tuple[str, ...] = ()  # of which the objective is none
        self._scored_by_fit = False

    @property
    def wants_own_metrics(self) -> bool:
        """Whether the objective is a metric that only the model itself computes."""
        return self._objective.of_model

    def use(self, data: DeviceData) -> None:
        """Takes the same rows in the form that the model takes them."""
        self._data = data
        self.deadline.use(data.train, data.validation)

    def begin(
        self, model: Any, evaluator: Evaluator | DenseTrainer, schedule: Schedule | None
    ) -> None:
        """Takes what is made in the meantime.

        Args:
            model: The compiled model.
            evaluator: Scores it.
            schedule: Gives the learning rates, or None for a model that has its own.
        """
        self._model, self._evaluator, self._schedule = model, evaluator, schedule
        self.deadline.begin(model.count_params())

    def expect_return(self, name: str) -> None:
        """Told that a fit of a person's own trains, which may return the score or tell it in logs.

        Args:
            name: Its space's name, for messages.
        """
        self._fit_name = name

    def watch(self, after_epoch: Callable[[], None]) -> None:
        """Has something called after each epoch that is followed by another."""
        self._after_epoch = after_epoch

    def state(self) -> tuple[dict[str, Any], tuple[npt.NDArray[Any], ...]]:
        """What decides about the training, as a JSON form, and the best epoch's weights."""
        assert self._evaluator is not None
        control = {
            "history": self.history,
            "scores": self._scores,
            "stopping": self.stopping.state(),
            "schedule": None if self._schedule is None else self._schedule.state(),
        }
        return control, self._evaluator.packed(self._best_weights)

    def restore_state(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint, after `begin`."""
        assert self._evaluator is not None
        control = checkpoint.control
        self.first_epoch = checkpoint.epoch + 1
        self.history = [dict(row) for row in control["history"]]
        self._scores = list(control["scores"])
        self._before = tuple(self._scores)
        self.stopping.restore_state(control["stopping"])
        if self._schedule is not None:
            self._schedule.restore_state(control["schedule"])
        self._best_weights = self._evaluator.unpacked(checkpoint.best)
        self.best_predictions = checkpoint.predictions

    def returned(self, value: Any) -> None:
        """See `Course.returned`.

        Raises:
            UnrankedError: Nobody has told the objective.
        """
        found = read_returned(value, self._objective, self._data.task, self._fit_name)
        self.notes = (found.note,) if found.note else ()
        if self.is_diverged:
            return
        if found.score is None and self.stopping.best_score is None and not self.cut:
            told = f"it returns {described(value)}"
            if self._told:
                told += f", and its callbacks hear of {', '.join(self._told)}"
            raise UnrankedError(
                f"The fit of {self._fit_name} neither returns {self._objective.name!r} nor tells "
                f"its callbacks of it ({told}); return {{name: value}}, or choose another "
                "--objective."
            )
        if found.score is None:
            return
        if self.stopping.best_score is None:  # the model as the fit has left it
            self._keep(len(self.history), found.score, self._predictions())
        self._scored_by_fit = True
        self.stopping.best_score = found.score

    def order(self, epoch: int) -> npt.NDArray[np.int32]:
        """See `Course.order`."""
        generator = np.random.default_rng((self._spec.seed, SHUFFLE, epoch))
        return generator.permutation(len(self._data.train)).astype(np.int32)

    def rates(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """See `Course.rates`."""
        return None if self._schedule is None else self._schedule.rates(epoch)

    def momenta(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """See `Course.momenta`."""
        return None if self._schedule is None else self._schedule.momenta(epoch)

    def should_stop(self, done: float = 0.0) -> bool:
        """See `Course.should_stop`."""
        self._done = done
        if done and not self.history and self.deadline.wants_probe():
            assert self._evaluator is not None
            with self._timings.stage("validate"):
                self.deadline.probe(self._evaluator.evaluate)
        reason = self.deadline.passed(scored=bool(self.history))
        now = time.perf_counter()
        if reason:
            self.reason = self._in_epoch(reason)
        elif now - self._asked >= ASK_SECONDS:
            self._asked = now
            self._tell(now, done)
            self.reason = self._interrupted() or ""
            if self.reason:
                self.deadline.interrupt()
        else:
            return False
        self.cut = bool(self.reason)
        return self.cut

    def _tell(self, now: float, done: float) -> None:
        """Tells how much of the epoch is done, if that is of interest by now."""
        if self._running is not None and now - self._shown >= TELL_SECONDS:
            self._shown = now
            self._running(len(self.history) + 1, done)

    def _in_epoch(self, reason: str) -> str:
        if reason == SEARCH_OVER:
            return reason
        return f"{reason} in epoch {len(self.history) + 1}"

    def score_unfinished(self) -> None:
        """Scores a model that was cut inside its first epoch with the weights that it has.

        What was trained is worth a score where there is nothing else; `reason` says how little
        it was. A trial with an epoch behind it is worth that epoch's score, and stays as it is.
        """
        if self.history or self.is_diverged or not self.cut or not self._done:
            return
        late = self.deadline.too_late_to_score()
        if late:
            self.reason = late
            return
        with self._timings.stage("validate"):
            scored = self._score(0)
        if scored is not None:
            self.stopping.reason = ""
            told = self.reason.removesuffix(" in epoch 1")
            self.reason = f"{told} after {100 * self._done:.2g} % of its first epoch"

    def diverged(self, epoch: int, step: int, loss: float) -> None:
        """See `Course.diverged`."""
        self.is_diverged = True
        self.reason = f"the training loss became {_named(loss)} in step {step} of epoch {epoch}"

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """See `Course.end_epoch`."""
        late = self.deadline.passed(scored=True, also_validates=True) if self.history else ""
        if late:
            self.reason, self.cut = self._in_epoch(late), True
            return False
        with self._timings.stage("validate"):
            started, computed = time.perf_counter(), time.process_time()
            scored = self._score(epoch, logs)
            used = time.process_time() - computed
            self.deadline.validated(own_seconds(time.perf_counter() - started, used))
        if scored is None:
            return False
        score, val_loss, metrics = scored
        rate = self._last_rate(epoch)
        if self._schedule is not None:
            self._schedule.after_epoch(val_loss)
        row = {
            "epoch": epoch,
            **logs,
            "val_loss": val_loss,
            **{f"val_{name}": value for name, value in metrics.items()},
            "learning_rate": rate,
            "seconds": time.perf_counter() - self._timings.start,
        }
        self.history.append(row)
        self._shown = time.perf_counter()
        if score is None:  # the fit says it when it returns
            return True
        before, self._before = self._before, ()
        self._scores.append(score)
        return self._goes_on(EpochReport(epoch, score, row, before))

    def _predictions(self) -> npt.NDArray[Any]:
        """Of the model as it is, on the validation rows, in the targets' own units."""
        assert self._evaluator is not None
        return self._data.answers(self._evaluator.evaluate(self._data.validation)[1])

    def _keep(self, epoch: int, score: float, predictions: npt.NDArray[Any]) -> None:
        """Keeps what the model is now, if it is the best so far."""
        assert self._evaluator is not None
        if self.stopping.update(epoch, score):
            self.best_predictions = predictions
            self._best_weights = self._evaluator.snapshot()

    def _score(
        self, epoch: int, logs: Mapping[str, float] | None = None
    ) -> tuple[float | None, float, dict[str, float]] | None:
        """Scores the model as it is; its weights are kept if they are the best so far.

        Returns:
            The score (None where only a fit of a person's own can tell it, at its end), the
            validation loss and the epoch's metrics; None where it has diverged.
        """
        assert self._evaluator is not None
        val_loss, outputs = self._evaluator.evaluate(self._data.validation)
        if not (math.isfinite(val_loss) and np.isfinite(outputs).all()):
            self.is_diverged = True
            what = f"loss became {_named(val_loss)}"
            if math.isfinite(val_loss):
                what = "predictions were no longer finite"
            self.reason = f"the validation {what} in epoch {max(epoch, 1)}"
            return None
        predictions = self._data.answers(outputs)
        metrics = self._epoch_metrics(predictions)
        score = self._objective_value(val_loss, metrics, logs or {})
        if score is None:
            return None, val_loss, metrics
        if math.isnan(score):
            raise TrialError(
                f"The objective {self._objective.name!r} is not defined on the validation "
                "rows (one class only?); choose another objective or another split."
            )
        self._keep(epoch, score, predictions)
        return score, val_loss, metrics

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
                    self._told = tuple(sorted(own))
                    return None
                own[name] = float(told)
            if name not in own:
                raise UnrankedError(
                    f"The compiled model has no metric {name!r}: it has "
                    f"{', '.join(sorted(own))}; name one of them with --objective."
                )
            metrics[name] = own[name]
        return metrics[name]

    def _goes_on(self, report: EpochReport) -> bool:
        """Reports the epoch; whether there is a next one."""
        started = time.perf_counter()
        answer = self._report(report)
        if self._spec.wait_for_answer:
            # The driver's seconds, not its own. To write a report is its own.
            self.deadline.excuse(time.perf_counter() - started)
        done = bool(self.stopping.reason) or report.epoch >= self.epochs
        if done:  # a trial that has come to its own end is complete, whatever a pruner thinks
            self.reason = self.stopping.reason
        elif answer is Answer.STOP:
            self.pruned = True
            self.reason = f"it was pruned after epoch {report.epoch}"
        elif answer is Answer.PAUSE:
            self.paused = True
            self.reason = f"it was paused after epoch {report.epoch}"
        else:
            self._after_epoch()
        return answer is Answer.GO_ON and not done

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
        self._model = self._evaluator = None
        self._best_weights = None

    def best_metrics(self) -> dict[str, float]:
        """The task's metrics on the validation rows at the best epoch."""
        if self.best_predictions is None:
            return {}
        rows = self._data.validation.rows
        metrics = compute_metrics(
            self._data.task,
            rows.truth,
            self.best_predictions,
            rows.weight,
            self._objective.named,
        )
        name = self._objective.name
        is_told = name == LOSS or self._objective.of_model or self._scored_by_fit
        if is_told and self.stopping.best_score is not None:
            metrics[name] = self.stopping.best_score
        return metrics

    def train_metrics(self) -> dict[str, float]:
        """The task's metrics on the training rows, of the model as it is now, in inference mode.

        Rows weigh as validation rows do, without the weights of classes, which are the loss's.
        """
        assert self._evaluator is not None
        train = self.deadline.training_rows()
        _, outputs = self._evaluator.evaluate(train)
        rows = train.rows
        predictions = self._data.answers(outputs)
        return compute_metrics(
            self._data.task, rows.truth, predictions, rows.weight, self._objective.named
        )

    def curve(self, accuracy_gap: float | None = None) -> Curve:
        """The learning curve for a verdict.

        Args:
            accuracy_gap: Training minus validation accuracy at the best epoch, if known.
        """
        task, rows = self._data.task, self._data.validation.rows
        quality = "val_mse" if task.kind is TaskKind.REGRESSION else "val_log_loss"
        return Curve(
            loss=self._column("loss"),
            val_loss=self._column("val_loss"),
            quality=self._column(quality),
            trivial=trivial_loss(task, rows.truth, rows.weight),
            majority=trivial_accuracy(task, rows.truth, rows.weight),
            val_mae=self._column("val_mae"),
            trivial_mae=trivial_mae(task, rows.truth, rows.weight),
            val_accuracy=self._column(f"val_{ACCURACY.get(task.kind, '')}"),
            accuracy_gap=accuracy_gap,
            rows=len(rows),
            classes=len(task.classes),
            diverged=self.is_diverged,
            cut=self.cut,
            capped=len(self.history) >= self.epochs,
        )

    def _column(self, name: str) -> list[float]:
        return [row[name] for row in self.history if name in row]

    def _epoch_metrics(self, predictions: npt.NDArray[Any]) -> dict[str, float]:
        task, rows = self._data.task, self._data.validation.rows
        return {
            name: compute_metric(name, task, rows.truth, predictions, rows.weight)
            for name in metric_names(task, self._objective.named)
            if name in EPOCH_METRICS or name == self._objective.name
        }

    def _last_rate(self, epoch: int) -> float:
        """The learning rate of the epoch's last step."""
        rates = self.rates(epoch)
        if rates is not None:
            return float(rates[-1])
        return float(np.asarray(self._model.optimizer.learning_rate))


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"
