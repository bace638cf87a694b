"""A configuration trained several times: on each view, and with other seeds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from automl.common.averages import mean_of
from automl.common.files import is_disk_full
from automl.data.metrics import Objective, better
from automl.errors import RunError
from automl.results.predictions import add_predictions, read_predictions
from automl.results.trial_means import with_mean_metrics
from automl.space import SearchSpace
from automl.space.callbacks import callbacks_of
from automl.training.history import run_of
from automl.training.train_trial import train_trial
from automl.trial import (
    ERROR_FILE,
    MODEL_FILE,
    MODEL_FILES,
    PREDICTIONS_FILE,
    SEARCH_OVER,
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
)

if TYPE_CHECKING:
    from automl.training.device_data import DeviceData

EXECUTION = 2
"""Sets the seeds of executions apart from others made from the trial's."""


@dataclass(frozen=True)
class _Execution:
    """One training of a trial's configuration: on which view, and with which of its seeds."""

    view: str
    number: int

    def called(self, spec: TrialSpec) -> str:
        """What it is called in messages."""
        if len(spec.views) == 1:
            return f"execution {self.number + 1}"
        repeated = f" execution {self.number + 1}" if spec.executions > 1 else ""
        return self.view.replace("-", " ") + repeated

    def seed(self, spec: TrialSpec) -> int:
        """The trial's seed, or another one made from it."""
        if not self.number:
            return spec.seed
        entropy = np.random.SeedSequence((spec.seed, EXECUTION, self.number))
        return int(entropy.generate_state(1)[0])


def train_executions(
    spec: TrialSpec,
    space: SearchSpace,
    data: Callable[[str], DeviceData],
    objective: Objective,
    directory: Path,
    report: Callable[[EpochReport], Answer],
    interrupted: Callable[[], str | None],
    running: Callable[[int, float], None] | None = None,
    finished: Callable[[ExecutionReport], Answer] = lambda _: Answer.GO_ON,
    callbacks: str = "",
) -> TrialResult:
    """Trains a configuration on its views, on each as often as it says; see `train_trial`.

    The score is the mean over the executions. On one view the model that is kept is that of the
    best one, as in KerasTuner, on several that of the first view; its are the learning curve and
    the verdict. Executions that `TrialSpec.finished` has are not trained again.

    Args:
        data: Gives the rows of a view by its name.
        finished: Called after each execution but the last; its answer prunes or pauses the trial
            between two of them.
        callbacks: Callbacks of a person's own, serialized; each execution gets them as new.

    Returns:
        How it ended: as the first execution that was not completed, if there is one. Where the
        search's end leaves folds out, the reason says how many there were.
    """
    trial = _Executions(spec, objective, directory)
    while (place := len(trial.results)) < len(trial.planned):
        own = trial.spec_of(place)
        if place and (ended := trial.without_time(place, own)) is not None:
            return ended

        def reported(epoch: EpochReport, number: int = place + 1) -> Answer:
            return report(replace(epoch, execution=number))

        rows, folder = data(own.view), trial.folder(place)
        called = trial.called(place) if len(trial.planned) > 1 else ""
        result = train_trial(
            own,
            space,
            rows,
            objective,
            folder,
            reported,
            interrupted,
            running,
            home=directory,
            callbacks=partial(callbacks_of, callbacks, directory, called),
        )
        if len(trial.planned) == 1:
            return result
        if (ended := trial.add(place, result, interrupted, finished)) is not None:
            return ended
    return trial.result()


