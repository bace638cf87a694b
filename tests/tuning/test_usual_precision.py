"""Image models are trained in bfloat16 where this machine is faster in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from automl.data.request import DataRequest
from automl.engines.devices import Devices
from automl.engines.warm_processes import warm_processes
from automl.errors import RunError
from automl.space import Choice, SearchSpace
from automl.space.protocol import Protocol
from automl.space.registry import find_space
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_precision import LEAST_GAIN, measured_gain, with_usual_precision

REQUEST = SearchRequest(DataRequest("x.npz"))


def never() -> float:
    raise AssertionError("measured")


def test_it_is_taken_where_it_is_faster_and_said() -> None:
    space = find_space("fastcnn")
    request, note = with_usual_precision(REQUEST, space, lambda: 1.75)
    assert request == replace(REQUEST, settings={"dtype_policy": "mixed_bfloat16"})
    assert "1.8 times" in note and "--set dtype_policy=float32" in note
    [settled] = (one for one in space.override(request.settings).hyperparameters
                 if one.name == "dtype_policy")  # fmt: skip
    assert settled.default == "mixed_bfloat16"


@pytest.mark.parametrize("gain", [0.6, 1.0, LEAST_GAIN - 0.01])
def test_it_is_not_where_the_gain_is_small(gain: float) -> None:
    assert with_usual_precision(REQUEST, find_space("image"), lambda: gain) == (REQUEST, "")


def test_what_cannot_be_measured_is_said_and_ends_no_search() -> None:
    def fails() -> float:
        raise RunError("the process has died")

    request, note = with_usual_precision(REQUEST, find_space("image"), fails)
    assert request == REQUEST
    assert "float32" in note and "the process has died" in note


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"dtype_policy": "float32"}},
        {"settings": {"dtype_policy": ["float32", "mixed_bfloat16"]}},
        {"hyperparameters": ({"name": "dtype_policy"},)},
        {"storage": "sqlite:///x.db"},
        {"engine": "ray"},
        {"callbacks": ("Own",)},
    ],
)
def test_nothing_is_measured_where_it_is_settled_or_computed_elsewhere(
    changes: dict[str, Any],
) -> None:
    request = replace(REQUEST, **changes)
    assert with_usual_precision(request, find_space("image"), never) == (request, "")


def test_nor_where_the_space_has_no_such_choice_or_a_protocol() -> None:
    image = find_space("fastcnn")
    with_protocol = SearchSpace(
        "own", image.hyperparameters, image.build, inputs="image", protocol=Protocol("own")
    )
    narrowed = image.override({"dtype_policy": "float32"})
    own = SearchSpace("own", [Choice("dtype_policy", ["float32"])], image.build, inputs="image")
    for space in (find_space("mlp"), with_protocol, narrowed, own):
        assert with_usual_precision(REQUEST, space, never) == (REQUEST, "")


def test_this_machine_measures_it() -> None:
    processes = warm_processes()
    try:
        assert measured_gain(Devices(2), processes) > 0.0
    finally:
        processes.close()
