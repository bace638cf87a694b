"""The suite for spaces: our own pass it, by name, as an object and in KerasTuner's form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from automl.engines.processes import Processes
from automl.space import Int, SearchSpace
from automl.testing.space_conformance import SpaceConformance
from tests.lent import lending


@pytest.fixture(scope="module", autouse=True)
def lent(kept_processes: Processes) -> Iterator[None]:
    with lending(kept_processes):
        yield


class TestLinear(SpaceConformance):
    configurations = 2

    @classmethod
    def make_space(cls) -> Any:
        return "linear"


def wide(config: Any, inputs: Any, task: Any) -> Any:
    import keras

    if config.width > 8:
        raise ValueError("too wide")
    return keras.layers.Dense(config.width)(inputs)


class TestOwn(SpaceConformance):
    configurations = 1

    @classmethod
    def make_space(cls) -> Any:
        return SearchSpace("own", [Int("width", 1, 8)], wide)


class TestWrong(SpaceConformance):
    """One that the suite finds to be wrong."""

    @classmethod
    def make_space(cls) -> Any:
        return SearchSpace("wrong", [Int("width", 1, 64, default=9)], wide)

    def test_defaults_and_samples_are_trained_and_exported(
        self, space: Any, processes: Any
    ) -> None:
        with pytest.raises(AssertionError, match="too wide"):
            super().test_defaults_and_samples_are_trained_and_exported(space, processes)


class TestBuilder(SpaceConformance):
    configurations = 1

    @classmethod
    def make_space(cls) -> Any:
        def build(hp: Any) -> Any:
            import keras

            layers = [keras.layers.Dense(hp.Int("units", 1, 4)), keras.layers.Dense(1)]
            model = keras.Sequential([keras.Input((2,)), *layers])
            model.compile("adam", "mse")
            return model

        return build
