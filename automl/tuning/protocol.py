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
) -> SearchRequest:
    """Leaves it to the number of rows whether there are folds, where nobody has said.

    Only where the budget allows them, which is where trials are counted: under a time limit five
    trainings a trial leave fewer trials. A builder in KerasTuner's form may train for hours,
    executions are trainings already, and who shares a study must divide its rows alike. A protocol
    that says nothing of folds means none. Whole searches over folds export the better models on
    small sets (``python -m benchmarks.small_sets``).

    Args:
        request: What was asked, the space's protocol included.
        space: The space.
        left_open: Names of the options that were not given.
    """
    asked = request.data.cv
    is_open = asked is None and all(option in left_open for option in _SETTLED_BY["cv"])
    if asked != BY_SIZE and not (is_open and space.protocol is None):
        return request
    is_counted = (
        request.budget.seconds is None
        and request.trial_budget.seconds is None
        and request.executions_per_trial == 1
    )
    may = is_counted and space.inputs != "array" and request.study is None
    return replace(request, data=replace(request.data, cv=BY_SIZE if may else None))


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