class _Executions:
    """The executions of one trial: which there are, and what they have come to.

    Args:
        spec: The trial.
        objective: What it is scored by.
        directory: Its directory.

    Attributes:
        planned: All of them, in order.
        results: What the first ones have come to.
    """

    def __init__(self, spec: TrialSpec, objective: Objective, directory: Path) -> None:
        self.planned = [_Execution(view, n) for view in spec.views for n in range(spec.executions)]
        self._spec = spec
        self._objective = objective
        self._directory = directory
        self._begun = time.monotonic()
        self._over_views = len(spec.views) > 1
        self.results = list(spec.finished)
        if self._lacks_files():
            self.results.clear()  # all of it again
        self._started_at = len(self.results)
        self._kept = 0
        for place in range(1, self._started_at):
            self._note_best(place)

    def _lacks_files(self) -> bool:
        """Whether files of finished executions were removed or damaged meanwhile."""
        saved = any(result.model_hash for result in self.results)
        if saved and not (self._directory / MODEL_FILE).exists():
            return True
        if self._over_views and any(result.predictions for result in self.results):
            try:
                folder = self._directory.absolute()
                read_predictions(run_of(folder), folder / PREDICTIONS_FILE)
            except RunError:
                return True
        return False

    def folder(self, place: int) -> Path:
        """Where an execution's files go; those of the first are the trial's.

        Others have a hidden folder for a while; callbacks of a person's own write beside it.
        """
        return self._directory / f".{self.called(place)}" if place else self._directory

    def called(self, place: int) -> str:
        """An execution's name as a folder's."""
        return self.planned[place].called(self._spec).replace(" ", "-")

    def clear(self, place: int) -> None:
        """Removes the folder of a later execution, but for why it failed."""
        if place:
            folder = self.folder(place)
            if (folder / ERROR_FILE).exists():
                (folder / ERROR_FILE).replace(self._directory / ERROR_FILE)
            shutil.rmtree(folder, ignore_errors=True)

    def spec_of(self, place: int) -> TrialSpec:
        """An execution as a trial of its own."""
        spec, execution = self._spec, self.planned[place]
        own = replace(
            spec,
            seed=execution.seed(spec),
            views=(execution.view,),
            executions=1,
            finished=(),
            start=spec.start if place == self._started_at == len(spec.finished) else "",
            wait_for_answer=spec.wait_for_answer and not place,
        )
        if self._over_views:
            # The first view's model is the one that is kept; whether it matters shows in the end.
            room = 0 if place else spec.model_room
            own = replace(own, keep_threshold=None, model_room=room)
        return self._limited(own, len(self.planned) - place if self._over_views else 1)

    def without_time(self, place: int, own: TrialSpec) -> TrialResult | None:
        """The trial's result, where there is no time left for a later execution; else None."""
        if own.time.left is not None and own.time.left <= 0:
            return self.result()
        if own.budget.seconds is None or own.budget.seconds > 0:
            return None
        if not self._over_views:
            return self.result()  # a mean over fewer of them is one, too
        reason = f"the time limit of {self._spec.budget.seconds:g} s was over before it"
        return self.broken_off(place, TrialResult.failed(FailureCause.TIME_LIMIT, reason))

    def _limited(self, own: TrialSpec, shared: int) -> TrialSpec:
        """An execution with its part of the time that its trial has left, if there is any.

        Args:
            own: The execution.
            shared: How many executions share the trial's own limits, this one among them.
        """
        spec, spent = self._spec, sum(result.seconds for result in self.results)
        limit, share = spec.budget.seconds, spec.time.share
        limit = None if limit is None else (limit - spent) / shared
        if shared > 1 or spent:
            share = None if share is None else (share - spent) / shared
        planned, most = spec.time.planned, spec.time.most
        if self.results:  # all have as many epochs as the first
            own = replace(own, budget=own.budget.planned(self.results[0].planned_epochs))
            planned = most = None
        return replace(
            own,
            budget=replace(own.budget, seconds=limit),
            time=replace(
                spec.time.after(time.monotonic() - self._begun),
                share=share,
                planned=None if planned is None else planned / shared,
                most=None if most is None else most / shared,
            ),
        )

    def add(
        self,
        place: int,
        result: TrialResult,
        interrupted: Callable[[], str | None],
        finished: Callable[[ExecutionReport], Answer],
    ) -> TrialResult | None:
        """Takes how an execution ended.

        Returns:
            How the trial ended, where no other execution is to follow; else None.
        """
        is_over = result.reason.startswith(SEARCH_OVER)
        if result.state is not TrialState.COMPLETED:
            self.clear(place)
            if place and result.state is TrialState.FAILED and (is_over or interrupted()):
                return self.result()
            return self.broken_off(place, result)
        try:
            self.take(place, result)
        except (OSError, RunError) as error:
            self.clear(place)
            failed = _unwritten(error, self.results.pop())
            return self.broken_off(place, failed)
        if is_over or place + 1 == len(self.planned):
            return self.result()
        told = ExecutionReport(place + 1, result, self.finished_folds())
        return self.ended_by(finished(told))

    def take(self, place: int, result: TrialResult) -> None:
        """Takes an execution that is complete; its model stays where it is the one to be kept."""
        self.results.append(result)
        if place and self._note_best(place) and not self._over_views:
            self._remove_model()
            for file in self.folder(place).iterdir():
                file.replace(self._directory / file.name)
        if place and self._over_views and result.predictions and not self.planned[place].number:
            root, folder = run_of(self._directory), self.folder(place).absolute()
            own = read_predictions(run_of(folder), folder / PREDICTIONS_FILE)
            add_predictions(root, self._directory.absolute(), own)
        self.clear(place)

    def _remove_model(self) -> None:
        for name in MODEL_FILES:
            (self._directory / name).unlink(missing_ok=True)

    def _note_best(self, place: int) -> bool:
        """Whether an execution is the best up to it."""
        score, best = self.results[place].score, self.results[self._kept].score
        if not better(score, best, self._objective.direction):
            return False
        self._kept = place
        return True

    def finished_folds(self) -> tuple[float, ...]:
        """The score on each view that is finished, where there are several."""
        whole = len(self.results) // self._spec.executions
        return self._folds()[:whole] if self._over_views else ()

    def _folds(self) -> tuple[float, ...]:
        """The score on each view, as far as it has one."""
        scored = list(zip(self.planned, self.results, strict=False))
        views = dict.fromkeys(execution.view for execution, _ in scored)
        return tuple(
            mean_of(
                one.score
                for execution, one in scored
                if execution.view == view and one.score is not None
            )
            for view in views
        )

    def result(self) -> TrialResult:
        """The trial's, over the executions that are complete."""
        if len(self.results) == len(self.planned):
            result, threshold = self._means(), self._spec.keep_threshold
            matters = threshold is None or better(
                result.score, threshold, self._objective.direction
            )
            is_kept = bool(result.model_hash) and (matters or not self._over_views)
            return result if is_kept else self._without_model(result)
        if self._over_views:
            done = f"{len(self.results)} of {len(self.planned)} executions"
            return replace(self._means(), reason=f"{SEARCH_OVER} after {done}")
        return self._means() if len(self.results) > 1 else self.results[0]

    def ended_by(self, answer: Answer) -> TrialResult | None:
        """The trial's, where the answer to its last execution ends it; None where it goes on."""
        if answer is Answer.STOP:
            last = self.planned[len(self.results) - 1]
            return self.pruned(f"it was pruned after {last.called(self._spec)}")
        if answer is Answer.PAUSE:
            return TrialResult(TrialState.PAUSED, reason="it was paused between two executions")
        return None

    def pruned(self, reason: str) -> TrialResult:
        """The trial's, where it is to be stopped: what it has come to so far, without a model."""
        result = replace(self._means(), state=TrialState.PRUNED, reason=reason)
        return self._without_model(result)

    def broken_off(self, place: int, result: TrialResult) -> TrialResult:
        """The trial's, where an execution was not completed: it failed, or was told to end."""
        if not place:
            return result
        seconds = sum(one.seconds for one in (*self.results, result))
        reason = f"{self.planned[place].called(self._spec)}: {result.reason}"
        if result.state is TrialState.PAUSED:
            return replace(result, seconds=seconds, reason=reason)
        if result.state is TrialState.PRUNED:
            return replace(self.pruned(reason), seconds=seconds)
        return replace(result, seconds=seconds, reason=reason, folds=self.finished_folds())

    def _without_model(self, result: TrialResult) -> TrialResult:
        self._remove_model()
        return replace(result, model_hash="", predictions="")

    def _means(self) -> TrialResult:
        """One result of several: means, and of the one that is kept what cannot be averaged."""
        results, notes = self.results, [n for result in self.results for n in result.notes]
        kept = results[0 if self._over_views else self._kept]
        result = replace(
            with_mean_metrics(kept, results),
            seconds=sum(result.seconds for result in results),
            found=results[0].found,
        )
        if self._over_views:
            folds = self._folds()
            return replace(result, score=mean_of(folds), folds=folds, notes=_once(notes))
        note = (
            "Each configuration is trained several times: its scores are means over the "
            "executions, and the model that is kept and exported is that of the best one."
        )
        scores = tuple(result.score for result in results if result.score is not None)
        return replace(
            result, score=mean_of(scores), executions=scores, notes=_once([note, *notes])
        )


def _unwritten(error: OSError | RunError, result: TrialResult) -> TrialResult:
    """How an execution ended whose files could not be put where the trial has them."""
    cause = FailureCause.DISK_FULL if is_disk_full(error) else FailureCause.UNWRITABLE
    return TrialResult.failed(cause, f"its files could not be written: {error}", result.seconds)


def _once(notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
