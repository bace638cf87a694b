"""The log loss with the best temperature, to which it is nothing how sure a model is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from automl.vocabulary.metric_functions.temperature_scaling import (
    answers_of,
    logits_of,
    tempered_log_loss,
)
from automl.vocabulary.metric_functions.values import log_loss_binary, log_loss_multiclass
from automl.vocabulary.metrics import METRICS
from automl.vocabulary.task_kinds import TaskKind

KINDS = (TaskKind.BINARY, TaskKind.MULTICLASS, TaskKind.MULTILABEL)


def rows(kind: TaskKind, sure: float = 1.0, count: int = 400) -> tuple[Any, Any]:
    """True values, and the probabilities of a model whose logits are so many times too large."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(count, {TaskKind.BINARY: 1}.get(kind, 3)))
    chances = answers_of(kind, logits)
    if kind is TaskKind.MULTICLASS:
        truth = (rng.random((count, 1)) > np.cumsum(chances, axis=1)).sum(axis=1)
    else:
        truth = (rng.random(logits.shape) < chances).astype(np.int64)
    return truth, answers_of(kind, sure * logits)


def log_loss(kind: TaskKind, truth: Any, scores: Any, weight: Any = None) -> float:
    plain = log_loss_multiclass if kind is TaskKind.MULTICLASS else log_loss_binary
    return plain(truth, scores, weight)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sure", [0.5, 1.0, 3.0])
def test_it_is_the_least_log_loss_of_all_temperatures(kind: TaskKind, sure: float) -> None:
    truth, scores = rows(kind, sure)
    logits = logits_of(kind, scores)
    weight = np.random.default_rng(1).uniform(0.1, 3.0, len(truth))
    for weights in (None, weight):
        found = tempered_log_loss(kind)(truth, scores, weights)
        least = minimize_scalar(
            lambda t, w=weights: log_loss(kind, truth, answers_of(kind, logits / t), w),
            bounds=(0.2, 5.0),
            method="bounded",
        )
        assert found == pytest.approx(least.fun, abs=1e-6)
        assert found <= log_loss(kind, truth, scores, weights)


@pytest.mark.parametrize("kind", KINDS)
def test_how_sure_a_model_is_makes_no_difference(kind: TaskKind) -> None:
    metric = METRICS["tempered_log_loss"]
    losses = [metric.value(kind, *rows(kind, sure), None) for sure in (0.4, 1.0, 3.0)]
    assert losses == pytest.approx([losses[0]] * 3, abs=1e-5)


def test_a_row_counts_as_often_as_its_weight_says() -> None:
    truth, scores = rows(TaskKind.BINARY, 2.0, 60)
    weight = np.random.default_rng(2).integers(1, 4, 60)
    metric, repeated = tempered_log_loss(TaskKind.BINARY), np.repeat(np.arange(60), weight)
    assert metric(truth, scores, weight) == pytest.approx(
        metric(truth[repeated], scores[repeated], None), abs=1e-6
    )
