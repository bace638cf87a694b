"""Every metric equals scikit-learn's, with and without weights, also at the edges."""

from __future__ import annotations

import warnings
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given

from automl.data.metrics import compute_metric
from automl.data.task import Task, TaskKind
from automl.vocabulary.metrics import metrics_of

BINARY = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
MULTICLASS = Task(TaskKind.MULTICLASS, 4, ("y",), ("a", "b", "c", "d"))
MULTILABEL = Task(TaskKind.MULTILABEL, 3, ("a", "b", "c"))
REGRESSION = Task(TaskKind.REGRESSION, 2, ("a", "b"))

#: Probabilities that meet the threshold and each other.
PROBABILITIES = st.sampled_from([0.0, 0.2, 0.49, 0.5, 0.500001, 0.9, 1.0])
WEIGHTS = st.sampled_from([0.0, 0.5, 1.0, 3.0])
NUMBERS = st.sampled_from([-3.0, -1e-9, 0.0, 0.5, 2.0, 1e4])


def rows(truth: Any, predictions: Any) -> Any:
    return st.lists(st.tuples(truth, predictions, WEIGHTS), min_size=2, max_size=30).filter(
        lambda drawn: sum(row[2] for row in drawn) > 0
    )


def columns(drawn: list[Any], weighted: bool) -> tuple[Any, Any, Any]:
    truth, predictions, weight = (np.array(column) for column in zip(*drawn, strict=True))
    return truth, predictions, weight if weighted else None


def scikit_learn(name: str, truth: Any, told: Any, **options: Any) -> float:
    """A score of told classes under our name for it."""
    base, _, beta = name.partition(":")
    score, _, average = base.rpartition("_")
    if base in ("precision", "recall", "f1", "fbeta"):
        score, average = base, "binary"
    options.update(average=average, zero_division=0.0)
    if score == "fbeta":
        options["beta"] = float(beta)
    return float(getattr(sk, f"{score}_score")(truth, told, **options))


def names(kind: TaskKind) -> list[str]:
    return [metric.name for metric in metrics_of(kind)]


def named(kind: TaskKind) -> list[str]:
    """The scores of told classes or labels that a kind of task has."""
    found = [n for n in names(kind) if n.partition("_")[0] in _SCORES]
    return [f"{n}:0.5" if n.startswith("fbeta") else n for n in found] + [
        f"{n}:2" for n in found if n.startswith("fbeta")
    ]


_SCORES = ("precision", "recall", "f1", "fbeta")


@given(drawn=rows(st.integers(0, 1), PROBABILITIES), weighted=st.booleans())
def test_binary_scores(drawn: list[Any], weighted: bool) -> None:
    truth, p, w = columns(drawn, weighted)
    told = p > 0.5

    def found(name: str) -> float:
        return compute_metric(name, BINARY, truth[:, None].astype(np.float32), p[:, None], w)

    for name in named(TaskKind.BINARY):
        assert found(name) == pytest.approx(scikit_learn(name, truth, told, sample_weight=w)), name
    matrix = sk.confusion_matrix(truth, told, labels=[0, 1], sample_weight=w)
    assert found("true_negatives") == pytest.approx(matrix[0, 0])
    assert found("false_positives") == pytest.approx(matrix[0, 1])
    assert found("false_negatives") == pytest.approx(matrix[1, 0])
    assert found("true_positives") == pytest.approx(matrix[1, 1])
    assert found("accuracy") == pytest.approx(sk.accuracy_score(truth, told, sample_weight=w))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a class that is told and not there
        balanced = sk.balanced_accuracy_score(truth, told, sample_weight=w)
    assert found("balanced_accuracy") == pytest.approx(balanced)


