"""Losses, heads and compiled metrics by task."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.heads import add_head, is_head
from automl.models.losses import make_loss, make_metrics

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
MULTICLASS = Task(TaskKind.MULTICLASS, 4, ("y",), ("a", "b", "c", "d"))
MULTILABEL = Task(TaskKind.MULTILABEL, 3, ("a", "b", "c"))
REGRESSION = Task(TaskKind.REGRESSION, 2, ("a", "b"))


@pytest.mark.parametrize(
    ("task", "activation", "loss", "metrics"),
    [
        (BINARY, "sigmoid", "BinaryCrossentropy", ["accuracy"]),
        (MULTICLASS, "softmax", "SparseCategoricalCrossentropy", ["accuracy"]),
        (MULTILABEL, "sigmoid", "BinaryCrossentropy", ["accuracy"]),
        (REGRESSION, "linear", "MeanSquaredError", []),
    ],
)
def test_the_task_decides_head_loss_and_metrics(task, activation, loss, metrics):
    head = add_head(keras.Input((5,)), task)
    layer = head._keras_history.operation
    assert is_head(head)
    assert head.shape == (None, task.outputs)
    assert keras.activations.serialize(layer.activation) == activation
    assert isinstance(layer.kernel_initializer, keras.initializers.GlorotUniform)
    assert not np.any(layer.bias.numpy())
    assert type(make_loss(task, {})).__name__ == loss
    assert [metric.name for metric in make_metrics(task)] == metrics


def test_another_layer_is_no_head():
    assert not is_head(keras.layers.Dense(3)(keras.Input((5,))))


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.1])
def test_smoothed_integer_labels_equal_smoothed_one_hot_labels(smoothing):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 4, 20).astype(np.int32)
    predictions = generator.dirichlet(np.ones(4), 20).astype(np.float32)
    weights = generator.random(20).astype(np.float32)
    loss = make_loss(MULTICLASS, {"label_smoothing": smoothing})
    expected = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    one_hot = np.eye(4, dtype=np.float32)[labels]
    for given in (labels, labels[:, None]):
        assert float(loss(given, predictions, sample_weight=weights)) == pytest.approx(
            float(expected(one_hot, predictions, sample_weight=weights)), rel=1e-5
        )


def test_binary_labels_are_smoothed():
    assert make_loss(BINARY, {"label_smoothing": 0.1}).get_config()["label_smoothing"] == 0.1


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mse", "MeanSquaredError"), ("mae", "MeanAbsoluteError"), ("huber", "Huber")],
)
def test_a_space_may_list_the_regression_loss(name, kind):
    assert type(make_loss(REGRESSION, {"loss": name})).__name__ == kind


def test_an_unknown_regression_loss_is_refused():
    with pytest.raises(SpaceError, match="no regression loss 'hubert'; choose huber"):
        make_loss(REGRESSION, {"loss": "hubert"})
