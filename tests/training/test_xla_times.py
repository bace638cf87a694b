"""What XLA gains in the steps of a model."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.plan import Rows
from automl.data.task import Task, TaskKind
from automl.errors import RunError
from automl.space.registry import find_space
from automl.training import xla_times as file
from automl.training.xla_refusal import UNORDERED_POOLS
from automl.training.xla_times import XlaTimes, _noise, xla_times

IMAGES = InputSignature(0, mean=(127.5,), std=(74.0,), shape=(28, 28, 1), pixel="uint8")
CLASSES = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
NUMBER = Task(TaskKind.REGRESSION, 1, ("y",))
SETTINGS = {"first_filters": 6, "head_width": 84}


def measured(rows: int = 100_000, epochs: int = 50, task: Task = CLASSES, **settings: object):
    space = find_space("lenet5").override({**SETTINGS, **settings})
    return xla_times(space, space.defaults(), task, IMAGES, rows, epochs)


def not_a_number(rows: Rows) -> Rows:
    target = np.full_like(rows.target, np.nan)
    return Rows(rows.inputs, target, target)


@pytest.mark.parametrize("task", [CLASSES, NUMBER])
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_step_is_measured_with_and_without_it(task: Task, policy: str) -> None:
    times = measured(task=task, dtype_policy=policy)
    assert times.plain > 0.0 and times.compiled is not None and times.compiled > 0.0
    assert times.compiling >= file.LEAST_COMPILING
    assert times.gain == times.plain / times.compiled
    assert times.problem == ""


def test_what_it_cannot_compile_is_told() -> None:
    times = measured(augmentation="parts", shift=0.1)
    assert times.problem == "XLA has no ImageProjectiveTransformV3"
    assert times.compiled is None and times.gain == 0.0 and not times.pays


def test_what_changes_batches_is_measured_too() -> None:
    times = measured(augmentation="parts", shift=0.0, flip="none", mixing="mixup")
    assert times.problem.startswith("XLA has no StatelessRandomGamma")


def test_max_pooling_is_not_tried_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "has_gpu", lambda: True)
    assert measured(downsampling="max_pool").problem == UNORDERED_POOLS
    assert measured(downsampling="average_pool").problem == ""


def test_a_loss_that_is_not_finite_ends_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "_noise", lambda *_: not_a_number(_noise(*_)))
    with pytest.raises(RunError, match="nan before it is trained"):
        measured(task=NUMBER)


def test_short_trainings_are_not_compiled_to_see() -> None:
    times = measured(rows=64, epochs=1)
    assert times.plain > 0.0
    assert times == XlaTimes(times.plain)


@pytest.mark.parametrize(
    ("compiled", "compiling", "rows", "seconds", "pays"),
    [
        (0.5, 10.0, 64_000, None, True),  # of 1,000 s 500 are saved
        (0.99, 10.0, 64_000, None, False),
        (1.5, 1.0, 64_000, None, False),
        (0.5, 100.0, 64_000, None, False),
        (0.5, 5.0, 6_400, None, True),
        (0.5, 10.0, 6_400, None, False),
        (0.5, 1.0, 64, None, False),
        (0.5, 10.0, 64_000, 30.0, False),  # a trial may take no longer
    ],
)
def test_it_pays_where_it_saves_more_than_compiling_takes(
    monkeypatch: pytest.MonkeyPatch,
    compiled: float,
    compiling: float,
    rows: int,
    seconds: float | None,
    pays: bool,
) -> None:
    def seconds_of(model: object, noise: object, options: object) -> tuple[float, float]:
        return (compiled, compiling + 2.0) if options.xla else (1.0, 2.0)  # type: ignore[attr-defined]

    monkeypatch.setattr(file, "_measured", seconds_of)
    space = find_space("lenet5").override({**SETTINGS, "batch_size": 64})
    times = xla_times(space, space.defaults(), CLASSES, IMAGES, rows, 1, seconds)
    assert times.pays is pays
