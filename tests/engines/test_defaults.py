"""A space's defaults are built before a run is made: what is wrong is told at once."""

from __future__ import annotations

from typing import Any

import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.defaults import check_defaults
from automl.engines.processes import Processes
from automl.errors import SpaceError
from automl.space import Choice, SearchSpace
from automl.space.registry import find_space


def build(config: Any, inputs: Any, task: Any) -> Any:
    """Fails in the way that the configuration says."""
    import os

    import keras

    match config.fault:
        case "raise":
            raise ValueError("boom")
        case "nothing":
            return None
        case "shape":
            return keras.Model(inputs, keras.layers.Dense(7)(inputs))
        case "exit":
            os._exit(7)
    return keras.layers.Dense(4)(inputs)


def space(fault: str) -> SearchSpace:
    return SearchSpace("mine", [Choice("fault", [fault, "another"])], build)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("raise", "ValueError: boom"), ("nothing", "nothing"), ("shape", r"shape \(None, 7\)")],
)
def test_a_wrong_builder_is_told_with_the_way_out(
    fault: str, words: str, processes: Processes
) -> None:
    data = prepare(DataRequest("iris"))
    with pytest.raises(SpaceError, match=words) as told:
        check_defaults(space(fault), data.task, data.plan.signature, processes)
    assert "'mine'" in str(told.value)
    assert "correct it" in str(told.value)


@pytest.mark.parametrize("fault", ["none", "exit"])
def test_what_may_be_the_trial_s_own_bad_luck_is_left_to_the_trial(
    fault: str, processes: Processes
) -> None:
    data = prepare(DataRequest("iris"))
    check_defaults(space(fault), data.task, data.plan.signature, processes)


def test_a_file_is_named_with_its_line(tmp_path: Any, processes: Processes) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from automl.space import Int, SearchSpace\n"
        "def build(config, inputs, task):\n"
        "    return config.width / 0\n"
        'space = SearchSpace("mine", [Int("width", 1, 2)], build)\n'
    )
    data = prepare(DataRequest("iris"))
    with pytest.raises(SpaceError, match=r"line 3: ZeroDivisionError.*spaces check .*mine\.py"):
        check_defaults(find_space(str(file)), data.task, data.plan.signature, processes)