@given(
    drawn=rows(st.integers(0, 3), st.tuples(*[PROBABILITIES] * 4)),
    weighted=st.booleans(),
)
def test_multiclass_scores(drawn: list[Any], weighted: bool) -> None:
    truth, p, w = columns(drawn, weighted)
    told = p.argmax(axis=1)
    for name in named(TaskKind.MULTICLASS):
        expected = scikit_learn(name, truth, told, sample_weight=w)
        assert compute_metric(name, MULTICLASS, truth, p, w) == pytest.approx(expected), name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balanced = sk.balanced_accuracy_score(truth, told, sample_weight=w)
    found = compute_metric("balanced_accuracy", MULTICLASS, truth, p, w)
    assert found == pytest.approx(balanced)


@given(
    drawn=rows(st.tuples(*[st.integers(0, 1)] * 3), st.tuples(*[PROBABILITIES] * 3)),
    weighted=st.booleans(),
)
def test_multilabel_scores(drawn: list[Any], weighted: bool) -> None:
    truth, p, w = columns(drawn, weighted)
    told = (p > 0.5).astype(int)

    def found(name: str) -> float:
        return compute_metric(name, MULTILABEL, truth.astype(np.float32), p, w)

    for name in named(TaskKind.MULTILABEL):
        assert found(name) == pytest.approx(scikit_learn(name, truth, told, sample_weight=w)), name
    subset = sk.accuracy_score(truth, told, sample_weight=w)
    assert found("subset_accuracy") == pytest.approx(subset)
    hamming = sk.hamming_loss(truth, told, sample_weight=w)
    assert found("hamming_loss") == pytest.approx(hamming)
    assert found("binary_accuracy") == pytest.approx(1.0 - hamming)
    matrices = sk.multilabel_confusion_matrix(truth, told, sample_weight=w)
    assert found("true_positives") == pytest.approx(matrices[:, 1, 1].sum())
    assert found("true_negatives") == pytest.approx(matrices[:, 0, 0].sum())
    assert found("false_positives") == pytest.approx(matrices[:, 0, 1].sum())
    assert found("false_negatives") == pytest.approx(matrices[:, 1, 0].sum())


@given(
    drawn=rows(st.tuples(NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS)),
    weighted=st.booleans(),
    quantile=st.sampled_from([0.05, 0.5, 0.9]),
)
def test_regression_scores(drawn: list[Any], weighted: bool, quantile: float) -> None:
    truth, told, w = columns(drawn, weighted)
    for name, expected in (
        ("mse", sk.mean_squared_error(truth, told, sample_weight=w)),
        ("mae", sk.mean_absolute_error(truth, told, sample_weight=w)),
        ("rmse", sk.root_mean_squared_error(truth, told, sample_weight=w)),
        ("mape", sk.mean_absolute_percentage_error(truth, told, sample_weight=w)),
        (
            f"pinball:{quantile}",
            sk.mean_pinball_loss(truth, told, sample_weight=w, alpha=quantile),
        ),
    ):
        assert compute_metric(name, REGRESSION, truth, told, w) == pytest.approx(expected), name


def test_every_metric_can_be_computed() -> None:
    shapes = {
        TaskKind.BINARY: (BINARY, np.array([[0.0], [1.0]]), np.array([[0.3], [0.9]])),
        TaskKind.MULTICLASS: (MULTICLASS, np.array([0, 1]), np.eye(4)[:2]),
        TaskKind.MULTILABEL: (MULTILABEL, np.eye(3)[:2], np.full((2, 3), 0.7)),
        TaskKind.REGRESSION: (REGRESSION, np.ones((2, 2)), np.zeros((2, 2))),
    }
    for kind, (task, truth, told) in shapes.items():
        for name in names(kind):
            full = {"fbeta": f"{name}:2", "pinball": "pinball:0.9"}.get(
                name.partition("_")[0], name
            )
            assert np.isfinite(compute_metric(full, task, truth, told)), full


def test_areas_are_undefined_where_all_positives_weigh_nothing() -> None:
    truth, p = np.array([[1.0], [0.0], [0.0]]), np.array([[0.9], [0.1], [0.2]])
    weight = np.array([0.0, 1.0, 1.0])
    for name in ("roc_auc", "average_precision"):
        assert np.isnan(compute_metric(name, BINARY, truth, p, weight))
