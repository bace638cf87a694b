"""A trial while it trains: what each epoch has come to, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.metrics import Objective
from automl.models.schedules import Schedule
from automl.training.averaged_weights import AveragedWeights
from automl.training.checkpoint import Checkpoint
from automl.training.deadline import Deadline, own_seconds
from automl.training.device_data import DeviceData
from automl.training.early_stopping import EarlyStopping, FixedEpochs
from automl.training.epoch_plan import EpochPlan
from automl.training.epoch_signals import EpochSignals
from automl.training.evaluation import Evaluator
from automl.training.kernel.trainer import DenseTrainer
from automl.training.scoring import Scored, Scoring, not_finite
from automl.training.timings import Timings
from automl.training.verdicts import TrainingCurves, curves_of
from automl.trial import SEARCH_OVER, Answer, EpochReport, TrialSpec

SHUFFLE = 1
"""Sets the stream of shuffling apart from others made from the same seed."""


class TrialProgress:
    """Controls the training of one trial (see `TrainingControl`) and what it has reached.

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
        begins_anew: Whether training ended to begin once more with fewer epochs: all of them would
            take longer than there is time for.
        deadline: When the trial has to be over.
        scoring: The scores, and the best epoch's weights and predictions.
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
        self._planned = budget.epochs
        self._last_of: Callable[[int], int] = lambda epochs: epochs
        self.first_epoch = 1
        self.stopping = EarlyStopping(
            objective.direction, budget.patience, budget.min_delta, budget.goal
        )
        if spec.fixed_length is not None:
            self.stopping = FixedEpochs(objective.direction, spec.fixed_length.epochs)
        # Patience counts in the last stage only: not up to the end of one that others follow.
        self.stopping.be_patient(lambda: self.epochs if self.epochs < self._planned else 0)
        self.history: list[dict[str, float]] = []
        self.reason = ""
        self.pruned = self.paused = False
        self.cut = self.begins_anew = False
        self.is_diverged = False
        self.scoring = Scoring(data, objective, self.stopping, spec.cross_fitted)
        self._spec = spec
        self._data = data
        self._report = report
        self._signals = EpochSignals(interrupted, running, timings.start)
        self._timings = timings
        self._done = 0.0
        self.deadline = Deadline(
            spec, timings.start, data.train, data.validation, data.test_rows, timings.begun
        )
        end, latest = (
            None if seconds is None else timings.start + seconds
            for seconds in (spec.time.planned, spec.time.most)
        )
        self._plan = EpochPlan(end, self._planned, time.perf_counter, latest)
        self._after_epoch: Callable[[], None] = lambda: None
        self._schedule: Schedule | None = None
        self._schedule_over: Callable[[int], Schedule | None] = lambda _: None
        self._model: Any = None
        self._evaluator: Evaluator | DenseTrainer | None = None
        self._scores: list[float] = []
        self._before: tuple[float, ...] = ()

    def use(self, data: DeviceData, steps: int) -> None:
        """Takes the same rows in the form that the model takes them, and an epoch's steps."""
        self._plan.expect(steps)
        self._data = data
        self.scoring.use(data)
        self.deadline.use(data.train, data.validation)

    def begin(
        self,
        model: Any,
        evaluator: Evaluator | DenseTrainer,
        averages: AveragedWeights,
        schedule_over: Callable[[int], Schedule | None],
        last_of: Callable[[int], int] = lambda epochs: epochs,
    ) -> None:
        """Takes what is made in the meantime, and begins a stage of the training.

        Args:
            model: The compiled model.
            evaluator: Scores it.
            averages: The averages of its weights that are scored.
            schedule_over: Makes the schedule over a number of epochs, or None for a model that
                has its own.
            last_of: Gives the last epoch of the stage, of as many as there are in all.
        """
        self.first_epoch, self._last_of = len(self.history) + 1, last_of
        self._model, self._evaluator, self._schedule_over = model, evaluator, schedule_over
        before, self._schedule = self._schedule, schedule_over(self._planned)
        if self.history and before is not None and self._schedule is not None:
            self._schedule.restore_state(before.state())
        self.scoring.begin(evaluator, averages)
        self.deadline.begin(model.count_params())

    @property
    def epochs(self) -> int:
        """See `TrainingControl`: those up to the end of the stage."""
        return self._last_of(self._planned)

    @property
    def is_over(self) -> bool:
        """Whether no stage follows: the trial has come to its end, or to a pause."""
        ended = self.pruned or self.paused or self.cut or self.is_diverged
        return ended or bool(self.stopping.reason) or len(self.history) >= self._planned

    def expect_return(self, name: str) -> None:
        """Told that a fit of a person's own trains, which may return the score or tell it in logs.

        Args:
            name: Its space's name, for messages.
        """
        self.scoring.expect_return(name)

    @property
    def may_begin_anew(self) -> bool:
        """Whether there may turn out to be too little time for all epochs."""
        return self._plan.is_open

    def keep_epochs(self) -> None:
        """Has as many epochs as the budget says: the trainer cannot begin anew."""
        self._plan.close()

    def begin_anew(self) -> None:
        """Told that the trainer is where it began."""
        self.begins_anew, self._done = False, 0.0

    def _takes_too_long(self, done: float) -> bool:
        """Whether the first epoch shows that training has to begin anew, with fewer epochs."""
        deadline = self.deadline
        fitting = self._plan.fitting(done, deadline.validation_seconds(), deadline.after_scoring())
        if fitting is None or self.history:
            return False
        if self._plan.is_hopeless(fitting, self._spec.time.leader_epochs):
            self.pruned = True
            known = f"only {fitting} of its epochs would fit"
            self.reason = f"it was pruned: {known} into {self._spec.time.planned or 0.0:.3g} s"
            return True
        self._plan.close()
        if self._plan.is_longer:
            deadline.extend(self._spec.time.most)
        if fitting >= self._planned:
            return False
        before, self._planned = self._schedule, fitting
        self._schedule = self._schedule_over(fitting)
        same = before is None or self._schedule is None or before.begins_as(self._schedule)
        self.begins_anew = not same
        return self.begins_anew

    def watch(self, after_epoch: Callable[[], None]) -> None:
        """Has something called after each epoch that is followed by another."""
        self._after_epoch = after_epoch

    def state(self) -> tuple[dict[str, Any], tuple[npt.NDArray[Any], ...]]:
        """What decides about the training, as a JSON form, and the best epoch's weights."""
        control = {
            "epochs": self._planned,
            "history": self.history,
            "scores": self._scores,
            "stopping": self.stopping.state(),
            "schedule": None if self._schedule is None else self._schedule.state(),
            "crossed": self.scoring.crossed_state(),
        }
        return control, self.scoring.packed_best()

    def restore_state(self, checkpoint: Checkpoint) -> None:
        """Goes on from a checkpoint, after `begin`."""
        control = checkpoint.control
        self.first_epoch = checkpoint.epoch + 1
        self._plan.close()
        if planned := control.get("epochs"):
            self._planned, self._schedule = planned, self._schedule_over(planned)
        self.history = [dict(row) for row in control["history"]]
        self._scores = list(control["scores"])
        self._before = tuple(self._scores)
        self.stopping.restore_state(control["stopping"])
        if self._schedule is not None:
            self._schedule.restore_state(control["schedule"])
        self.scoring.restore_state(checkpoint)

    def returned(self, value: Any) -> None:
        """See `TrainingControl.returned`.

        Raises:
            UnrankedError: Nobody has told the objective.
        """
        self.scoring.returned(value, len(self.history), self.cut, self.is_diverged)

    def order(self, epoch: int) -> npt.NDArray[np.int32]:
        """See `TrainingControl.order`."""
        generator = np.random.default_rng((self._spec.seed, SHUFFLE, epoch))
        return generator.permutation(len(self._data.train)).astype(np.int32)

    def rates(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """See `TrainingControl.rates`."""
        return None if self._schedule is None else self._schedule.rates(epoch)

    def momenta(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """See `TrainingControl.momenta`."""
        return None if self._schedule is None else self._schedule.momenta(epoch)

    def should_stop(self, done: float = 0.0) -> bool:
        """See `TrainingControl.should_stop`."""
        self._done = done
        if done and not self.history and self.deadline.wants_probe():
            assert self._evaluator is not None
            with self._timings.stage("validate"):
                self.deadline.probe(self._evaluator.evaluate)
        if self._takes_too_long(done):
            return True
        if reason := self.deadline.passed(scored=bool(self.history)):
            self.reason = self._in_epoch(reason)
        elif reason := self._signals.look(len(self.history) + 1, done):
            self.reason = reason
            self.deadline.interrupt()
        self.cut = bool(reason)
        return self.cut

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
            scored = self.scoring.score(0)
        if self._is_finite(scored):
            self.stopping.reason = ""
            told = self.reason.removesuffix(" in epoch 1")
            self.reason = f"{told} after {100 * self._done:.2g} % of its first epoch"

    def diverged(self, epoch: int, step: int, loss: float) -> None:
        """See `TrainingControl.diverged`."""
        self.is_diverged = True
        self.reason = f"the training loss became {not_finite(loss)} in step {step} of epoch {epoch}"

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """See `TrainingControl.end_epoch`."""
        if self._takes_too_long(1.0):
            return False
        late = self.deadline.passed(scored=True, also_validates=True) if self.history else ""
        if late:
            self.reason, self.cut = self._in_epoch(late), True
            return False
        with self._timings.stage("validate"):
            started, computed = time.perf_counter(), time.process_time()
            scored = self.scoring.score(epoch, logs)
            used = time.process_time() - computed
            self.deadline.validated(own_seconds(time.perf_counter() - started, used))
        if not self._is_finite(scored):
            return False
        score, val_loss = scored.score, scored.val_loss
        rate = self._last_rate(epoch)
        if self._schedule is not None:
            fixed = self._spec.fixed_length
            followed = val_loss if fixed is None else fixed.followed(epoch, val_loss)
            self._schedule.after_epoch(followed)
        row = {
            "epoch": epoch,
            **logs,
            "val_loss": val_loss,
            **{f"val_{name}": value for name, value in scored.metrics.items()},
            "learning_rate": rate,
            "seconds": time.perf_counter() - self._timings.start,
        }
        self.history.append(row)
        self._signals.epoch_ended()
        if score is None:  # the fit says it when it returns
            return True
        before, self._before = self._before, ()
        self._scores.append(score)
        return self._goes_on(EpochReport(epoch, score, row, before))

    def _is_finite(self, scored: Scored) -> bool:
        """Whether what was scored is a number; else the trial has diverged."""
        if scored.diverged:
            self.is_diverged, self.reason = True, scored.diverged
        return not scored.diverged

    def _goes_on(self, report: EpochReport) -> bool:
        """Reports the epoch; whether there is a next one."""
        started = time.perf_counter()
        answer = self._report(report)
        if self._spec.wait_for_answer:
            # The driver's seconds, not its own. To write a report is its own.
            self.deadline.excuse(time.perf_counter() - started)
        done = bool(self.stopping.reason) or report.epoch >= self._planned
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
        return answer is Answer.GO_ON and not done and report.epoch < self.epochs

    def release(self) -> None:
        """Lets go of the model and its weights."""
        self._model = self._evaluator = None
        self.scoring.release()

    def train_metrics(self) -> dict[str, float]:
        """See `Scoring.train_metrics`; of the training rows that there is time for."""
        return self.scoring.train_metrics(self.deadline.training_rows())

    def curve(self, accuracy_gap: float | None = None) -> TrainingCurves:
        """The learning curve for a verdict.

        Args:
            accuracy_gap: Training minus validation accuracy at the best epoch, if known.
        """
        return curves_of(
            self.history,
            self._data.task,
            self._data.validation.rows,
            accuracy_gap=accuracy_gap,
            diverged=self.is_diverged,
            cut=self.cut,
            capped=len(self.history) >= self._planned,
        )

    @property
    def planned_epochs(self) -> int:
        """See `automl.trial.TrialResult.planned_epochs`."""
        return 0 if self._planned == self._spec.budget.epochs else self._planned

    def _last_rate(self, epoch: int) -> float:
        """The learning rate of the epoch's last step."""
        rates = self.rates(epoch)
        if rates is not None:
            return float(rates[-1])
        return float(np.asarray(self._model.optimizer.learning_rate))
