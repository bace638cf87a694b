"""Scores models on the validation rows with their answers averaged over test-time views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.averages import mean_metrics, mean_of
from automl.common.carrying import unpacked
from automl.common.forms import from_form, to_form
from automl.data.arrays import Arrays, open_arrays
from automl.data.image_views import ImageView
from automl.data.metrics import compute_metric, compute_metrics
from automl.data.random_parts import random_parts
from automl.models.averaged_views import averaged_over_views
from automl.results.scored_views import ScoredViews
from automl.training.history import run_of
from automl.training.saving import load_saved, save_predictions
from automl.training.score import predict_core
from automl.trial import HOLDOUT, PREDICTIONS_FILE
from automl.vocabulary.metric import Metric


def score_views_in_child(
    folder: str,
    model: str,
    scored: Sequence[str],
    views: Sequence[Mapping[str, Any]],
    arrays: str,
    parts: int,
    objective: str,
    named: Sequence[str] = (),
    own: str = "",
    code: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Scores test-time views, and leaves the predictions with them.

    Args:
        folder: The directory below ``trials`` for ``predictions.npz``.
        model: Path of the core model that is exported with the views.
        scored: Paths of the core models that are scored: that one, or other trainings of it.
        views: JSON forms of the views of each image.
        arrays: Folder of the prepared rows.
        parts: Into how many parts the rows are divided, by which the gain is known.
        objective: Name of what trials are ranked by.
        named: Metrics beside those that are always computed.
        own: Metrics that are functions, serialized; "" for none.
        code: See `automl.training.saving.load_saved`.

    Returns:
        JSON form of the `ScoredViews`.

    Raises:
        RunError: The rows or a model cannot be read.
    """
    opened, looks = open_arrays(arrays), [from_form(ImageView, view) for view in views]
    asked = (*named, *(unpacked(own) if own else ()))
    divided = random_parts(len(opened.validation), parts, seed=0)
    found: list[ScoredViews] = []
    for path in dict.fromkeys([model, *scored]):
        core = load_saved(Path(path), code)
        answers = _answers(averaged_over_views(core, looks), opened)
        if path == model:
            _keep(answers, opened, Path(folder))
        if path in scored:
            plain = _answers(core, opened)
            found.append(_scored(opened, answers, plain, divided, objective, asked))
    return to_form(
        ScoredViews(
            mean_metrics([one.metrics for one in found]),
            tuple(score for one in found for score in one.scores),
            _means([one.parts for one in found]),
            _means([one.plain for one in found]),
        )
    )


def _answers(model: Any, arrays: Arrays) -> npt.NDArray[Any]:
    return predict_core(model, arrays.validation, arrays.plan)


def _keep(answers: npt.NDArray[Any], arrays: Arrays, folder: Path) -> None:
    """Keeps the predictions in place of former ones."""
    root = run_of(folder)
    root.remove(folder / PREDICTIONS_FILE)
    save_predictions(answers, arrays.validation, arrays.validation_positions, HOLDOUT, folder)


def _scored(
    arrays: Arrays,
    answers: npt.NDArray[Any],
    plain: npt.NDArray[Any],
    parts: Sequence[npt.NDArray[np.int64]],
    objective: str,
    asked: Sequence[str | Metric],
) -> ScoredViews:
    """One training, with and without views."""
    rows, task = arrays.validation, arrays.task
    metric = next(
        (one for one in asked if isinstance(one, Metric) and one.name == objective), objective
    )

    def of_part(values: npt.NDArray[Any], part: npt.NDArray[np.int64]) -> float:
        weight = None if rows.weight is None else rows.weight[part]
        return compute_metric(metric, task, rows.truth[part], values[part], weight)

    metrics = compute_metrics(task, rows.truth, answers, rows.weight, asked)
    return ScoredViews(
        metrics,
        (metrics[objective],),
        tuple(of_part(answers, part) for part in parts),
        tuple(of_part(plain, part) for part in parts),
    )


def _means(values: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The mean of several of each place."""
    return tuple(mean_of(of_place) for of_place in zip(*values, strict=True))
