"""Metrics: equal to scikit-learn's and Keras's, under the names of both."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import from_form, to_form
from automl.data.metrics import (
    Objective,
    better,
    compute_metric,
    compute_metrics,
    default_objective,
    metric_names,
    resolve_objective,
)
from automl.data.task import Task, TaskKind
from automl.errors import RequestError
from automl.vocabulary.metric import Metric

BINARY = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
MULTICLASS = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
MULTILABEL = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
REGRESSION = Task(TaskKind.REGRESSION, 2, ("a", "b"))


@pytest.mark.parametrize("weighted", [False, True])
def test_binary_metrics_equal_scikit_learn(weighted):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (50, 1)).astype(np.float32)
    p = rng.uniform(0.01, 0.99, (50, 1)).astype(np.float32)
    w = rng.uniform(0, 2, 50) if weighted else None
    found = compute_metrics(BINARY, truth, p, w)
    y, hard = truth[:, 0], p[:, 0] > 0.5
    assert list(found) == list(metric_names(BINARY))
    assert found["log_loss"] == pytest.approx(sk.log_loss(y, p[:, 0], sample_weight=w), rel=1e-6)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(y, hard, sample_weight=w))
    assert found["f1"] == pytest.approx(sk.f1_score(y, hard, sample_weight=w))
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(y, p[:, 0], sample_weight=w))
    precision = sk.average_precision_score(y, p[:, 0], sample_weight=w)
    assert found["average_precision"] == pytest.approx(precision)


@pytest.mark.parametrize("weighted", [False, True])
def test_multiclass_metrics_equal_scikit_learn(weighted):
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 3, 60).astype(np.int32)
    p = rng.dirichlet(np.ones(3), 60)
    w = rng.uniform(0, 2, 60) if weighted else None
    found = compute_metrics(MULTICLASS, truth, p, w)
    hard = p.argmax(axis=1)
    assert found["log_loss"] == pytest.approx(sk.log_loss(truth, p, sample_weight=w))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truth, hard, sample_weight=w))
    macro = sk.f1_score(truth, hard, average="macro", sample_weight=w)
    assert found["f1_macro"] == pytest.approx(macro)


def test_multilabel_metrics_equal_scikit_learn():
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, (40, 2)).astype(np.float32)
    p = rng.uniform(0.01, 0.99, (40, 2))
    found = compute_metrics(MULTILABEL, truth, p)
    assert found["f1_macro"] == pytest.approx(sk.f1_score(truth, p > 0.5, average="macro"))
    assert found["binary_accuracy"] == pytest.approx(((p > 0.5) == truth).mean())
    assert found["subset_accuracy"] == pytest.approx(sk.accuracy_score(truth, p > 0.5))
    assert found["log_loss"] == pytest.approx(sk.log_loss(truth.ravel(), p.ravel()))


@pytest.mark.parametrize("weighted", [False, True])
def test_regression_metrics_equal_scikit_learn(weighted):
    rng = np.random.default_rng(3)
    truth = rng.normal(100, 20, (30, 2))
    predicted = truth + rng.normal(0, 3, (30, 2))
    w = rng.uniform(0, 2, 30) if weighted else None
    found = compute_metrics(REGRESSION, truth, predicted, w)
    assert found["mse"] == pytest.approx(sk.mean_squared_error(truth, predicted, sample_weight=w))
    rmse = sk.root_mean_squared_error(truth, predicted, sample_weight=w)
    assert found["rmse"] == pytest.approx(rmse)
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(truth, predicted, sample_weight=w))
    assert found["r2"] == pytest.approx(sk.r2_score(truth, predicted, sample_weight=w))


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20), st.floats(-10, 10))
def test_r2_equals_scikit_learn_even_for_constant_truth(values, shift):
    truth = np.array(values)[:, None]
    task = Task(TaskKind.REGRESSION, 1, ("a",))
    expected = sk.r2_score(truth, truth + shift)
    assert compute_metric("r2", task, truth, truth + shift) == pytest.approx(expected, rel=1e-6)


def test_log_loss_of_a_certain_error_is_finite_as_in_keras():
    wrong = compute_metric("log_loss", BINARY, np.array([[1.0]]), np.array([[0.0]]))
    assert wrong == pytest.approx(-math.log(1e-7))


def test_undefined_and_diverged_values_are_nan():
    ones = np.ones((3, 1), np.float32)
    assert math.isnan(compute_metric("roc_auc", BINARY, ones, ones * 0.5))
    assert math.isnan(compute_metric("log_loss", BINARY, ones, ones * np.nan))


def test_metrics_of_another_task_or_length_are_refused():
    with pytest.raises(ValueError, match="cannot be computed"):
        compute_metric("mse", BINARY, np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="do not fit"):
        compute_metric("log_loss", BINARY, np.ones((2, 1)), np.ones((3, 1)))


@pytest.mark.parametrize(
    ("given_name", "task", "name", "direction"),
    [
        ("accuracy", BINARY, "accuracy", "maximize"),
        ("val_accuracy", MULTICLASS, "accuracy", "maximize"),
        ("val_sparse_categorical_accuracy", MULTICLASS, "accuracy", "maximize"),
        ("neg_log_loss", BINARY, "log_loss", "minimize"),
        ("binary_crossentropy", MULTILABEL, "log_loss", "minimize"),
        ("rmse", REGRESSION, "rmse", "minimize"),
        ("neg_root_mean_squared_error", REGRESSION, "rmse", "minimize"),
        ("val_mae", REGRESSION, "mae", "minimize"),
        ("r2", REGRESSION, "r2", "maximize"),
        ("average_precision_score", BINARY, "average_precision", "maximize"),
        ("AUC", BINARY, "roc_auc", "maximize"),
        ("f1", BINARY, "f1", "maximize"),
        ("f1", MULTICLASS, "f1_macro", "maximize"),
        ("f1_score", MULTILABEL, "f1_macro", "maximize"),
        ("val_loss", REGRESSION, "loss", "minimize"),
        ("loss", BINARY, "loss", "minimize"),
        ("accuracy_score", MULTILABEL, "subset_accuracy", "maximize"),
        ("val_binary_accuracy", MULTILABEL, "binary_accuracy", "maximize"),
        ("precision", MULTICLASS, "precision_macro", "maximize"),
        ("recall_score", BINARY, "recall", "maximize"),
        ("recall_weighted", MULTILABEL, "recall_weighted", "maximize"),
        ("fbeta:2", BINARY, "fbeta:2", "maximize"),
        ("fbeta_score:0.50", MULTICLASS, "fbeta_macro:0.5", "maximize"),
        ("mean_pinball_loss:0.9", REGRESSION, "pinball:0.9", "minimize"),
        ("neg_mean_absolute_percentage_error", REGRESSION, "mape", "minimize"),
        ("val_false_negatives", BINARY, "false_negatives", "minimize"),
        ("balanced_accuracy_score", MULTICLASS, "balanced_accuracy", "maximize"),
    ],
)
def test_objectives_are_found_by_either_librarys_name(given_name, task, name, direction):
    assert resolve_objective(given_name, task) == Objective(name, direction)


@pytest.mark.parametrize("task", [BINARY, MULTICLASS, MULTILABEL, REGRESSION])
def test_every_metric_and_the_default_are_objectives(task):
    assert default_objective(task).name == metric_names(task)[0]
    for name in metric_names(task):
        assert resolve_objective(name, task).name == name


def test_an_unknown_objective_shows_what_there_is():
    with pytest.raises(RequestError, match="did you mean 'accuracy'") as error:
        resolve_objective("acuracy", BINARY)
    assert "roc_auc" in str(error.value)
    with pytest.raises(RequestError, match="no metric 'rmse'"):
        resolve_objective("rmse", BINARY)


@pytest.mark.parametrize(
    ("name", "task", "said"),
    [
        ("fbeta", BINARY, "needs its beta, a number above 0: write for example fbeta:2"),
        ("fbeta:0", BINARY, "must be a number above 0"),
        ("fbeta:two", MULTICLASS, "must be a number above 0"),
        ("fbeta:nan", MULTICLASS, "must be a number above 0"),
        ("pinball", REGRESSION, "needs its quantile"),
        ("pinball:1", REGRESSION, "must be a number between 0 and 1"),
        ("pinball:90", REGRESSION, "must be a number between 0 and 1"),
        ("mse:2", REGRESSION, "takes no number"),
        ("pr_auc", BINARY, "did you mean 'average_precision'"),
        ("accuracy", MULTILABEL, "'binary_accuracy' .*'subset_accuracy'"),
        ("true_positives", MULTICLASS, "no metric 'true_positives'"),
    ],
)
def test_wrong_numbers_and_old_names_say_what_to_write(name, task, said):
    with pytest.raises(RequestError, match=said):
        resolve_objective(name, task)


def test_an_objective_keeps_what_was_asked_for_beside_it_in_its_json_form():
    objective = resolve_objective("recall", BINARY, None, ("precision", "fbeta:2", "precision"))
    assert objective.further == ("precision", "fbeta:2")
    assert from_form(Objective, json.loads(json.dumps(to_form(objective)))) == objective
    assert list(metric_names(BINARY, objective.named))[-3:] == ["recall", "precision", "fbeta:2"]


def test_a_direction_that_contradicts_the_metric_is_refused():
    assert resolve_objective("mse", REGRESSION, "min").direction == "minimize"
    with pytest.raises(RequestError, match="one to minimize"):
        resolve_objective("mse", REGRESSION, "max")
    with pytest.raises(RequestError, match="give min or max"):
        resolve_objective("mse", REGRESSION, "upwards")


def test_a_metric_of_a_compiled_model_has_kerass_direction_or_the_given_one():
    found = resolve_objective("val_top_k_categorical_accuracy", MULTICLASS, own_model=True)
    assert found == Objective("top_k_categorical_accuracy", "maximize", of_model=True)
    assert resolve_objective("val_kl_divergence", BINARY, own_model=True).direction == "minimize"
    own = resolve_objective("val_profit", BINARY, "max")
    assert own == Objective("profit", "maximize", of_model=True)
    with pytest.raises(RequestError, match="--direction min or max"):
        resolve_objective("val_profit", BINARY, own_model=True)
    with pytest.raises(RequestError, match="no metric 'val_profit'"):
        resolve_objective("val_profit", BINARY)


def test_no_score_beats_nothing():
    assert better(1.0, 2.0, "minimize") and not better(1.0, 2.0, "maximize")
    assert better(1.0, None, "minimize") and better(1.0, math.nan, "maximize")
    assert not better(math.nan, None, "minimize") and not better(None, None, "maximize")
    assert not better(1.0, 1.0, "minimize") and not better(1.0, 1.0, "maximize")


def test_an_objective_has_a_known_direction():
    with pytest.raises(ValueError, match="minimize or maximize"):
        Objective("mse", "down")


@pytest.mark.parametrize(
    ("objective", "told"),
    [
        (Objective("mse", "minimize"), True),
        (Objective("loss", "minimize"), False),
        (Objective("lift", "maximize", of_model=True), False),
    ],
)
def test_predictions_tell_metrics_but_no_loss_and_no_metric_of_a_model(objective, told):
    assert objective.of_predictions is told
    assert objective.metric == objective.name
    assert objective.named == ((objective.name,) if told else ())


def test_what_was_handed_over_stands_in_place_of_its_name():
    own = Metric("bias", lambda truth, predicted: 0.0)
    objective = Objective("bias", "minimize", further=("mse",), own=(own,))
    assert objective.metric is own
    assert objective.named == (own, "mse")
