"""Epochs that fit into the time: how many there are, and that nothing is left of the first try."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.metrics import default_objective
from automl.data.task import TaskKind
from automl.space import SearchSpace
from automl.training import trial_progress
from automl.training.checkpoint import read_checkpoint
from automl.training.device_data import DeviceData
from automl.training.epoch_plan import (
    FEWEST_EPOCHS,
    FEWEST_STEPS,
    FITTING_SHARE,
    LEAST_MEASURED,
    EpochPlan,
)
from automl.training.history import read_history
from automl.training.train_trial import train_trial
from automl.trial import (
    CHECKPOINT_FILE,
    Answer,
    EpochReport,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.trial_time import TrialTime
from tests.training.conftest import make_arrays
from tests.training.test_pausing import CASES, CYCLE, HYPERPARAMETERS, graph


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def plan_of(clock: Clock, end: float | None, most: int = 100) -> EpochPlan:
    return EpochPlan(end, most, clock)


@given(
    epoch=st.floats(1.0, 100.0),
    validation=st.floats(0.0, 10.0),
    warm=st.floats(0.0, 5.0),
    left=st.floats(0.0, 5000.0),
)
def test_the_epochs_fit_whatever_the_first_call_took(
    epoch: float, validation: float, warm: float, left: float
) -> None:
    clock = Clock()
    plan = plan_of(clock, end=10.0 + warm + epoch + left)
    clock.now = 10.0 + warm  # building, and the first step
    assert plan.fitting(0.01, validation, 1.0) is None
    clock.now += 0.5 * LEAST_MEASURED
    assert plan.fitting(0.01 + 0.99 * 0.5 * LEAST_MEASURED / epoch, validation, 1.0) is None
    clock.now = 10.0 + warm + epoch * 0.99
    found = plan.fitting(1.0, validation, 1.0)
    assert found is not None and 1 <= found <= 100
    each, room = epoch + validation, FITTING_SHARE * (left + 0.01 * epoch - 1.0)
    assert found * each <= room + 1e-6 or found == 1
    assert (found + 1) * each > room - 1e-6 or found == 100


@given(
    epoch=st.floats(1.0, 100.0),
    share=st.floats(1.0, 2000.0),
    latest=st.floats(1.0, 2000.0),
    steps=st.integers(1, 10_000),
)
def test_where_too_few_epochs_fit_they_may_take_longer(
    epoch: float, share: float, latest: float, steps: int
) -> None:
    def found(latest: float | None, most: int = 100) -> tuple[int, bool]:
        clock = Clock()
        plan = EpochPlan(share, most, clock, latest)
        plan.expect(steps)
        assert plan.fitting(0.01, 0.0, 0.0) is None
        clock.now = 0.5 * epoch
        fits = plan.fitting(0.51, 0.0, 0.0)
        assert fits is not None
        return fits, plan.is_longer

    fewest = min(FEWEST_EPOCHS, -(-FEWEST_STEPS // steps))
    short, is_longer = found(None)
    assert not is_longer
    fits, is_longer = found(latest)
    if latest <= share or short > fewest:
        assert not is_longer
    elif short < fewest:  # of one that is the fewest, it may be that not even it fits
        assert is_longer
    assert short <= fits <= max(short, fewest)
    if is_longer and fits > 1:
        assert fits * epoch <= FITTING_SHARE * (latest - 0.5 * epoch) + 1e-6
    assert found(latest, 2)[0] <= 2


def test_without_a_time_or_a_measure_nothing_is_planned() -> None:
    clock = Clock()
    assert plan_of(clock, None).fitting(0.5, 0.0, 0.0) is None
    assert not plan_of(clock, None).is_open
    plan = plan_of(clock, 5.0)
    assert plan.is_open and plan.fitting(0.0, 0.0, 0.0) is None
    assert plan.fitting(1.0, 0.0, 0.0) == 100  # one call was the whole epoch
    plan.close()
    assert not plan.is_open


class Three(EpochPlan):
    """Finds three epochs as soon as it is asked inside of one, or after it."""

    def fitting(self, done: float, validation: float, after: float) -> int | None:
        return 3 if self.is_open and done else None


def train(
    case: tuple[Any, ...], folder: Path, epochs: int = 8, planned: float | None = None, **more: Any
) -> TrialResult:
    build, config, _ = case
    folder.mkdir(exist_ok=True)
    told: list[int] = more.pop("told", [])
    pause = more.pop("pause", 0)

    def report(report: EpochReport) -> Answer:
        told.append(report.epoch)
        return Answer.PAUSE if report.epoch == pause else Answer.GO_ON

    data = DeviceData.from_arrays(make_arrays(TaskKind.MULTICLASS, rows=90, validation=30))
    budget = TrialBudget(epochs, epochs)
    time = TrialTime(planned=planned, leader_epochs=more.pop("leader_epochs", 0))
    spec = TrialSpec(0, config, 5, budget, time=time, **more)
    return train_trial(
        spec,
        SearchSpace("own", HYPERPARAMETERS, build, inputs="vector"),
        data,
        default_objective(data.task),
        folder / "trials" / "0",
        report,
        lambda: None,
    )


def without_seconds(folder: Path) -> list[dict[str, float]]:
    rows = read_history(folder / "trials" / "0")
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


@pytest.mark.parametrize("name", [*CASES, "rates that do not depend on the length"])
def test_fewer_epochs_are_those_of_a_smaller_budget_to_the_last_bit(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES.get(name, (graph, {"optimizer": "adam", "learning_rate": 0.01}, "compiled"))
    if name in CASES:
        case = (case[0], {**case[1], "schedule": "one_cycle"} if case[1] else {}, case[2])
    told: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(trial_progress, "EpochPlan", Three)
        planned = train(case, tmp_path / "planned", planned=60.0, told=told)
    short = train(case, tmp_path / "short", epochs=3)
    assert (planned.trainer, told) == (case[2], [1, 2, 3])
    assert (planned.planned_epochs, short.planned_epochs) == (3, 0)
    assert without_seconds(tmp_path / "planned") == without_seconds(tmp_path / "short")
    assert planned.model_hash == short.model_hash and planned.score == short.score


def test_a_pause_keeps_how_many_epochs_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = (graph, CYCLE, "compiled")
    with monkeypatch.context() as patched:
        patched.setattr(trial_progress, "EpochPlan", Three)
        paused = train(case, tmp_path / "planned", planned=60.0, pause=2)
    assert paused.state is TrialState.PAUSED
    checkpoint = read_checkpoint(tmp_path / "planned" / paused.checkpoint)
    assert checkpoint.control["epochs"] == 3
    start = f"trials/0/{CHECKPOINT_FILE}"
    gone_on = train(case, tmp_path / "planned", planned=60.0, start=start)
    short = train(case, tmp_path / "short", epochs=3)
    assert gone_on.planned_epochs == 3
    assert replace(gone_on, planned_epochs=0).model_hash == short.model_hash
    assert without_seconds(tmp_path / "planned") == without_seconds(tmp_path / "short")


def test_far_too_few_epochs_are_given_up_beside_a_trial_that_had_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES["compiled"]
    with monkeypatch.context() as patched:
        patched.setattr(trial_progress, "EpochPlan", Three)
        given_up = train(case, tmp_path / "far", epochs=20, planned=60.0, leader_epochs=10)
        others = [
            train(case, tmp_path / str(leader), epochs=20, planned=60.0, leader_epochs=leader)
            for leader in (0, 9)
        ]
    assert (given_up.state, given_up.score, given_up.epochs) == (TrialState.PRUNED, None, 0)
    assert given_up.reason == "it was pruned: only 3 of its epochs would fit into 60 s"
    assert [(one.state, one.epochs) for one in others] == [(TrialState.COMPLETED, 3)] * 2


@pytest.mark.parametrize(
    ("fitting", "steps", "leader", "hopeless"),
    [
        (3, 100, 10, True),
        (4, 100, 10, False),
        (3, 100, 100, True),
        (1, 100, 3, False),  # the best one had few, too
        (1, 100, 4, True),
        (1, 1000, 100, True),  # 4,000 steps are four epochs
        (1, 2000, 100, False),
        (1, 100, 0, False),
    ],
)
def test_how_few_are_far_too_few(fitting: int, steps: int, leader: int, hopeless: bool) -> None:
    plan = plan_of(Clock(), 60.0)
    plan.expect(steps)
    assert plan.is_hopeless(fitting, leader) is hopeless


def test_enough_time_changes_nothing(tmp_path: Path) -> None:
    case = CASES["compiled"]
    planned = train(case, tmp_path / "planned", planned=600.0)
    assert planned.planned_epochs == 0
    train(case, tmp_path / "usual")
    assert without_seconds(tmp_path / "planned") == without_seconds(tmp_path / "usual")
