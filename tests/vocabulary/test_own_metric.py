"""Metrics that are functions: what they are given, what they may return, how they are named."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import f1_score, fbeta_score, make_scorer, mean_poisson_deviance

from automl.common.carrying import carried, unpacked
from automl.common.forms import from_form, to_form
from automl.data.metrics import Objective, compute_metric, compute_metrics, resolve_objective
from automl.data.task import Task
from automl.errors import RequestError, TrialError
from automl.vocabulary.metric import Metric
from automl.vocabulary.own_metric import check_again, metric_given
from automl.vocabulary.task_kinds import TaskKind

REGRESSION = Task(TaskKind.REGRESSION, 1, ("y",))
TWO_TARGETS = Task(TaskKind.REGRESSION, 2, ("y", "z"))
BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
MULTICLASS = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
MULTILABEL = Task(TaskKind.MULTILABEL, 2, ("p", "q"))


def rows_of(task: Task) -> tuple[Any, Any]:
    """Truth and predictions as trials have them."""
    rng = np.random.default_rng(0)
    if task.kind is TaskKind.REGRESSION:
        return rng.random((8, task.outputs)), rng.random((8, task.outputs))
    if task.kind is TaskKind.MULTICLASS:
        return rng.integers(0, 3, 8), rng.dirichlet(np.ones(3), 8)
    return rng.integers(0, 2, (8, task.outputs)).astype(np.float32), rng.random((8, task.outputs))


@pytest.mark.parametrize(
    ("task", "method", "truth", "prediction"),
    [
        (REGRESSION, "predict_proba", ("float64", (8,)), ("float64", (8,))),
        (TWO_TARGETS, "predict_proba", ("float64", (8, 2)), ("float64", (8, 2))),
        (BINARY, "predict_proba", ("int64", (8,)), ("float64", (8,))),
        (BINARY, "predict", ("int64", (8,)), ("int64", (8,))),
        (MULTICLASS, "predict_proba", ("int64", (8,)), ("float64", (8, 3))),
        (MULTICLASS, "predict", ("int64", (8,)), ("int64", (8,))),
        (MULTILABEL, "predict_proba", ("int64", (8, 2)), ("float64", (8, 2))),
        (MULTILABEL, "predict", ("int64", (8, 2)), ("int64", (8, 2))),
    ],
)
def test_a_function_gets_what_scikit_learn_s_functions_get(
    task: Task, method: str, truth: Any, prediction: Any
) -> None:
    seen: list[Any] = []

    def look(known: Any, told: Any) -> float:
        seen.extend((known, told))
        known *= 0  # its own copy
        return 3

    given = rows_of(task)
    before = [array.copy() for array in given]
    metric = Metric("look", look, "min", method)
    assert compute_metrics(task, *given, named=(metric,))["look"] == 3.0
    assert [(str(array.dtype), array.shape) for array in seen] == [truth, prediction]
    for array, was in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, was)


def test_weights_reach_a_function_that_takes_them() -> None:
    truth, told = rows_of(BINARY)
    weight = np.arange(8.0)
    metric = Metric("f1_own", f1_score, "max", "predict")
    expected = f1_score(truth[:, 0], told[:, 0] > 0.5, sample_weight=weight)
    assert compute_metric(metric, BINARY, truth, told, weight) == pytest.approx(expected)
    plain = Metric("plain", lambda known, said: float(len(known)), "max")
    with pytest.raises(RequestError, match="has no parameter sample_weight"):
        compute_metric(plain, BINARY, truth, told, weight)


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (np.zeros(3), r"an array of shape \(3,\); its function must return one number"),
        (None, "returned NoneType"),
        ("low", "returned str"),
    ],
)
def test_what_is_no_number_is_refused(returned: Any, told: str) -> None:
    with pytest.raises(TrialError, match=told):
        compute_metric(Metric("m", lambda *_: returned, "min"), REGRESSION, *rows_of(REGRESSION))


def test_an_error_names_its_metric_and_predictions_that_are_none_have_no_value() -> None:
    def fails(truth: Any, prediction: Any) -> float:
        raise KeyError("price")

    truth, told = rows_of(REGRESSION)
    metric = Metric("costs", fails, "min")
    with pytest.raises(TrialError, match="The metric 'costs' raised KeyError: 'price'"):
        compute_metric(metric, REGRESSION, truth, told)
    assert math.isnan(compute_metric(metric, REGRESSION, truth, told * np.nan))


def test_a_scorer_of_scikit_learn_s_is_its_function_and_direction() -> None:
    truth, told = rows_of(BINARY)
    metric = metric_given(make_scorer(fbeta_score, beta=2))
    assert metric is not None
    assert (metric.name, metric.direction) == ("fbeta_score", "maximize")
    expected = fbeta_score(truth[:, 0], told[:, 0] > 0.5, beta=2)
    assert compute_metric(metric, BINARY, truth, told) == pytest.approx(expected)
    loss = metric_given(make_scorer(mean_poisson_deviance, greater_is_better=False))
    assert loss is not None
    assert (loss.name, loss.direction) == ("mean_poisson_deviance", "minimize")
    of_scores = metric_given(
        make_scorer(f1_score, response_method=("decision_function", "predict_proba"))
    )
    assert of_scores is not None
    assert of_scores.response_method == "predict_proba"
    of_partial = metric_given(make_scorer(partial(fbeta_score, beta=2)))
    assert of_partial is not None
    assert of_partial.name == "fbeta_score"
    assert compute_metric(of_partial, BINARY, truth, told) == pytest.approx(expected)
    with pytest.raises(RequestError, match=r"The scorer f1_score wants decision_function"):
        metric_given(make_scorer(f1_score, response_method="decision_function"))


@pytest.mark.parametrize(
    ("made", "task", "direction"),
    [
        (keras.metrics.LogCoshError(), REGRESSION, "minimize"),
        (keras.metrics.TopKCategoricalAccuracy(k=2), MULTICLASS, "maximize"),
        (keras.metrics.SparseTopKCategoricalAccuracy(k=2), MULTICLASS, "maximize"),
        (keras.metrics.AUC(num_thresholds=20, name="auc_20"), BINARY, "maximize"),
    ],
)
def test_a_metric_of_keras_s_has_keras_s_value(made: Any, task: Task, direction: Any) -> None:
    truth, told = rows_of(task)
    metric = metric_given(made)
    assert metric is not None
    assert (metric.name, metric.direction) == (made.name, direction)
    sparse = task.kind is TaskKind.MULTICLASS and "sparse" not in made.name
    made.update_state(np.eye(3)[truth] if sparse else truth, told.astype(np.float32))
    found = compute_metric(unpacked(carried(metric)), task, truth, told)
    assert found == pytest.approx(float(made.result()))


def rmsle(truth: Any, prediction: Any) -> float:
    return float(np.sqrt(np.mean((np.log1p(truth) - np.log1p(prediction)) ** 2)))


def test_an_objective_of_one_s_own_needs_a_direction_and_a_name_of_its_own() -> None:
    metric = metric_given(rmsle, "min")
    assert metric == Metric("rmsle", rmsle, "min")
    objective = resolve_objective("rmsle", REGRESSION, "min", ("mae", "rmsle"), own=(metric,))
    assert (objective.name, objective.direction) == ("rmsle", "minimize")
    assert objective.named == (metric, "mae", metric)
    values = compute_metrics(REGRESSION, *rows_of(REGRESSION), named=objective.named)
    assert values["rmsle"] == rmsle(*(array[:, 0] for array in rows_of(REGRESSION)))
    with pytest.raises(RequestError, match='give direction="min"'):
        resolve_objective("rmsle", REGRESSION, own=(Metric("rmsle", rmsle),))
    with pytest.raises(RequestError, match=r"automl has the metric 'MAE' itself; .* 'mae'"):
        resolve_objective("mse", REGRESSION, own=(Metric("MAE", rmsle),))
    with pytest.raises(RequestError, match="Two metrics are called 'rmsle'"):
        resolve_objective("mse", REGRESSION, own=(metric, Metric("rmsle", np.mean)))
    with pytest.raises(RequestError, match="has the direction 'minimize', not 'max'"):
        metric_given(metric, "max")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("my metric", rmsle), "cannot be called 'my metric'"),
        (("m", rmsle, "up"), "not 'up'"),
        (("m", rmsle, "min", "scores"), "is predict_proba or predict, not 'scores'"),
    ],
)
def test_wrong_metrics_are_refused(arguments: tuple[Any, ...], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        Metric(*arguments)


def test_a_function_without_a_name_is_asked_for_one() -> None:
    with pytest.raises(RequestError, match="<lambda> has no name of its own"):
        metric_given(lambda truth, prediction: 0.0, "min")
    assert metric_given(3) is None


def test_what_is_recorded_is_compared_when_it_is_given_again() -> None:
    metric = Metric("rmsle", rmsle, "min")
    form = json.loads(json.dumps(to_form(Objective("rmsle", "minimize", own=(metric,)))))
    assert form["own"][0]["name"] == "rmsle"
    assert "np.log1p(prediction)" in form["own"][0]["source"]
    again = from_form(Objective, form)
    with pytest.raises(TrialError, match="not recorded; give it again"):
        compute_metric(again.own[0], REGRESSION, *rows_of(REGRESSION))
    check_again(form["own"], (metric, Metric("other", np.mean)))
    with pytest.raises(RequestError, match=r"\(rmsle\), which no record holds; .*resume\(metrics="):
        check_again(form["own"], ())
    with pytest.raises(RequestError, match="another function than the run was started with"):
        check_again(form["own"], (Metric("rmsle", rows_of, "min"),))
