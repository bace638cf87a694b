"""Scores an ensemble's models together: on the test rows, and on those that check its export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.carrying import unpacked
from automl.common.forms import from_form, to_form
from automl.data.arrays import Arrays
from automl.data.image_views import ImageView
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.stored import StoredView, open_views
from automl.errors import RunError
from automl.models.averaged_views import averaged_over_views
from automl.results.scored_rows import scored_on
from automl.training.saving import load_saved, save_check
from automl.training.score import predict_core


def score_ensemble_in_child(
    folder: str,
    members: Sequence[Mapping[str, Any]],
    arrays: str,
    first: str,
    test: bool,
    objective: str,
    named: Sequence[str] = (),
    own: str = "",
    test_time_views: Sequence[Mapping[str, Any]] = (),
    code: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """Scores an ensemble on the test rows and leaves the predictions that its export is checked by.

    Args:
        folder: The ensemble's directory below ``trials``, for ``check.npy``.
        members: Of each model its path (``model``), the view that it was trained on (``view``)
            and what it counts (``weight``).
        arrays: Folder of the prepared rows of all views.
        first: The view whose validation rows have those that exports are checked by.
        test: Whether there are test rows to score.
        objective: Name of what trials are ranked by.
        named: Metrics beside those that are always computed.
        own: Metrics that are functions, serialized; "" for none.
        test_time_views: JSON forms of the views of each image over which each model's answers are
            averaged.
        code: See `automl.training.saving.load_saved`.

    Returns:
        JSON form of the `ScoredRows` of the test rows; None where none are to be scored.

    Raises:
        RunError: The rows or a model cannot be read.
    """
    views = open_views(arrays, list(dict.fromkeys([first, *(one["view"] for one in members)])))
    checked = _checked_rows(views, first)
    looks = [from_form(ImageView, view) for view in test_time_views]
    prepared = {name: view.arrays() for name, view in views.items()}
    check: list[npt.NDArray[Any]] = []
    answers: list[npt.NDArray[Any]] = []
    for member in members:
        own_rows, weight = prepared[member["view"]], member["weight"]
        model = load_saved(Path(member["model"]), code)
        model = averaged_over_views(model, looks) if looks else model
        check.append(weight * _answers(model, checked[member["view"]], own_rows.plan))
        if test:
            if own_rows.test is None:
                raise RunError("The run has no test rows to score an ensemble on.")
            answers.append(weight * _answers(model, own_rows.test, own_rows.plan))
    save_check(np.sum(check, axis=0).astype(np.float32), Path(folder))
    if not test:
        return None
    task, rows = prepared[first].task, prepared[first].test
    assert rows is not None
    asked = (*named, *(unpacked(own) if own else ()))
    return to_form(scored_on(rows, task, np.sum(answers, axis=0), objective, asked))


def _answers(model: Any, rows: Rows, plan: PreprocessingPlan) -> npt.NDArray[Any]:
    return np.asarray(predict_core(model, rows, plan), np.float64)


def _checked_rows(views: Mapping[str, Arrays | StoredView], first: str) -> dict[str, Rows]:
    """The rows that exports are checked by, as each view prepares them."""
    own = views[first].arrays()
    positions = own.check_positions
    found = {first: own.validation.at(positions)}
    for name, view in views.items():
        if name == first:
            continue
        if own.validation_positions is None or isinstance(view, Arrays):
            raise RunError("The rows of an older run's folds cannot be prepared for an ensemble.")
        found[name] = view.rows_at(own.validation_positions[positions])
    return found
