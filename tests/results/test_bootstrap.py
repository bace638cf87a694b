"""Bootstrap intervals hold what they say, for every metric, with weights and without."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from automl.data.metrics import compute_metric, rows_of_metric
from automl.data.task import Task, TaskKind
from automl.results.bootstrap import bootstrap_difference, bootstrap_interval
from automl.vocabulary.metric import Metric
from automl.vocabulary.metrics import metrics_of

TASKS = {
    TaskKind.BINARY: Task(TaskKind.BINARY, 1, ("y",), (0, 1)),
    TaskKind.MULTICLASS: Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c")),
    TaskKind.MULTILABEL: Task(TaskKind.MULTILABEL, 2, ("a", "b")),
    TaskKind.REGRESSION: Task(TaskKind.REGRESSION, 2, ("a", "b")),
}
BINARY, REGRESSION = TASKS[TaskKind.BINARY], TASKS[TaskKind.REGRESSION]


def rows_of(kind: TaskKind, rows: int, seed: int = 0):
    """Truth and predictions that know something of it."""
    rng = np.random.default_rng(seed)
    if kind is TaskKind.REGRESSION:
        truth = rng.normal(size=(rows, 2))
        return truth, truth + rng.normal(size=(rows, 2))
    if kind is TaskKind.MULTICLASS:
        truth = rng.integers(0, 3, rows)
        return truth, (np.eye(3)[truth] + rng.uniform(0, 2, (rows, 3))) / 4
    outputs = TASKS[kind].outputs
    truth = rng.integers(0, 2, (rows, outputs))
    return truth, np.clip(truth * 0.3 + rng.uniform(0, 0.7, (rows, outputs)), 0.01, 0.99)


def every_metric():
    for kind in TaskKind:
        for metric in metrics_of(kind):
            number = "" if metric.parameter is None else f":{metric.parameter.example}"
            yield kind, metric.name + number


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("kind", "metric"), list(every_metric()))
def test_an_interval_holds_the_metric_and_zero_is_the_difference_of_equals(kind, metric, weighted):
    truth, predictions = rows_of(kind, 80)
    weight = np.random.default_rng(1).uniform(0.5, 2, 80) if weighted else None
    task = TASKS[kind]
    known = compute_metric(metric, task, truth, predictions, weight)
    found = bootstrap_interval(task, metric, truth, predictions, weight, resamples=200)
    assert found.low < known < found.high and not found.undefined
    same = bootstrap_difference(
        task, metric, truth, [predictions], predictions, weight, resamples=20
    )
    assert (same.low, same.high) == (0.0, 0.0)


@pytest.mark.parametrize(("kind", "metric"), list(every_metric()))
def test_the_values_of_rows_are_those_whose_weighted_mean_the_metric_is(kind, metric):
    truth, predictions = rows_of(kind, 30)
    weight = np.random.default_rng(1).uniform(0.5, 2, 30)
    per_row = rows_of_metric(metric, TASKS[kind], truth, predictions)
    known = compute_metric(metric, TASKS[kind], truth, predictions, weight)
    if per_row is not None:
        assert per_row.shape == (30,)
        assert np.average(per_row, weights=weight) == pytest.approx(known)
    means = ("loss", "accuracy", "mse", "mae", "mape", "pinball:0.9")
    is_mean = metric.endswith(means) and metric not in (
        "balanced_accuracy",
        "rmse",
        "tempered_log_loss",
    )
    assert (per_row is not None) == is_mean


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(200):
        error = rng.normal(size=(150, 1))
        task = Task(TaskKind.REGRESSION, 1, ("y",))
        found = bootstrap_interval(task, "mse", error, np.zeros((150, 1)), resamples=300, seed=seed)
        held += found.low <= 1.0 <= found.high
    assert 0.88 <= held / 200 <= 0.99


def test_a_difference_on_the_same_rows_is_told_where_the_two_intervals_overlap():
    truth, predictions = rows_of(TaskKind.REGRESSION, 300)
    worse = truth + (predictions - truth) * 1.05
    first = bootstrap_interval(REGRESSION, "rmse", truth, predictions)
    second = bootstrap_interval(REGRESSION, "rmse", truth, worse)
    assert first.high > second.low
    difference = bootstrap_difference(REGRESSION, "rmse", truth, [predictions], worse)
    assert difference.high < 0.0
    assert bootstrap_difference(REGRESSION, "rmse", truth, [worse], predictions).low > 0.0


def test_the_same_seed_draws_the_same_rows():
    truth, predictions = rows_of(TaskKind.BINARY, 50)
    one, two, other = (
        bootstrap_interval(BINARY, "roc_auc", truth, predictions, seed=seed, resamples=100)
        for seed in (3, 3, 4)
    )
    assert one == two != other


def test_resamples_of_one_class_are_left_out_and_counted():
    truth, predictions = np.zeros((6, 1)), np.linspace(0.1, 0.9, 6)[:, None]
    truth[0] = 1.0
    found = bootstrap_interval(BINARY, "roc_auc", truth, predictions, resamples=500)
    # Without the one positive row: (5 / 6) ** 6 of all draws.
    assert found.undefined / found.resamples == pytest.approx((5 / 6) ** 6, abs=0.08)
    assert math.isfinite(found.low)
    none = bootstrap_interval(BINARY, "roc_auc", np.zeros((6, 1)), predictions, resamples=50)
    assert none.undefined == 50 and math.isnan(none.low)


def test_rows_without_weight_do_not_count():
    truth, predictions = rows_of(TaskKind.REGRESSION, 60)
    weight = np.ones(60)
    weight[:30] = 0.0
    predictions[:30] += 1000.0
    for metric in ("mse", "r2"):
        found = bootstrap_interval(REGRESSION, metric, truth, predictions, weight)
        assert abs(found.high) < 10.0
    alone = np.zeros(60)
    alone[0] = 1.0
    found = bootstrap_interval(REGRESSION, "mse", truth, predictions, alone, resamples=100)
    assert 0 < found.undefined < 100
    found = bootstrap_interval(REGRESSION, "rmse", truth, predictions, alone, resamples=100)
    assert 0 < found.undefined < 100


def test_predictions_that_are_no_numbers_have_no_interval():
    truth, predictions = rows_of(TaskKind.REGRESSION, 20)
    predictions[0, 0] = math.nan
    assert math.isnan(bootstrap_interval(REGRESSION, "mse", truth, predictions).low)


def test_a_function_of_a_users_own_is_resampled_by_rows():
    truth, predictions = rows_of(TaskKind.BINARY, 50)
    own = Metric("brier", sk.brier_score_loss, "min")
    found = bootstrap_interval(BINARY, own, truth, predictions, resamples=50)
    known = sk.brier_score_loss(truth[:, 0], predictions[:, 0])
    assert found.low < known < found.high


def test_many_rows_are_drawn_less_often():
    truth = np.zeros((200_000, 1))
    task = Task(TaskKind.REGRESSION, 1, ("y",))
    assert bootstrap_interval(task, "mse", truth, truth).resamples == 100


def test_rows_that_do_not_fit_are_refused():
    truth, predictions = rows_of(TaskKind.REGRESSION, 20)
    with pytest.raises(ValueError, match="20 true values do not fit 19 predictions"):
        bootstrap_difference(REGRESSION, "mse", truth, [predictions], predictions[1:])
    with pytest.raises(ValueError, match="no rows"):
        bootstrap_interval(REGRESSION, "mse", truth[:0], predictions[:0])
