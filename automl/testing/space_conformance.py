"""What every search space must do, the same that `automl spaces check` looks at; to be subclassed.

class TestMySpace(SpaceConformance):
    @classmethod
    def make_space(cls) -> str | SearchSpace:
        return "my_space.py:space"
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from automl.common.carrying import carried
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.engines.space_tracing import locate_space, with_hyperparameters_traced
from automl.engines.warm_processes import warm_processes
from automl.space import SearchSpace
from automl.space.check import check_space
from automl.space.keras_tuner import space_of


class SpaceConformance(ABC):
    """The contract of spaces as tests; see the head of this file.

    Attributes:
        configurations: How many are trained on each task, the defaults first.
    """

    configurations = 3

    @classmethod
    @abstractmethod
    def make_space(cls) -> Any:
        """The space: a reference such as ``"file.py:space"``, or what `automl.search` takes."""

    @pytest.fixture(scope="class")
    @classmethod
    def processes(cls) -> Iterator[Processes]:
        """Where TensorFlow is."""
        with closing(warm_processes()) as processes:
            yield processes

    @pytest.fixture(scope="class")
    @classmethod
    def space(cls, processes: Processes) -> SearchSpace:
        """The space, with its hyperparameters."""
        given = cls.make_space()
        is_named = isinstance(given, str)
        found = locate_space(given, processes) if is_named else space_of(given)
        return with_hyperparameters_traced(found, processes)

    def test_what_is_sampled_is_valid_and_can_be_saved(self, space: SearchSpace) -> None:
        """The builder can be called, each hyperparameter be active, each configuration be read."""
        assert check_space(space)

    def test_a_seed_decides_what_is_sampled(self, space: SearchSpace) -> None:
        """Nothing but the generator decides."""
        one, other = (
            [space.sample(generator) for _ in range(20)]
            for generator in (np.random.default_rng(1), np.random.default_rng(1))
        )
        assert one == other

    def test_defaults_and_samples_are_trained_and_exported(
        self, space: SearchSpace, processes: Processes
    ) -> None:
        """On small tables of each task, or on rows of the form that the model takes."""
        report = run_in_child(
            processes,
            "automl.training.space_check:train_space",
            {
                "reference": space.reference or "",
                "configurations": self.configurations,
                "carried": "" if space.reference else carried(space),
            },
        )
        assert not report["problems"], report["problems"]
        assert report["failed"] == 0, report
