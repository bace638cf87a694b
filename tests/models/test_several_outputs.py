"""Several outputs of a model become one: its order, its losses and their weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.several_outputs import joined_outputs

X = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32)


def task(*targets: str) -> Task:
    return Task(TaskKind.REGRESSION, len(targets), targets)


def model(**compiled: Any) -> Any:
    inputs = keras.Input((3,))
    outputs = {"b": keras.layers.Dense(2, name="b")(inputs), "a": keras.layers.Dense(1)(inputs)}
    made = keras.Model(inputs, outputs)
    if compiled:
        made.compile("sgd", **compiled)
    return made


def test_the_outputs_stand_side_by_side_as_they_are_written_or_as_the_targets_are_called() -> None:
    inputs = keras.Input((3,))
    layers = [keras.layers.Dense(1, name=name) for name in ("b", "a")]
    plain = keras.Model(inputs, [layer(inputs) for layer in layers])
    for targets, order in ((("x", "y"), "ba"), (("a", "b"), "ab")):
        told = joined_outputs("mine", plain, task(*targets)).predict(X, verbose=0)
        own = dict(zip("ba", plain.predict(X, verbose=0), strict=True))
        np.testing.assert_allclose(told, np.hstack([own[name] for name in order]), rtol=1e-5)


@pytest.mark.parametrize(
    ("compiled", "weights"),
    [
        ({"loss": "mse"}, (1.0, 1.0)),
        ({"loss": {"a": "mae", "b": "mse"}, "loss_weights": {"a": 3.0}}, (1.0, 3.0)),
        ({"loss": {"b": keras.losses.MeanSquaredError()}}, (1.0, 0.0)),
    ],
)
def test_losses_are_added_by_their_weights(compiled: Any, weights: tuple[float, float]) -> None:
    made = model(**compiled)
    joined = joined_outputs("mine", made, task("x", "y", "z"))
    own = made.predict(X, verbose=0)
    names = list(own)
    columns = {"b": Y[:, :2], "a": Y[:, 2:]} if names == ["b", "a"] else {}
    columns = columns or {"a": Y[:, :1], "b": Y[:, 1:]}
    error = {name: own[name] - columns[name] for name in own}
    loss = compiled["loss"]
    is_mae = isinstance(loss, dict) and loss.get("a") == "mae"
    of_a = np.mean(np.abs(error["a"])) if is_mae else np.mean(error["a"] ** 2)
    expected = weights[0] * np.mean(error["b"] ** 2) + weights[1] * of_a
    assert joined.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert joined.optimizer is made.optimizer


class Stepped(keras.Model):
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


def test_what_cannot_be_joined_is_refused() -> None:
    inputs = keras.Input((3,))
    two = [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)]
    with pytest.raises(SpaceError, match="has 2 outputs, and a search trains one"):
        joined_outputs("mine", Stepped(inputs, two), task("a", "b"))
    labels = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
    with pytest.raises(SpaceError, match="where these are numbers"):
        joined_outputs("mine", keras.Model(inputs, two), labels)
    block = keras.layers.Reshape((1, 1))(two[0])
    with pytest.raises(SpaceError, match=r"an output of shape \(None, 1, 1\)"):
        joined_outputs("mine", keras.Model(inputs, [two[1], block]), task("a", "b"))
