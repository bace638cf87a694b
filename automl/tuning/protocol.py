"""A request with what was left open as the space's own protocol has it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from automl.space.protocol import Protocol, written
from automl.tuning.budget import SearchBudget
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_folds import FOLD_OPTIONS

#: Options of which any settles what the protocol would say by another.
_SETTLED_BY = {
    "trials": ("trials", "time"),
    "cv": FOLD_OPTIONS,
}


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
