"""An engine that trains nothing: a trial's curve is a formula of its configuration and seed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from automl.engines.ask_policy import AskPolicy
from automl.engines.contract import (
    Engine,
    EpochFinished,
    Event,
    ExecutionFinished,
    Job,
    TrialEnded,
)
from automl.trial import (
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
)


class Killed(BaseException):
    """Stands for SIGKILL: the process ends here, with nothing cleaned up."""


class ScriptedEngine(Engine):
    """Plays trials in this process; dies after a given number of events.

    Args:
        slots: Trials at once.
        dies_after: Events after which `Killed` is raised instead of the next one, or None.
        fails: Maps a spec to the cause that its trial fails with, to its whole result, or None.
        heeds_thresholds: Whether trials ask only where the thresholds want it, or always.
    """

    def __init__(
        self,
        slots: int = 1,
        dies_after: int | None = None,
        fails: Any = None,
        heeds_thresholds: bool = True,
    ) -> None:
        self._slots = slots
        self._left = math.inf if dies_after is None else dies_after
        self._fails = fails or (lambda spec: None)
        self._waiting: deque[TrialSpec] = deque()
        self._playing: dict[int | str, tuple[TrialSpec, int]] = {}
        self._stopped: set[int | str] = set()
        self.interrupted: dict[int | str, str] = {}
        self._asking: dict[int | str, AskPolicy] = {}
        self._heeds_thresholds = heeds_thresholds
        self.submitted: list[TrialSpec] = []
        self.questions = 0
        self._folds: dict[int | str, tuple[float, ...]] = {}
        self.trained: list[tuple[int | str, int]] = []

    @property
    def slots(self) -> int:
        return self._slots

    def open(self, job: Job) -> None:
        pass

    def submit(self, spec: TrialSpec) -> None:
        self.submitted.append(spec)
        self._folds[spec.trial] = tuple(one.score or 0.0 for one in spec.finished)
        self._playing[spec.trial] = (spec, 0)
        thresholds = spec.thresholds if self._heeds_thresholds else ()
        self._asking[spec.trial] = AskPolicy(replace(spec, thresholds=thresholds), "minimize")

    def events(self, timeout: float) -> list[Event]:
        if not self._playing:
            return []
        if self._left <= 0:
            raise Killed
        self._left -= 1
        trial, (spec, epoch) = next(iter(self._playing.items()))
        cause = self._fails(spec)
        if cause is not None:
            del self._playing[trial]
            return [TrialEnded(trial, self._fail(spec, cause))]
        done = epoch == spec.budget.epochs
        if done and trial not in self._stopped and len(self._folds[trial]) + 1 < len(spec.views):
            return [self._execution(trial, spec)]
        if trial in self._stopped or trial in self.interrupted or done:
            return [self._end(trial, spec, epoch)]
        self._playing[trial] = (spec, epoch + 1)
        score = curve(spec, epoch + 1) + self._fold(trial)
        report = EpochReport(
            epoch + 1, score, {"loss": score}, execution=len(self._folds[trial]) + 1
        )
        waits = self._asking[trial].has_to_ask(report)
        self.questions += waits
        return [EpochFinished(trial, report, waits)]

    def _fold(self, trial: int | str) -> float:
        """What the fold that a trial is in adds to its scores."""
        return 0.3 * len(self._folds[trial])

    def _execution(self, trial: int | str, spec: TrialSpec) -> ExecutionFinished:
        score = curve(spec, spec.budget.epochs) + self._fold(trial)
        folds = (*self._folds[trial], score)
        self._folds[trial], self._playing[trial] = folds, (spec, 0)
        self.trained.append((trial, len(folds)))
        result = TrialResult(TrialState.COMPLETED, score=score, epochs=spec.budget.epochs)
        return ExecutionFinished(trial, ExecutionReport(len(folds), result, folds))

    def _fail(self, spec: TrialSpec, cause: FailureCause | TrialResult) -> TrialResult:
        if isinstance(cause, TrialResult):
            return cause
        return TrialResult(TrialState.FAILED, reason=f"{cause}: scripted", cause=cause)

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        del self._playing[trial]
        if epoch == 0 and not self._folds[trial]:
            cause = FailureCause.TIME_LIMIT
            return TrialEnded(
                trial, TrialResult(TrialState.FAILED, reason=self.interrupted[trial], cause=cause)
            )
        folds = self._folds[trial]
        state = TrialState.PRUNED if trial in self._stopped else TrialState.COMPLETED
        if folds and epoch == 0:
            score = sum(folds) / len(folds)
            return TrialEnded(trial, TrialResult(state, score=score, folds=folds, epochs=1))
        scores = [curve(spec, number) + self._fold(trial) for number in range(1, epoch + 1)]
        if folds:
            folds = (*folds, scores[-1])
            self.trained.append((trial, len(folds)))
        return TrialEnded(
            trial,
            TrialResult(
                state,
                score=sum(folds) / len(folds) if folds else min(scores),
                folds=folds,
                metrics={"mse": min(scores)},
                epochs=epoch,
                best_epoch=scores.index(min(scores)) + 1,
                reason=self.interrupted.get(trial, ""),
            ),
        )

    def answer(self, trial: int | str, answer: Answer, thresholds: Sequence[float] = ()) -> None:
        _, epoch = self._playing[trial]
        self._asking[trial].answered(epoch, thresholds)
        if answer is Answer.STOP:
            self._stopped.add(trial)

    def interrupt(self, trial: int | str, reason: str) -> None:
        self.interrupted[trial] = reason

    def close(self) -> None:
        self._playing.clear()


def curve(spec: TrialSpec, epoch: int) -> float:
    """A learning curve with its floor set by the configuration and its noise by the seed."""
    rate = spec.config.get("rate", 0.01)
    width = spec.config.get("width", 8)
    floor = (math.log10(rate) + 2) ** 2 + (width - 40) ** 2 / 1000
    return floor + 3.0 / epoch + (spec.seed % 97) / 9700
