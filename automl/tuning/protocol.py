"""A request with what was left open as the space's own protocol has it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.data.views.fold_rule import BY_SIZE
from automl.space.protocol import Protocol, written
from automl.tuning.budget import SearchBudget
from automl.tuning.search_request import SearchRequest

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: Options of which any settles what the protocol would say by another.
_SETTLED_BY = {
    "trials": ("trials", "time"),
    "cv": ("cv", "fold_column", "holdout", "validation"),
}


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
    is_open = request.data.cv is None and all(one in left_open for one in _SETTLED_BY["cv"])
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
        "a builder in KerasTuner's form may train for hours": space.inputs == "array",
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def with_protocol(
    request: SearchRequest, protocol: Protocol | None, left_open: Collection[str]
) -> tuple[SearchRequest, str]:
    """Takes what a protocol says of the options that were left open.

    Args:
        request: What was asked, with the usual values in place of what was left open.
        protocol: The space's protocol, or None.
        left_open: Names of the options that were not given.

    Returns:
        The request, and a sentence on what has come of the protocol; "" for nothing.
    """
    said = {} if protocol is None else protocol.options()
    taken: dict[str, Any] = {
        name: value
        for name, value in said.items()
        if all(option in left_open for option in _SETTLED_BY.get(name, (name,)))
    }
    if protocol is None or not taken:
        return request, ""
    budget, trial_budget, data = request.budget, request.trial_budget, request.data
    own = {name: value for name, value in taken.items() if name in ("sampler", "pruner")}
    of_trial = {name: value for name, value in taken.items() if name in ("epochs", "patience")}
    if "trials" in taken:
        budget = SearchBudget(taken["trials"], budget.seconds)
    if "cv" in taken:
        data = replace(data, cv=taken["cv"])
    request = replace(
        request,
        data=data,
        budget=budget,
        trial_budget=replace(trial_budget, **of_trial),
        **own,
    )
    note = f"the space is searched as in {protocol.source}: {written(taken)} (give others)"
    return request, note
