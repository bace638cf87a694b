"""Samplers and pruners that had another name once, or are no longer: what takes their place."""

from __future__ import annotations

from dataclasses import replace

from automl.tuning.pruners import REMOVED
from automl.tuning.samplers import FORMER
from automl.tuning.search_request import SearchRequest


def with_current_sampler(request: SearchRequest) -> tuple[SearchRequest, str]:
    """The request with its sampler under today's name, and what a person should know, or ""."""
    name = FORMER.get(request.sampler)
    if name is None:
        return request, ""
    note = f"sampler: {request.sampler} is called {name} (--sampler {name})"
    return replace(request, sampler=name), note


def with_current_pruner(request: SearchRequest) -> tuple[SearchRequest, str]:
    """A recorded request with a pruner that there is, and what a person should know, or "".

    A new search is refused what is no longer; a run that has begun with it goes on.
    """
    if request.pruner not in REMOVED:
        return request, ""
    name, why = REMOVED[request.pruner]
    note = f"pruner: the run goes on with {name}, for there is no {request.pruner} any more: {why}"
    return replace(request, pruner=name), note
