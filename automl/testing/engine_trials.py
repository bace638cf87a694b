"""What the suite for engines is made of: its job, its trials, and what an engine tells of them."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.stored import save_views
from automl.engines.contract import (
    Engine,
    EpochFinished,
    Event,
    ExecutionFinished,
    Job,
    SpaceHandle,
    TrialEnded,
)
from automl.space.registry import find_space
from automl.trial import (
    HOLDOUT,
    Answer,
    EpochReport,
    ExecutionReport,
    TrialBudget,
    TrialResult,
    TrialSpec,
)

SPACE = Path(__file__).parent / "faulty_space.py"
ENDLESS = 1_000_000
PATIENCE = 300.0


def make_job(folder: Path) -> Job:
    """A job on the iris data, its run directory below ``folder``."""
    arrays = save_arrays(prepare(DataRequest("iris")), folder / "arrays")
    folds = prepare(DataRequest("iris", cv=3)).folds
    save_views({f"fold-{number}": fold for number, fold in enumerate(folds, 2)}, arrays)
    handle = SpaceHandle.of(find_space(str(SPACE)))
    (folder / "run").mkdir(exist_ok=True)
    objective = Objective("log_loss", "minimize")
    return Job({"search": handle}, arrays, folder / "run", objective, (HOLDOUT, "fold-2", "fold-3"))


def make_spec(
    trial: int | str,
    fault: str = "none",
    epochs: int = 3,
    wait: bool = False,
    keep: float | None = None,
    seconds: float | None = None,
) -> TrialSpec:
    """A trial of a small network, or one that fails as asked."""
    return TrialSpec(
        trial,
        {"fault": fault, "width": 8},
        seed=7,
        budget=TrialBudget(epochs, epochs, seconds=seconds),
        keep_threshold=keep,
        wait_for_answer=wait,
    )


@dataclass
class Seen:
    """What an engine has told so far.

    After an execution a trial goes on, unless something else was said of that one ahead.
    """

    engine: Engine
    events: list[Event] = field(default_factory=list)
    after: dict[tuple[int | str, int], Answer | None] = field(default_factory=dict)

    def one_more(self) -> list[Event]:
        """Waits for at least one event and gives the new ones."""
        deadline = time.monotonic() + PATIENCE
        while not (new := self.engine.events(0.5)):
            assert time.monotonic() < deadline, f"nothing more after {self.events}"
        self.events += new
        for report in (event for event in new if isinstance(event, ExecutionFinished)):
            answer = self.after.get((report.trial, report.report.number), Answer.GO_ON)
            if answer is not None:
                self.engine.answer(report.trial, answer)
        return new

    def until_ended(self, *trials: int | str) -> list[TrialResult]:
        """Waits for the ends of trials and gives their results."""
        while not set(trials) <= set(self.results()):
            self.one_more()
        return [self.results()[trial] for trial in trials]

    def results(self) -> dict[int | str, TrialResult]:
        return {e.trial: e.result for e in self.events if isinstance(e, TrialEnded)}

    def executions(self, trial: int | str) -> list[ExecutionReport]:
        told = [event for event in self.events if isinstance(event, ExecutionFinished)]
        return [event.report for event in told if event.trial == trial]

    def reports(self, trial: int | str) -> list[EpochReport]:
        return [e.report for e in self.events if isinstance(e, EpochFinished) and e.trial == trial]


class EngineSuite(ABC):
    """An engine that is open for the tests of a class."""

    @classmethod
    @abstractmethod
    def make_engine(cls, workers: int) -> Engine:
        """An engine that runs ``workers`` trials at once, not yet open."""

    @pytest.fixture(scope="class")
    @classmethod
    def job(cls, tmp_path_factory: pytest.TempPathFactory) -> Job:
        return make_job(tmp_path_factory.mktemp("job"))

    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, job: Job) -> Iterator[Engine]:
        with cls.make_engine(2) as engine:
            engine.open(job)
            yield engine

    @pytest.fixture
    def seen(self, opened: Engine) -> Seen:
        return Seen(opened)
