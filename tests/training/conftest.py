"""Small data sets, models and courses for the training tests."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from automl.data.arrays import Arrays
from automl.data.kinds.table.features import NumericFeature
from automl.data.kinds.table.plan import TablePlan
from automl.data.plan import PreprocessingPlan, Rows, TargetScale
from automl.data.task import Task, TaskKind
from automl.training.device_data import DeviceData

FEATURES = 6


@dataclass
class PlainCourse:
    """A control that only follows; `end` may end it."""

    rows: int
    epochs: int
    steps: int = 0
    seed: int = 0
    rate: float | None = None
    momentum: float | None = None
    end: Callable[[int], bool] = lambda epoch: True
    logs: list[dict[str, float]] = field(default_factory=list)
    lost: list[tuple[int, int, float]] = field(default_factory=list)
    asked: int = 0
    first_epoch: int = 1
    stop: Callable[[int], bool] = lambda asked: False

    def order(self, epoch: int) -> Any:
        generator = np.random.default_rng((self.seed, epoch))
        return generator.permutation(self.rows).astype(np.int32)

    def rates(self, epoch: int) -> Any:
        if self.rate is None:
            return None
        steps = np.arange(self.steps) + self.steps * (epoch - 1)
        return (self.rate / (1.0 + 0.1 * steps)).astype(np.float32)

    def momenta(self, epoch: int) -> Any:
        if self.momentum is None:
            return None
        return np.linspace(self.momentum, self.momentum / 2, self.steps).astype(np.float32)

    def should_stop(self, done: float = 0.0) -> bool:
        self.asked += 1
        return self.stop(self.asked)

    def diverged(self, epoch: int, step: int, loss: float) -> None:
        self.lost.append((epoch, step, loss))

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> bool:
        self.logs.append(dict(logs))
        return self.end(epoch)


def _task(kind: TaskKind) -> Task:
    if kind is TaskKind.BINARY:
        return Task(kind, 1, ("y",), (0, 1))
    if kind is TaskKind.MULTICLASS:
        return Task(kind, 3, ("y",), ("a", "b", "c"))
    return Task(kind, 2, ("y", "z"))


def make_arrays(
    kind: TaskKind = TaskKind.MULTICLASS,
    rows: int = 150,
    validation: int = 60,
    weighted: bool = False,
    seed: int = 0,
) -> Arrays:
    """A learnable toy task with numeric columns only."""
    generator = np.random.default_rng(seed)
    total = rows + validation
    x = generator.normal(size=(total, FEATURES)).astype(np.float32)
    scores = x @ generator.normal(size=(FEATURES, 3)) + 0.3 * generator.normal(size=(total, 3))
    scale = TargetScale()
    if kind is TaskKind.MULTICLASS:
        target: Any = scores.argmax(axis=1).astype(np.int32)
        truth: Any = target
    elif kind is TaskKind.REGRESSION:
        truth = 100.0 + 20.0 * scores[:, :2]
        scale = TargetScale(tuple(truth.mean(axis=0)), tuple(truth.std(axis=0)))
        target = ((truth - truth.mean(axis=0)) / truth.std(axis=0)).astype(np.float32)
    else:
        width = 1 if kind is TaskKind.BINARY else 2
        target = truth = (scores[:, :width] > 0.0).astype(np.float32)
    weight = generator.uniform(0.2, 2.0, total).astype(np.float32) if weighted else None
    features = tuple(
        NumericFeature(name=f"x{i}", fill=0.0, mean=0.0, std=1.0, indicator=False)
        for i in range(FEATURES)
    )
    plan = PreprocessingPlan(inputs=TablePlan(features), target_scale=scale)

    def part(chosen: slice) -> Rows:
        return Rows(
            {"numeric": x[chosen]},
            target[chosen],
            truth[chosen],
            None if weight is None else weight[chosen],
        )

    return Arrays(
        task=_task(kind),
        plan=plan,
        train=part(slice(0, rows)),
        validation=part(slice(rows, None)),
        test=None,
        check_positions=np.arange(0, validation, 7),
        validation_positions=np.arange(rows, rows + validation),
    )


@pytest.fixture(scope="session", autouse=True)
def frozen_imports() -> Iterator[None]:
    """Keeps the imported packages out of the collections after each trial, as a worker does."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def arrays() -> Callable[..., Arrays]:
    return make_arrays


@pytest.fixture
def toy() -> Callable[..., DeviceData]:
    return lambda *args, **kwargs: DeviceData.from_arrays(make_arrays(*args, **kwargs))


@pytest.fixture
def control() -> type[PlainCourse]:
    return PlainCourse


class Passing:
    """A clock on which time passes by being looked at, and by what a test adds; none is waited for.

    Attributes:
        now: Seconds.
        step: Seconds that pass with each look.
    """

    def __init__(self) -> None:
        self.now, self.step = 1000.0, 0.0

    def look(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Passing:
    """The clock of all that watches a trial's limits, in place of the machine's."""
    made = Passing()
    names = ("perf_counter", "process_time", "monotonic")
    time = SimpleNamespace(**dict.fromkeys(names, made.look))
    for module in ("timings", "deadline", "trial_progress", "fallback"):
        monkeypatch.setattr(f"automl.training.{module}.time", time)
    return made
