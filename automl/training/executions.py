"""A configuration trained several times with other seeds (``--executions-per-trial``)."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from automl.data.metrics import Objective, better
from automl.space import SearchSpace
from automl.training.saving import CHECK_FILE, MODEL_FILE
from automl.training.trial import train_trial
from automl.trial import SEARCH_OVER, Answer, EpochReport, TrialResult, TrialSpec, TrialState

if TYPE_CHECKING:
    from automl.training.device_data import DeviceData

EXECUTION = 2
"""Sets the seeds of executions apart from others made from the trial's."""


def train_executions(
    spec: TrialSpec,
    space: SearchSpace,
    data: DeviceData,
    objective: Objective,
    directory: Path,
    report: Callable[[EpochReport], Answer],
    interrupted: Callable[[], str | None],
    running: Callable[[int, float], None] | None = None,
) -> TrialResult:
    """Trains a configuration as often as its specification says; see `train_trial`.

    The first execution reports its epochs, so that a pruner decides by it alone. As in KerasTuner
    the score is the mean over the executions; the model that is kept is that of the best one, and
    so are its learning curve and its verdict.

    Returns:
        How it ended: as the first execution that was not completed, if there is one.
    """
    first = train_trial(spec, space, data, objective, directory, report, interrupted, running)
    results, kept = [first], 0
    for number in range(1, spec.executions):
        if results[-1].state is not TrialState.COMPLETED or results[-1].reason.startswith(
            SEARCH_OVER
        ):
            break
        again = _again(spec, number, sum(result.seconds for result in results))
        if again is None:
            break
        place = directory / f"execution-{number + 1}"
        result = train_trial(again, space, data, objective, place, _go_on, interrupted, running)
        if result.state is not TrialState.COMPLETED:
            shutil.rmtree(place, ignore_errors=True)
            if result.reason.startswith(SEARCH_OVER) or interrupted():
                break
            seconds = sum(one.seconds for one in (*results, result))
            reason = f"execution {number + 1}: {result.reason}"
            return replace(result, seconds=seconds, reason=reason)
        results.append(result)
        if better(result.score, results[kept].score, objective.direction):
            kept = number
            for name in (MODEL_FILE, CHECK_FILE):
                (directory / name).unlink(missing_ok=True)
            for file in place.iterdir():
                file.replace(directory / file.name)
        shutil.rmtree(place, ignore_errors=True)
    return first if len(results) == 1 else _together(results, kept)


def _go_on(report: EpochReport) -> Answer:
    return Answer.GO_ON


def _again(spec: TrialSpec, number: int, spent: float) -> TrialSpec | None:
    """The same trial with another seed and what is left of its time; None where nothing is."""
    seed = int(np.random.SeedSequence((spec.seed, EXECUTION, number)).generate_state(1)[0])
    limit, left = spec.budget.seconds, spec.seconds_left
    limit = None if limit is None else limit - spent
    left = None if left is None else left - spent
    if min(math.inf if limit is None else limit, math.inf if left is None else left) <= 0:
        return None
    return replace(
        spec,
        seed=seed,
        budget=replace(spec.budget, seconds=limit),
        seconds_left=left,
        wait_for_answer=False,
    )


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
        metrics=_means([result.metrics for result in results]),
        train_metrics=_means([result.train_metrics for result in results]),
        seconds=sum(result.seconds for result in results),
        found=results[0].found,
        executions=tuple(scores),
        notes=tuple(dict.fromkeys((note, *(n for result in results for n in result.notes)))),
    )


def _means(metrics: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: fmean(one[name] for one in metrics) for name in metrics[0]}
