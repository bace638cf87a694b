"""Each metric's names and direction are the libraries', and a user's function is a metric."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import sklearn.metrics as sk

from automl.data.metrics import compute_metrics
from automl.data.task import Task
from automl.errors import RequestError
from automl.vocabulary.directions import MAXIMIZE, MINIMIZE
from automl.vocabulary.metric import Metric
from automl.vocabulary.metrics import METRICS, find_metric, keras_direction, metrics_of
from automl.vocabulary.task_kinds import TaskKind

TRUTH, PREDICTIONS = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [1.0], [2.0]])


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_names_are_the_libraries_own_with_their_direction(metric: Metric) -> None:
    for name in metric.sklearn:
        assert name in sk.get_scorer_names() or callable(getattr(sk, name))
        if name.startswith("neg_"):
            assert metric.direction == MINIMIZE
        elif name in sk.get_scorer_names():
            assert metric.direction == MAXIMIZE
    for name in metric.keras:
        assert keras_direction(name) == metric.direction
        known = {one.lower() for one in (*dir(keras.metrics), *dir(keras.losses))}
        assert name.replace("_", "") in known or name == "acc" or keras.metrics.get(name)


def test_a_spelling_means_one_metric_of_a_task() -> None:
    for kind in TaskKind:
        of_kind = metrics_of(kind)
        for metric in of_kind:
            for name in metric.spellings:
                others = [m.name for m in of_kind if name in m.spellings]
                assert others == [metric.name], (kind, name)


def test_the_default_of_each_task_is_shown_and_light() -> None:
    for kind in TaskKind:
        first = metrics_of(kind)[0]
        assert first.shown and first.every_epoch and first.direction == MINIMIZE


def test_a_function_of_scikit_learns_is_a_metric_with_the_weights_of_rows() -> None:
    metric = Metric("own_mae", sk.mean_absolute_error, MINIMIZE)
    assert metric.kinds == tuple(TaskKind)
    weight = np.array([1.0, 1.0, 2.0])
    for one in (None, weight):
        found = metric.value(TaskKind.REGRESSION, TRUTH, PREDICTIONS, one)
        expected = compute_metrics(Task(TaskKind.REGRESSION, 1, ("y",)), TRUTH, PREDICTIONS, one)[
            "mae"
        ]
        assert found == pytest.approx(expected)


def test_a_function_without_weights_is_refused_rows_that_have_some() -> None:
    metric = Metric("worst", lambda truth, told: np.abs(truth - told).max(), MINIMIZE)
    assert metric.value(TaskKind.REGRESSION, TRUTH, PREDICTIONS, None) == 1.0
    with pytest.raises(RequestError, match="no parameter sample_weight"):
        metric.value(TaskKind.REGRESSION, TRUTH, PREDICTIONS, np.ones(3))


def test_columns_of_one_output_are_flat_and_others_as_they_are() -> None:
    shapes = []

    def seen(truth: np.ndarray, told: np.ndarray) -> float:
        shapes.append((truth.shape, told.shape))
        return 0.0

    metric = Metric("seen", seen, MAXIMIZE)
    metric.value(TaskKind.BINARY, TRUTH, PREDICTIONS, None)
    metric.value(TaskKind.MULTICLASS, np.arange(3), np.eye(3), None)
    assert shapes == [((3,), (3,)), ((3,), (3, 3))]


@pytest.mark.parametrize(
    ("name", "function", "direction", "said"),
    [
        ("", len, MINIMIZE, "needs a name"),
        ("m", len, "down", "minimize or maximize, not 'down'"),
        ("m", 3, MINIMIZE, "needs a function"),
    ],
)
def test_what_is_no_metric_is_refused(name, function, direction, said) -> None:
    with pytest.raises(RequestError, match=said):
        Metric(name, function, direction)


def test_a_number_becomes_part_of_the_name() -> None:
    found = find_metric("FBeta:0.50", TaskKind.MULTICLASS)
    assert found is not None and found.name == "fbeta_macro:0.5" and found.parameter is None
