"""Folds are left to the rows where they cost little and nobody has said otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from automl.data.request import DataRequest
from automl.space import SearchSpace
from automl.space.keras_tuner import space_of
from automl.space.protocol import Protocol
from automl.space.registry import find_space
from automl.trial import TrialBudget
from automl.tuning.budget import SearchBudget
from automl.tuning.options import SEARCH_OPTIONS
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_folds import with_usual_folds

REQUEST = SearchRequest(DataRequest("iris"))


def cv_of(request: SearchRequest, space: SearchSpace, left_open: Collection[str] = ()) -> Any:
    return with_usual_folds(request, space, left_open)[0].data.cv


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"budget": SearchBudget(10, 60.0)}, "--time is given"),
        ({"trial_budget": TrialBudget(10, 3, seconds=60.0)}, "--trial-time is given"),
        ({"executions_per_trial": 2}, "--executions-per-trial"),
        ({"pruner": "none"}, "--pruner none"),
        ({"storage": "sqlite:///x.db"}, "who shares a study"),
        ({"storage": "sqlite:///x.db", "study": "shared"}, "who shares a study"),
    ],
)
def test_folds_are_left_to_the_rows_where_they_cost_little(
    changes: dict[str, Any], reason: str
) -> None:
    space = find_space("mlp")
    request = replace(REQUEST, data=replace(REQUEST.data, cv="auto"), **changes)
    asked, note = with_usual_folds(request, space)
    assert asked.data.cv == (None if reason else "auto")
    assert reason in note and bool(note) == bool(reason)
    left = replace(request, data=replace(REQUEST.data, cv=None))
    assert with_usual_folds(left, space, SEARCH_OPTIONS) == (asked, "")
    four = replace(request, data=replace(REQUEST.data, cv=4))
    assert with_usual_folds(four, space, SEARCH_OPTIONS) == (four, "")


@pytest.mark.parametrize("given", ["cv", "fold_column", "holdout", "validation"])
def test_who_says_how_rows_validate_has_no_other_folds(given: str) -> None:
    assert cv_of(REQUEST, find_space("mlp"), set(SEARCH_OPTIONS) - {given}) is None


def test_a_protocol_without_folds_means_none() -> None:
    build = find_space("mlp").build
    space = SearchSpace("mlp", [], build, protocol=Protocol("a book", trials=3))
    assert cv_of(REQUEST, space, SEARCH_OPTIONS) is None


def test_a_builder_in_keras_tuner_s_form_validates_once() -> None:
    def build(hp: Any) -> None:
        hp.Int("units", 1, 3)

    assert cv_of(REQUEST, space_of(build), SEARCH_OPTIONS) is None
