"""Whether a search is over the usual folds, where nobody has said how its rows validate."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.data.views.fold_rule import BY_SIZE
from automl.space.origin import takes_over
from automl.tuning.search_request import SearchRequest
from automl.vocabulary.inputs import ARRAY, IMAGE

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: Options of which any settles whether there are folds.
FOLD_OPTIONS = ("cv", "fold_column", "holdout", "validation")


def with_usual_folds(
    request: SearchRequest, space: SearchSpace, left_open: Collection[str] = ()
) -> tuple[SearchRequest, str]:
    """Leaves it to the rows whether there are folds, where nobody has said and they cost little.

    Whole searches over folds export the better models on small sets, for most of their trials are
    pruned after the first fold (``python -m benchmarks.small_sets``). A protocol that says nothing
    of folds means none.

    Args:
        request: What was asked, the space's protocol included.
        space: The space.
        left_open: Names of the options that were not given.

    Returns:
        The request, and a sentence where folds were left to the rows in so many words and there
        are none; else "".
    """
    is_asked = request.data.cv == BY_SIZE
    is_open = request.data.cv is None and all(one in left_open for one in FOLD_OPTIONS)
    if not is_asked and not (is_open and space.protocol is None):
        return request, ""
    why = _why_no_folds(request, space)
    note = f"one division validates, for {why} (--cv 5: folds)" if why and is_asked else ""
    return replace(request, data=replace(request.data, cv=None if why else BY_SIZE)), note


def _why_no_folds(request: SearchRequest, space: SearchSpace) -> str:
    """Why folds would cost much, or divide the rows as others do not; "" where they would not."""
    reasons = {
        "--time is given": request.budget.seconds is not None,
        "--trial-time is given": request.trial_budget.seconds is not None,
        "--executions-per-trial are trainings already": request.executions_per_trial > 1,
        "--pruner none stops no trial after a fold": request.pruner == "none",
        "who shares a study must divide the rows alike": request.storage is not None,
        "a builder in KerasTuner's form may train for hours": space.inputs == ARRAY,
        "--test-time-views are of one model": request.test_time_views > 0,
        "models of images train for long": space.inputs == IMAGE,
        "layers that are taken over know the categories of one division": bool(takes_over(space)),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
