"""One temperature for a classifier: found, kept where it helps rows that it has not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from automl.data.metrics import compute_metric
from automl.data.task import Task, TaskKind
from automl.data.temperature import (
    LEAST,
    AnsweredRows,
    choose_temperature,
    fit_temperature,
    tempered,
)

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
CLASSES = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
LABELS = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
NUMBERS = Task(TaskKind.REGRESSION, 1, ("y",))
TASKS = [BINARY, CLASSES, LABELS]


def rows_of(task: Task, count: int, sureness: float, seed: int = 0) -> AnsweredRows:
    """Rows drawn from probabilities, then said with logits so many times as large."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (count, task.outputs))
    if task.kind is TaskKind.MULTICLASS:
        true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        truth = (rng.random((count, 1)) > np.cumsum(true, axis=1)).sum(axis=1).astype(np.int32)
        said = np.exp(logits * sureness)
        return AnsweredRows(truth, (said / said.sum(axis=1, keepdims=True)).astype(np.float32))
    truth = (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    return AnsweredRows(truth, (1 / (1 + np.exp(-logits * sureness))).astype(np.float32))


def loss_of(task: Task, rows: AnsweredRows, temperature: float) -> float:
    answers = tempered(task, rows.probabilities, temperature)
    return compute_metric("log_loss", task, rows.truth, answers, rows.weight)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_it_undoes_what_makes_a_model_too_sure(task: Task) -> None:
    rows = rows_of(task, 6_000, 2.0)
    found = fit_temperature(task, rows.truth, rows.probabilities)
    assert found == pytest.approx(2.0, rel=0.1)
    best = minimize_scalar(lambda t: loss_of(task, rows, t), bounds=(0.5, 5.0), method="bounded")
    assert found == pytest.approx(best.x, abs=1e-3)
    weight = np.random.default_rng(1).integers(0, 3, len(rows.truth))
    weighted = fit_temperature(task, rows.truth, rows.probabilities, weight)
    repeated = np.repeat(np.arange(len(weight)), weight)
    assert weighted == pytest.approx(
        fit_temperature(task, rows.truth[repeated], rows.probabilities[repeated])
    )
    assert weighted != pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_what_is_told_stays(task: Task) -> None:
    rows = rows_of(task, 500, 3.0)
    plain = rows.probabilities.astype(np.float64)
    for temperature in (0.4, 1.0, 2.5):
        answers = tempered(task, rows.probabilities, temperature)
        if task.kind is TaskKind.MULTICLASS:
            np.testing.assert_allclose(answers.sum(axis=1), 1.0)
            np.testing.assert_array_equal(answers.argmax(axis=1), plain.argmax(axis=1))
        else:
            np.testing.assert_array_equal(answers > 0.5, plain > 0.5)
    np.testing.assert_allclose(tempered(task, plain, 1.0), plain, atol=2e-7)
    # certain answers, of which there is no logarithm, stay finite
    certain = np.eye(3)[[0, 1]] if task.outputs == 3 else np.array([[0.0], [1.0]])
    assert np.isfinite(tempered(task, certain, 3.0)).all()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_it_is_kept_where_unseen_rows_gain(task: Task) -> None:
    rows = rows_of(task, 1_000, 2.0)
    kept = choose_temperature(task, [rows])
    assert kept is not None
    assert kept.value == fit_temperature(task, rows.truth, rows.probabilities)
    assert kept.without == pytest.approx(loss_of(task, rows, 1.0))
    assert kept.without - kept.log_loss > kept.gain_error > 0.0
    # cross-fitted, so not quite as good as on the rows that it was fitted on
    assert kept.log_loss > loss_of(task, rows, kept.value)
    assert choose_temperature(task, [rows]) == kept
    folds = [rows.at(part) for part in np.array_split(np.arange(1_000), 3)]
    over_folds = choose_temperature(task, folds)
    assert over_folds is not None
    assert over_folds.value == kept.value
    assert over_folds.log_loss == pytest.approx(kept.log_loss, rel=0.01)


def test_it_is_not_kept_where_nothing_speaks_for_it() -> None:
    honest = [choose_temperature(BINARY, [rows_of(BINARY, 300, 1.0, seed)]) for seed in range(20)]
    assert sum(one is not None for one in honest) <= 2
    assert choose_temperature(NUMBERS, [AnsweredRows(np.ones((9, 1)), np.ones((9, 1)))]) is None
    one = rows_of(BINARY, 1, 2.0)
    assert choose_temperature(BINARY, [one]) is None
    nothing = replace(rows_of(BINARY, 50, 2.0), probabilities=np.full((50, 1), np.nan))
    assert choose_temperature(BINARY, [nothing]) is None


def test_where_all_rows_are_told_right_no_sharpness_is_enough() -> None:
    truth = np.tile([[0.0], [1.0]], (50, 1))
    rows = AnsweredRows(truth, np.where(truth > 0, 0.8, 0.2))
    assert fit_temperature(BINARY, rows.truth, rows.probabilities) == pytest.approx(LEAST)
    assert choose_temperature(BINARY, [rows]) is None


def test_rows_that_weigh_nothing_count_for_nothing() -> None:
    sure, honest = rows_of(BINARY, 500, 3.0), rows_of(BINARY, 500, 1.0, 1)
    both = AnsweredRows(
        np.concatenate([sure.truth, honest.truth]),
        np.concatenate([sure.probabilities, honest.probabilities]),
        np.repeat([1.0, 0.0], 500),
    )
    kept, alone = choose_temperature(BINARY, [both]), choose_temperature(BINARY, [sure])
    assert kept is not None and alone is not None
    assert kept.value == pytest.approx(alone.value)
    assert kept.without == pytest.approx(alone.without)
