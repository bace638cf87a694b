"""What every engine must do: a suite for the authors of engines, to be subclassed.

    class TestMyEngine(EngineConformance):  # and so with the others of `automl.testing`
        @classmethod
        def make_engine(cls, workers: int) -> Engine:
            return MyEngine(workers)

The trials are real: small networks on the iris data, and builders that fail in every way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from automl.engines.contract import Engine, Job
from automl.testing.engine_answers import AnswersConformance
from automl.testing.engine_files import FilesConformance
from automl.testing.engine_runs import RunsConformance
from automl.testing.engine_trials import ENDLESS, Seen, make_job, make_spec
from automl.testing.engine_views import ViewsConformance


class EngineConformance(
    RunsConformance, AnswersConformance, ViewsConformance, FilesConformance, ABC
):
    """The contract as tests; see the head of this file."""


class ClosingConformance(ABC):
    """What closing must do; apart, since two engines at once may lack room for their workers."""

    @classmethod
    @abstractmethod
    def make_engine(cls, workers: int) -> Engine:
        """An engine that runs ``workers`` trials at once, not yet open."""

    @pytest.fixture
    def job(self, tmp_path: Path) -> Job:
        return make_job(tmp_path)

    def test_closing_ends_what_runs_without_a_result(self, job: Job) -> None:
        with self.make_engine(2) as engine:
            engine.open(job)
            seen = Seen(engine)
            engine.submit(make_spec(0, epochs=ENDLESS))
            engine.submit(make_spec(1, epochs=ENDLESS, wait=True))
            while not (seen.reports(0) and seen.reports(1)):
                seen.one_more()
            engine.close()
            assert not seen.results()

    def test_closing_comes_at_any_time(self, job: Job) -> None:
        self.make_engine(1).close()
        with self.make_engine(1) as engine:
            engine.open(job)
            engine.submit(make_spec(0, epochs=ENDLESS))
