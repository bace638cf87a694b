"""XLA compiles the steps of trials on a GPU where that was measured to pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from automl.data.request import DataRequest
from automl.engines.devices import Devices
from automl.errors import RunError
from automl.space import Boolean, SearchSpace
from automl.space.registry import find_space
from automl.trial import TrialBudget
from automl.tuning.budget import SearchBudget
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_compilation import (
    LEAST_TIME,
    seconds_to_measure,
    training_to_gain,
    with_usual_compilation,
)

REQUEST = SearchRequest(DataRequest("x.npz"), budget=SearchBudget(None, 3600.0))
SPACE = find_space("resnet")
GPU = Devices(1, gpus=1)
FOUND = {"pays": True, "gain": 1.42, "compiling": 11.6, "problem": ""}


def never() -> Mapping[str, Any]:
    raise AssertionError("measured")


def test_it_does_where_it_pays_and_that_is_said() -> None:
    request, note = with_usual_compilation(REQUEST, SPACE, GPU, lambda: FOUND)
    assert request == replace(REQUEST, settings={"jit_compile": True})
    assert "1.4 times" in note and "12 s" in note and "--set jit_compile=false" in note
    assert SPACE.override(request.settings).defaults()["jit_compile"] is True


def test_it_does_not_where_it_does_not_pay() -> None:
    found = {**FOUND, "pays": False}
    assert with_usual_compilation(REQUEST, SPACE, GPU, lambda: found) == (REQUEST, "")


def test_what_cannot_be_compiled_or_measured_is_said_and_ends_no_search() -> None:
    def fails() -> Mapping[str, Any]:
        raise RunError("the process has died")

    found = {**FOUND, "pays": False, "problem": "XLA has no SuchOp"}
    request, note = with_usual_compilation(REQUEST, SPACE, GPU, lambda: found)
    assert request == REQUEST and "XLA has no SuchOp" in note
    request, note = with_usual_compilation(REQUEST, SPACE, GPU, fails)
    assert request == REQUEST and "the process has died" in note


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"jit_compile": False}},
        {"settings": {"jit_compile": True}},
        {"hyperparameters": ({"name": "jit_compile"},)},
        {"storage": "sqlite:///x.db"},
        {"engine": "ray"},
        {"callbacks": ("Own",)},
        {"budget": SearchBudget(None, LEAST_TIME - 1.0)},
    ],
)
def test_nothing_is_measured_where_it_is_settled_or_too_short(changes: dict[str, Any]) -> None:
    request = replace(REQUEST, **changes)
    assert with_usual_compilation(request, SPACE, GPU, never) == (request, "")


def test_nor_on_cores_nor_of_spaces_without_it() -> None:
    assert with_usual_compilation(REQUEST, SPACE, Devices(2), never) == (REQUEST, "")
    assert with_usual_compilation(REQUEST, find_space("mlp"), GPU, never) == (REQUEST, "")


def test_nor_of_spaces_that_are_not_of_images() -> None:
    own = SearchSpace("own", [Boolean("jit_compile")], SPACE.build, inputs="array")
    assert with_usual_compilation(REQUEST, own, GPU, never) == (REQUEST, "")


def test_measuring_takes_a_small_share_of_a_search() -> None:
    assert seconds_to_measure(replace(REQUEST, budget=SearchBudget(None, 600.0))) == 30.0
    assert seconds_to_measure(REQUEST) == seconds_to_measure(
        replace(REQUEST, budget=SearchBudget(30, None))
    )


def test_a_search_without_an_end_in_time_is_long_enough() -> None:
    endless = replace(REQUEST, budget=SearchBudget(30, None))
    request, _ = with_usual_compilation(endless, SPACE, GPU, lambda: FOUND)
    assert request.settings == {"jit_compile": True}


def test_compiling_has_to_pay_within_the_time_of_a_trial() -> None:
    budget = TrialBudget(epochs=40, patience=5)
    request = replace(REQUEST, trial_budget=budget)
    two = Devices(2, gpus=2)
    assert training_to_gain(request, 500, two) == {"rows": 500, "epochs": 40, "seconds": 900.0}
    capped = replace(request, trial_budget=replace(budget, seconds=60.0))
    assert training_to_gain(capped, 500, two)["seconds"] == 60.0
    folds = replace(request, data=replace(request.data, cv=5))
    assert training_to_gain(folds, 500, two)["seconds"] == 180.0
    endless = replace(request, budget=SearchBudget(30, None))
    assert training_to_gain(endless, 500, two)["seconds"] is None
