"""A configuration trained several times: on each view, and with other seeds."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from automl.data.metrics import Objective, better, mean_metrics
from automl.space import SearchSpace
from automl.training.saving import CHECK_FILE, MODEL_FILE
from automl.training.trial import train_trial
from automl.trial import SEARCH_OVER, Answer, EpochReport, TrialResult, TrialSpec, TrialState

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
        """What it is called, in messages and as a folder."""
        if len(spec.views) == 1:
            return f"execution {self.number + 1}"
        repeated = f" execution {self.number + 1}" if spec.executions > 1 else ""
        return self.view.replace("-", " ") + repeated


def train_executions(
    spec: TrialSpec,
    space: SearchSpace,
    data: Callable[[str], DeviceData],
    objective: Objective,
    directory: Path,
    report: Callable[[EpochReport], Answer],
    interrupted: Callable[[], str | None],
    running: Callable[[int, float], None] | None = None,
) -> TrialResult:
    """Trains a configuration on its views, on each as often as it says; see `train_trial`.

    The first execution reports its epochs, so that a pruner decides by it alone. The score is the
    mean over the executions. On one view the model that is kept is that of the best one, as in
    KerasTuner, on several that of the first view; its are the learning curve and the verdict.

    Args:
        data: Gives the rows of a view by its name.

    Returns:
        How it ended: as the first execution that was not completed, if there is one. Where the
        search's end leaves folds out, the reason says how many there were.
    """
    planned = [_Execution(view, n) for view in spec.views for n in range(spec.executions)]
    own = _limited(spec, spec, 0.0, len(planned) if len(spec.views) > 1 else 1)
    if len(spec.views) > 1:
        own = replace(own, keep_threshold=None)  # whether it matters shows when all are done
    rows, given = data(spec.views[0]), (interrupted, running)
    first = train_trial(own, space, rows, objective, directory, report, *given)
    results, kept = [first], 0
    for place, execution in enumerate(planned[1:], 1):
        last = results[-1]
        if last.state is not TrialState.COMPLETED or last.reason.startswith(SEARCH_OVER):
            break
        shared = len(planned) - place if len(spec.views) > 1 else 1
        again = _again(spec, execution.number, sum(result.seconds for result in results), shared)
        if again is None:
            break
        folder = directory / execution.called(spec).replace(" ", "-")
        rows = data(execution.view)
        result = train_trial(again, space, rows, objective, folder, _go_on, *given)
        if result.state is not TrialState.COMPLETED:
            shutil.rmtree(folder, ignore_errors=True)
            if result.reason.startswith(SEARCH_OVER) or interrupted():
                break
            seconds = sum(one.seconds for one in (*results, result))
            reason = f"{execution.called(spec)}: {result.reason}"
            return replace(result, seconds=seconds, reason=reason)
        results.append(result)
        is_best = better(result.score, results[kept].score, objective.direction)
        if len(spec.views) == 1 and is_best:
            kept = place
            _keep(folder, directory)
        shutil.rmtree(folder, ignore_errors=True)
    if len(spec.views) > 1:
        together = _over_folds(spec, results, planned)
        return _without_model(together, spec, objective, directory)
    return first if len(results) == 1 else _together(results, kept)


def _keep(folder: Path, directory: Path) -> None:
    """Puts the files of an execution in the place of those of the trial."""
    for name in (MODEL_FILE, CHECK_FILE):
        (directory / name).unlink(missing_ok=True)
    for file in folder.iterdir():
        file.replace(directory / file.name)


def _go_on(report: EpochReport) -> Answer:
    return Answer.GO_ON


def _again(spec: TrialSpec, number: int, spent: float, shared: int) -> TrialSpec | None:
    """The same trial with another seed and what is left of its time; None where nothing is."""
    seed = spec.seed
    if number:
        seed = int(np.random.SeedSequence((spec.seed, EXECUTION, number)).generate_state(1)[0])
    own = replace(spec, seed=seed, wait_for_answer=False, start="")
    if len(spec.views) > 1:
        own = replace(own, model_room=0)  # the first view's model is the one that is kept
    own = _limited(spec, own, spent, shared)
    limits = (own.budget.seconds, own.seconds_left)
    return None if any(limit is not None and limit <= 0 for limit in limits) else own


def _limited(spec: TrialSpec, own: TrialSpec, spent: float, shared: int) -> TrialSpec:
    """An execution with its part of the time that its trial has left, if there is any.

    Args:
        spec: The trial.
        own: The execution.
        spent: Seconds that the trial has taken.
        shared: How many executions share the trial's own limits, this one among them.
    """
    limit, left, share = spec.budget.seconds, spec.seconds_left, spec.share_seconds
    limit = None if limit is None else (limit - spent) / shared
    left = None if left is None else left - spent
    if shared > 1 or spent:
        share = None if share is None else (share - spent) / shared
    budget = replace(own.budget, seconds=limit)
    return replace(own, budget=budget, seconds_left=left, share_seconds=share)


def _over_folds(
    spec: TrialSpec, results: Sequence[TrialResult], planned: Sequence[_Execution]
) -> TrialResult:
    """One result of a configuration's executions on several views."""
    first = results[0]
    if first.state is not TrialState.COMPLETED:
        return first
    scores = [result.score for result in results if result.score is not None]
    by_view = [
        fmean(score for score, one in zip(scores, planned, strict=False) if one.view == view)
        for view in dict.fromkeys(one.view for one in planned[: len(scores)])
    ]
    reason = first.reason
    if len(results) < len(planned):
        reason = f"{SEARCH_OVER} after {len(results)} of {len(planned)} executions"
    return replace(
        first,
        score=fmean(by_view),
        metrics=mean_metrics([result.metrics for result in results]),
        train_metrics=mean_metrics([result.train_metrics for result in results]),
        seconds=sum(result.seconds for result in results),
        folds=tuple(by_view),
        reason=reason,
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
    )


def _without_model(
    result: TrialResult, spec: TrialSpec, objective: Objective, directory: Path
) -> TrialResult:
    """The result with its model removed where the mean has not come up to what is kept."""
    threshold = spec.keep_threshold
    if threshold is None or better(result.score, threshold, objective.direction):
        return result
    for name in (MODEL_FILE, CHECK_FILE):
        (directory / name).unlink(missing_ok=True)
    return replace(result, model_hash="")


def _together(results: Sequence[TrialResult], kept: int) -> TrialResult:
    """One result of several: means, and of the best one what cannot be averaged."""
    scores = [result.score for result in results if result.score is not None]
    note = (
        "Each configuration is trained several times: its scores are means over the executions, "
        "and the model that is kept and exported is that of the best one."
    )
    return replace(
        results[kept],
        score=fmean(scores),
        metrics=mean_metrics([result.metrics for result in results]),
        train_metrics=mean_metrics([result.train_metrics for result in results]),
        seconds=sum(result.seconds for result in results),
        found=results[0].found,
        executions=tuple(scores),
        notes=tuple(dict.fromkeys((note, *(n for result in results for n in result.notes)))),
    )
