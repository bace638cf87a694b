"""The gradient boosting baseline of a run, trained and scored in a process of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from automl.common.carrying import unpacked
from automl.common.forms import from_form, to_form
from automl.common.root import Root
from automl.data.arrays import Arrays, open_arrays
from automl.data.metrics import Objective, compute_metrics
from automl.data.stored import open_view
from automl.data.task_loss import task_loss
from automl.errors import RunError
from automl.results.predictions import add_predictions, predictions_of
from automl.results.scored_rows import scored_on
from automl.results.trial_means import over_views
from automl.training.boosting import ITERATIONS, BoostedTrees, Extent, extent_of
from automl.training.failing import failed_training
from automl.trial import (
    PREDICTIONS_FILE,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
    file_of_trial,
    folder_of_trial,
)
from automl.vocabulary.losses import LOSS

TRAINER = "scikit-learn"
#: How the extent of the training is recorded, under the name of what a result has scaled.
MAX_ITER = "max_iter"


@dataclass(frozen=True)
class _Work:
    """What is trained: the arguments of `train_in_child`, read."""

    spec: TrialSpec
    arrays: Path
    run: Path
    objective: Objective


def train_in_child(
    spec: Mapping[str, Any],
    arrays: str,
    run: str,
    objective: Mapping[str, Any],
    own: str = "",
) -> dict[str, Any]:
    """Trains and scores gradient boosting on each of a run's views.

    Args:
        spec: JSON form of the `TrialSpec` of the baseline.
        arrays: Folder of all views' rows.
        run: The run's directory, below which the predictions on validation rows are written.
        objective: JSON form of the `Objective`.
        own: The objective's own metrics, serialized; "" for none.

    Returns:
        JSON form of its `TrialResult`; a failure of its own is one too.
    """
    scored_by = from_form(Objective, objective)
    if own:
        scored_by = replace(scored_by, own=unpacked(own))
    work = _Work(from_form(TrialSpec, spec), Path(arrays), Path(run), scored_by)
    started = time.monotonic()
    try:
        result = _trained(work)
    except (Exception, MemoryError) as error:  # noqa: BLE001 - only this baseline fails
        out_of_memory = isinstance(error, MemoryError)
        cause = FailureCause.OUT_OF_MEMORY if out_of_memory else FailureCause.EXCEPTION
        result = failed_training(work.run / folder_of_trial(work.spec.trial), error, cause)
    return to_form(replace(result, seconds=time.monotonic() - started))


def score_boosting_in_child(
    arrays: str,
    seed: int,
    scaled: Mapping[str, Any],
    objective: str,
    named: Sequence[str] = (),
    own: str = "",
) -> dict[str, Any]:
    """Trains it again on the first view, as it was trained there, and scores the test rows.

    Args:
        arrays: Folder of the prepared arrays.
        seed: The seed that it was trained with.
        scaled: What its result has recorded of how much was trained.
        objective: Name of what trials are ranked by.
        named: Metrics beside those that are always computed.
        own: Metrics that are functions, serialized; "" for none.

    Returns:
        JSON form of the `ScoredRows`.

    Raises:
        RunError: There are no such rows.
    """
    opened = open_arrays(arrays)
    if opened.test is None:
        raise RunError("The run has no test rows to score.")
    extent = Extent(int(scaled.get(MAX_ITER, ITERATIONS)))
    trees = BoostedTrees(opened, seed, extent)
    predictions = trees.in_own_units(trees.outputs(opened.test))
    asked = (*named, *(unpacked(own) if own else ()))
    return to_form(scored_on(opened.test, opened.task, predictions, objective, asked))


def _trained(work: _Work) -> TrialResult:
    """The result over all views; of several the means, and the score of each."""
    views = work.spec.views
    results: list[TrialResult] = []
    extent = None
    for view in views:
        arrays = open_view(work.arrays, view)
        limits = (work.spec.budget.seconds, work.spec.time.share)
        seconds = min((limit for limit in limits if limit is not None), default=None)
        extent = extent or extent_of(arrays, len(views), seconds)
        results.append(_on_view(work, view, arrays, extent))
    return over_views(results)


def _on_view(work: _Work, view: str, arrays: Arrays, extent: Extent) -> TrialResult:
    spec, objective = work.spec, work.objective
    trees = BoostedTrees(arrays, spec.seed, extent)
    train, validation = trees.outputs(arrays.train), trees.outputs(arrays.validation)
    metrics, train_metrics = (
        compute_metrics(
            arrays.task, rows.truth, trees.in_own_units(outputs), rows.weight, objective.named
        )
        for rows, outputs in ((arrays.validation, validation), (arrays.train, train))
    )
    score, loss = metrics.get(objective.name), ""
    if objective.name == LOSS:
        score, loss = task_loss(arrays.task, arrays.validation, validation)
        metrics = {**metrics, LOSS: score}
    values = np.ascontiguousarray(trees.in_own_units(validation), np.float32)
    folder = work.run / folder_of_trial(spec.trial)
    own = predictions_of(values, arrays.validation, arrays.validation_positions)
    add_predictions(Root(work.run), folder, {view: own})
    return TrialResult(
        TrialState.COMPLETED,
        score=score,
        loss=loss,
        metrics=metrics,
        train_metrics=train_metrics,
        parameters=trees.nodes,
        trainer=TRAINER,
        scaled={MAX_ITER: extent.iterations},
        notes=_notes(spec, arrays, extent),
        predictions=file_of_trial(spec.trial, PREDICTIONS_FILE),
    )


def _notes(spec: TrialSpec, arrays: Arrays, extent: Extent) -> tuple[str, ...]:
    """What a person should know where less was trained than scikit-learn would have."""
    told, rows = [], len(arrays.train)
    if rows > extent.rows:
        told.append(f"on {extent.rows:,} of {rows:,} training rows, drawn at random")
    if extent.iterations < ITERATIONS:
        told.append(f"for {extent.iterations} of {ITERATIONS} iterations, to take no longer")
    return (f"baseline {spec.trial} is trained {' and '.join(told)}",) if told else ()
