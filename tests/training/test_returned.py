"""What a hypermodel's fit returns: the score where the objective names it, else said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from automl.data.metrics import Objective, default_objective
from automl.data.task import Task, TaskKind
from automl.errors import TrialError
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.returned import Returned, read_returned
from automl.training.train_trial import train_trial
from automl.trial import (
    Answer,
    EpochReport,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from tests.training.conftest import FEATURES

TASK = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
OWN = Objective("mine", "maximize", of_model=True)
ACCURACY = Objective("accuracy", "maximize")
DEFAULT = default_objective(TASK)


@pytest.mark.parametrize(
    ("value", "objective", "score"),
    [
        (0.5, OWN, 0.5),
        (np.float32(0.5), OWN, 0.5),
        (np.array([0.5]), OWN, 0.5),
        ({"mine": 0.5, "other": 2}, OWN, 0.5),
        ({"val_mine": 0.5, "mine": 2}, OWN, 0.5),
        ([0.25, 0.75], OWN, 0.5),
        ([{"mine": 0.25}, {"mine": 0.75}], OWN, 0.5),
        (0.5, ACCURACY, 0.5),
        ({"val_accuracy": 0.5}, ACCURACY, 0.5),
        ({"val_loss": 0.5}, Objective("loss", "minimize"), 0.5),
        ({"log_loss": 0.5}, DEFAULT, 0.5),
        (0.5, DEFAULT, None),  # nobody has said what it is
        ({"other": 0.5}, OWN, None),
        ({"val_loss": 0.5}, ACCURACY, None),
        ("done", OWN, None),
        ("0.5", OWN, None),
        (True, OWN, None),
        ([True, False], OWN, None),
        (np.array([0.25, 0.75]), OWN, None),  # several numbers without a name
        ({"mine": None}, OWN, None),
        ({}, OWN, None),
        ([], OWN, None),
        ((0.25, 0.75), OWN, 0.5),
        ([0.25, {"other": 1}], OWN, None),
        (1 + 2j, OWN, None),
    ],
)
def test_what_is_a_score(value: Any, objective: Objective, score: float | None) -> None:
    found = read_returned(value, objective, TASK, "net")
    assert found.score == score
    if score is None:
        assert "which is not used: trials are ranked by validation" in found.note


HISTORY = SimpleNamespace(history={"val_loss": [1.0]})


@pytest.mark.parametrize("value", [None, HISTORY, [HISTORY, HISTORY], (None,)])
def test_what_says_nothing_more_is_passed_over(value: Any) -> None:
    assert read_returned(value, OWN, TASK, "net") == Returned()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.5, "a number"),
        (np.float32(0.5), "a number"),
        (float("nan"), "a number"),
        ([0.1, 0.2], "a list of 2 (numbers)"),
        ((0.1, "x"), "a tuple of 2 (numbers, a text)"),
        ([HISTORY, 0.5, None], "a list of 3 (History, numbers, None)"),
        ([{"a": 1}, {"a": 2}], "a list of 2 ('a')"),
        ([], "an empty list"),
        ((), "an empty tuple"),
        ({"mse": 1, "mine": 2}, "'mse', 'mine'"),
        ({}, "an empty dictionary"),
        (np.zeros((2, 3)), "an array of shape (2, 3)"),
        ("0.5", "a text"),
        (True, "True"),
        (np.bool_(False), "False"),
        (object(), "an object"),
        ({1.0}, "a set"),
    ],
)
def test_what_is_not_used_is_called_what_it_is(value: Any, told: str) -> None:
    note = read_returned(value, DEFAULT, TASK, "net").note
    assert note.startswith(f"The fit of net returns {told}, which is not used: trials are ranked")


def test_the_mean_of_several_numbers_is_said() -> None:
    found = read_returned([0.25, 0.75], OWN, TASK, "net")
    assert "returns a list of 2 (numbers), whose mean is the score of its trial" in found.note
    assert read_returned([{"mine": 0.25}, {"mine": 0.75}], OWN, TASK, "net").note == ""


def test_a_score_that_is_no_number_fails_the_trial() -> None:
    with pytest.raises(TrialError, match="returned nan as 'mine'"):
        read_returned({"mine": float("nan")}, OWN, TASK, "net")


class Net(keras_tuner.HyperModel):
    """Trains by `Model.fit` and returns what it is told to, given the history."""

    def __init__(self, returns: Callable[[Any], Any], tells: bool = False) -> None:
        super().__init__()
        self.returns, self.tells = returns, tells

    def build(self, hp: Any) -> Any:
        model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp: Any, model: Any, x: Any, y: Any, callbacks: Any, **more: Any) -> Any:
        if not self.tells:
            return self.returns(model.fit(x, y, callbacks=callbacks, **more))
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(3):
            model.train_on_batch(x, y)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"mine": [0.2, 0.9, 0.4][epoch]})
        return self.returns(None)


def train(
    net: Net, data: DeviceData, folder: Path, objective: Objective = OWN
) -> tuple[TrialResult, list[EpochReport]]:
    reports: list[EpochReport] = []
    spec = TrialSpec(0, {}, 3, TrialBudget(3, 9))

    def report(epoch: EpochReport) -> Answer:
        reports.append(epoch)
        return Answer.GO_ON

    space = hyper_space(net)
    return train_trial(spec, space, data, objective, folder, report, lambda: None), reports


@pytest.fixture
def data(toy: Callable[..., DeviceData]) -> DeviceData:
    return toy(TaskKind.MULTICLASS)


def test_a_dictionary_is_the_score_of_the_model_as_the_fit_has_left_it(
    data: DeviceData, tmp_path: Path
) -> None:
    net = Net(lambda history: {"mine": 7.5})
    result, reports = train(net, data, tmp_path)
    assert (result.state, result.score) == (TrialState.COMPLETED, 7.5), result.reason
    assert result.metrics["mine"] == 7.5
    assert reports == []  # nothing to rank by before the end
    assert result.model_hash
    assert result.best_epoch == result.epochs == 3


def test_what_callbacks_are_told_is_the_epoch_s_score(data: DeviceData, tmp_path: Path) -> None:
    result, reports = train(Net(lambda _: None, tells=True), data, tmp_path)
    assert [report.score for report in reports] == pytest.approx([0.2, 0.9, 0.4])
    assert (result.score, result.best_epoch) == (pytest.approx(0.9), 2)
    returned, _ = train(Net(lambda _: 0.7, tells=True), data, tmp_path)
    assert (returned.score, returned.best_epoch) == (0.7, 2)


def test_a_number_under_a_metric_s_name_is_the_score_and_said(
    data: DeviceData, tmp_path: Path
) -> None:
    net = Net(lambda history: max(history.history["val_accuracy"]) / 2)
    result, _ = train(net, data, tmp_path, ACCURACY)
    measured, _ = train(Net(lambda history: history), data, tmp_path, ACCURACY)
    assert result.score == pytest.approx(measured.score / 2)
    assert result.metrics["accuracy"] == result.score
    assert any("which is the score of its trials" in note for note in result.notes)
    assert not any("returns" in note for note in measured.notes)


def test_what_the_objective_does_not_name_is_said(data: DeviceData, tmp_path: Path) -> None:
    net = Net(lambda history: {"mse": 0.1, "mine": 0.2})
    result, _ = train(net, data, tmp_path, DEFAULT)
    plain, _ = train(Net(lambda history: None), data, tmp_path, DEFAULT)
    assert result.score == plain.score
    (note,) = [note for note in result.notes if "returns" in note]
    assert "returns 'mse', 'mine', which is not used" in note


def test_an_objective_that_nobody_tells_fails_the_trial(data: DeviceData, tmp_path: Path) -> None:
    result, _ = train(Net(lambda history: history), data, tmp_path)
    assert result.state is TrialState.FAILED
    assert result.cause is FailureCause.NO_OBJECTIVE
    assert "neither returns 'mine' nor tells its callbacks of it (it returns a History" in (
        result.reason
    )
    assert "its callbacks hear of accuracy, loss" in result.reason
    result, _ = train(Net(lambda history: None), data, tmp_path)
    assert "(it returns nothing, and" in result.reason
