"""A trial's limits: what is cut inside its first epoch is scored, what is too late is not."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.space import Choice, Float, SearchSpace
from automl.training.deadline import Deadline
from automl.training.timings import Timings
from automl.training.train_trial import train_trial
from automl.training.trial_progress import TrialProgress
from automl.trial import (
    SEARCH_OVER,
    Answer,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
    Verdict,
)
from automl.trial_time import TrialTime


class Slow(keras.Model):
    """Takes 20 ms a step, so that an epoch of 150 rows in batches of one takes 3 s."""

    def train_step(self, data: Any) -> Any:
        Taken.clock.now += 0.02
        return super().train_step(data)


class Taken:
    """The clock that building and training move on, and the seconds of building."""

    clock: Any = SimpleNamespace(now=0.0)
    building = 0.0


def build(config: Any, inputs: Any, task: Any) -> Any:
    Taken.clock.now += Taken.building
    x = keras.layers.Dense(8, activation="relu")(inputs.numeric)
    outputs = keras.layers.Dense(task.outputs, activation="softmax")(x)
    model = Slow(inputs.tensors, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    return model


SPACE = SearchSpace(
    "slow", [Float("rate", 0.0, 1.0, default=0.5), Choice("batch_size", [1])], build, inputs="table"
)


def spec(seconds: float | None = None, **time: float) -> TrialSpec:
    budget = TrialBudget(5, 5, seconds=seconds)
    return TrialSpec(0, {"batch_size": 1}, seed=0, budget=budget, time=TrialTime(**time))


@pytest.fixture
def run(toy: Any, tmp_path: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Taken, "clock", clock)

    def run(interrupted: Any = lambda: None, **limits: Any) -> TrialResult:
        data = toy()
        objective = default_objective(data.task)
        return train_trial(
            spec(**limits), SPACE, data, objective, tmp_path, lambda _: Answer.GO_ON, interrupted
        )

    return run


def test_a_trial_takes_longer_than_its_share_where_too_few_epochs_fit_into_it(run: Any) -> None:
    share = {"share": 9.0, "planned": 9.0}
    short, longer = run(**share), run(**share, most=15.0)
    assert short.planned_epochs == short.epochs < longer.planned_epochs == longer.epochs < 5
    whole = run(**share, most=60.0)  # its five epochs, and no more than they take
    assert (whole.epochs, whole.planned_epochs) == (5, 0)
    assert {one.state for one in (short, longer, whole)} == {TrialState.COMPLETED}


def test_cut_inside_its_first_epoch_a_trial_is_scored_with_the_weights_it_has(
    run: Any, tmp_path: Any
) -> None:
    result = run(seconds=2.0)
    assert result.state is TrialState.COMPLETED, result.reason
    assert (result.epochs, result.best_epoch) == (0, 0)
    assert result.verdict is Verdict.UNFINISHED
    assert result.reason.startswith("it reached its time limit of 2 s after ")
    assert result.reason.endswith("% of its first epoch")
    assert result.metrics["log_loss"] == result.score
    assert result.model_hash
    assert (tmp_path / "model.keras").exists()
    assert len(np.load(tmp_path / "check.npy")) == 9
    assert not (tmp_path / "history.csv").exists()


def test_the_end_of_the_search_cuts_a_trial_that_has_no_limit_of_its_own(run: Any) -> None:
    result = run(left=2.0)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.reason.startswith(f"{SEARCH_OVER} after ")
    assert run(seconds=1.9, left=9.0).reason.startswith("it reached its time limit")


def test_an_interruption_inside_the_first_epoch_is_scored_too(run: Any) -> None:
    result = run(interrupted=lambda: SEARCH_OVER)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.reason.startswith(f"{SEARCH_OVER} after ")


def test_a_limit_that_ends_before_the_first_step_fails_the_trial(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Taken, "building", 0.6)
    result = run(seconds=1e-3)
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.TIME_LIMIT)
    assert (result.score, result.model_hash) == (None, "")


def test_without_a_limit_nothing_is_ever_late(toy: Any) -> None:
    data = toy()
    deadline = Deadline(spec(), time.perf_counter() - 1e6, data.train, data.validation)
    deadline.validated(1e6)
    assert not deadline.passed(scored=False)
    assert not deadline.wants_probe()
    assert not deadline.too_late_to_score()
    assert deadline.training_rows() is data.train


def test_what_validation_and_saving_take_is_kept_back(toy: Any) -> None:
    data = toy()

    def passed(validation: float, parameters: int, scored: bool) -> bool:
        deadline = Deadline(spec(60.0), time.perf_counter(), data.train, data.validation)
        deadline.begin(parameters)
        deadline.validated(validation)
        return bool(deadline.passed(scored))

    assert not passed(1.0, 1000, scored=False)
    assert passed(100.0, 1000, scored=False)
    assert not passed(20.0, 1000, scored=True)
    assert passed(1.0, 1_000_000_000, scored=True)


def test_what_the_best_model_needs_after_the_search_is_kept_back_too(toy: Any) -> None:
    data = toy()

    def passed(budget: TrialSpec, parameters: int = 1000, test_rows: int = 0) -> str:
        now = time.perf_counter()
        deadline = Deadline(budget, now, data.train, data.validation, test_rows)
        deadline.begin(parameters)
        deadline.validated(0.1)
        return deadline.passed(scored=True)

    large, hours = 120_000_000, 100 * 60 * 60
    assert not passed(spec(left=15.0))
    assert passed(spec(left=15.0), parameters=large) == SEARCH_OVER  # 8 to save, 7.5 for after
    assert not passed(spec(seconds=15.0), parameters=large)
    assert not passed(spec(left=60.0), parameters=large)
    # What is kept back for the best trial so far is there for this one too.
    assert not passed(spec(left=15.0, kept_back=12.0), parameters=large)
    assert passed(spec(left=15.0, kept_back=1.0), parameters=large) == SEARCH_OVER
    # However many test rows there are, the trial gets half of what is left.
    rows = len(data.validation) * hours
    assert not passed(spec(left=20.0), test_rows=rows)
    started_late = time.perf_counter() - 11.0
    deadline = Deadline(spec(left=20.0), started_late, data.train, data.validation, rows)
    deadline.begin(1000)
    deadline.validated(0.1)
    assert not deadline.passed(scored=True)
    assert deadline.test_seconds() == pytest.approx(0.1 * hours, rel=0.01)
    assert deadline.export_seconds() == pytest.approx(1e-4)


def test_a_slow_model_is_probed_with_few_rows(toy: Any) -> None:
    data = toy(rows=5000)

    def probed(seconds: float) -> list[int]:
        deadline = Deadline(spec(5.0), time.perf_counter(), data.train, data.train)
        asked: list[int] = []

        def evaluate(rows: Any) -> None:
            asked.append(len(rows))
            time.sleep(seconds)

        deadline.probe(evaluate)
        assert not deadline.wants_probe()
        return asked

    assert probed(0.0) == [64, 64, 1024, 1024]
    assert probed(0.02) == [64, 64]


def test_a_validation_longer_than_the_limit_is_not_begun(toy: Any) -> None:
    data = toy()
    deadline = Deadline(spec(5.0), time.perf_counter(), data.train, data.validation)
    deadline.validated(100.0)
    assert "one pass over the validation rows takes 1e+02 s" in deadline.too_late_to_score()


def test_where_time_is_short_a_sample_of_the_training_rows_is_scored(toy: Any) -> None:
    data = toy(rows=5000, weighted=True)
    deadline = Deadline(spec(5.0), time.perf_counter(), data.train, data.validation)
    deadline.validated(1e-4)
    assert deadline.training_rows() is data.train
    deadline.validated(60.0)
    chosen = deadline.training_rows()
    assert 1024 <= len(chosen) < 5000
    truth = data.train.rows.truth
    where = [
        int(np.flatnonzero((data.train.rows.inputs["numeric"] == row).all(1))[0])
        for row in chosen.rows.inputs["numeric"][:20]
    ]
    assert where == sorted(where)
    assert np.array_equal(chosen.rows.truth[:20], truth[where])
    assert np.array_equal(chosen.inputs["numeric"][:20], data.train.rows.inputs["numeric"][where])
    assert np.array_equal(chosen.weight[:20], data.train.rows.weight[where])


def test_some_rows_are_taken_as_they_are(toy: Any) -> None:
    rows = toy().train
    some = rows.at(np.array([3, 5]))
    assert len(some) == 2
    assert np.array_equal(some.target, rows.rows.target[[3, 5]])
    assert some.weight is None


def test_a_trial_that_has_diverged_gets_no_score(toy: Any) -> None:
    data = toy()
    progress = TrialProgress(
        spec(5.0),
        data,
        default_objective(data.task),
        lambda _: Answer.GO_ON,
        lambda: None,
        Timings(),
    )
    progress.diverged(1, 1, float("nan"))
    progress.score_unfinished()
    assert progress.stopping.best_score is None


class StoppedOnce:
    """The clocks of a process that is stopped for an hour just before one of their readings."""

    def __init__(self, stopped_at: int) -> None:
        self.now, self.computed, self.reads, self._stopped_at = 100.0, 5.0, 0, stopped_at

    def _read(self) -> None:
        self.reads += 1
        self.now += 3600.0 if self.reads == self._stopped_at else 0.0

    def perf_counter(self) -> float:
        self._read()
        return self.now

    def process_time(self) -> float:
        self._read()
        return self.computed

    def compute(self, seconds: float) -> None:
        self.now, self.computed = self.now + seconds, self.computed + seconds


def test_wherever_a_process_is_stopped_its_trial_does_not_pay_for_it(
    monkeypatch: pytest.MonkeyPatch, toy: Any
) -> None:
    data = toy()
    for stopped_at in range(1, 40):
        clock = StoppedOnce(stopped_at)
        monkeypatch.setattr(
            "automl.training.deadline.time",
            SimpleNamespace(perf_counter=clock.perf_counter, process_time=clock.process_time),
        )
        deadline = Deadline(spec(seconds=4.0), clock.now, data.train, data.validation)
        reasons = []
        for epoch in range(3):
            clock.compute(0.5)
            reasons.append(deadline.passed(scored=epoch > 0))
            if epoch == 0:
                deadline.probe(lambda _, clock=clock: clock.compute(1e-3))
            reasons.append(deadline.passed(scored=epoch > 0, also_validates=True))
            clock.now += 7.0  # the driver's seconds
            deadline.excuse(7.0)
            reasons.append(deadline.too_late_to_score())
        assert reasons == [""] * 9, stopped_at
        assert len(deadline.training_rows()) == len(data.train)
        clock.compute(3.0)
        assert deadline.passed(scored=True) == "it reached its time limit of 4 s"
    assert clock.reads < 39  # each reading was the one
