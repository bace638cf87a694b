"""Early stopping against Keras's callback, and the goal."""

from __future__ import annotations

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.training.early_stopping import EarlyStopping

# Eighths, which Keras's float32 holds exactly too.
eighths = st.integers(-80, 80).map(lambda number: number / 8)
scores = st.lists(eighths, min_size=1, max_size=30)


def follow(stopping, values):
    for epoch, value in enumerate(values, start=1):
        stopping.update(epoch, value)
        if stopping.reason:
            break
    return epoch


@given(scores, st.integers(1, 6), st.integers(0, 8), st.sampled_from(["minimize", "maximize"]))
def test_stops_where_keras_stops(values, patience, delta, direction):
    min_delta = delta / 4
    callback = keras.callbacks.EarlyStopping(
        "score", patience=patience, min_delta=min_delta, mode=direction[:3]
    )
    model = type("Model", (), {"stop_training": False})()
    callback.set_model(model)
    callback.on_train_begin()
    expected = len(values)
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"score": value})
        if model.stop_training:
            expected = epoch + 1
            break
    stopping = EarlyStopping(direction, patience, min_delta)
    assert follow(stopping, values) == expected


@given(scores, st.sampled_from(["minimize", "maximize"]))
def test_the_best_epoch_has_the_best_score(values, direction):
    stopping = EarlyStopping(direction, patience=100, min_delta=5.0)
    follow(stopping, values)
    best = min(values) if direction == "minimize" else max(values)
    assert stopping.best_score == best
    assert stopping.best_epoch == 1 + values.index(best)


def test_tells_which_epoch_is_the_best_so_far():
    stopping = EarlyStopping("minimize", patience=10)
    assert [stopping.update(epoch, score) for epoch, score in enumerate([3, 2, 2, 1.9], 1)] == [
        True,
        True,
        False,
        True,
    ]


def test_nan_never_improves():
    stopping = EarlyStopping("minimize", patience=2)
    assert not stopping.update(1, float("nan"))
    assert stopping.update(2, 1.0)
    assert not stopping.update(3, float("nan"))
    assert (stopping.best_epoch, stopping.reason) == (2, "")


@pytest.mark.parametrize(("direction", "goal"), [("minimize", 0.5), ("maximize", 2.0)])
def test_a_goal_stops_as_soon_as_it_is_reached(direction, goal):
    stopping = EarlyStopping(direction, patience=10, goal=goal)
    values = [1.0, 1.5, 0.8, goal, 1.0]
    assert follow(stopping, values) == 4
    assert stopping.reason == f"it reached the goal of {goal:g} in epoch 4"


def test_patience_of_zero_stops_at_the_first_failure():
    assert follow(EarlyStopping("minimize", 0), [3.0, 2.0, 2.0, 1.0]) == 3


@pytest.mark.parametrize("wrong", [{"patience": -1}, {"patience": 1, "min_delta": -0.1}])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="negative"):
        EarlyStopping("minimize", **wrong)
