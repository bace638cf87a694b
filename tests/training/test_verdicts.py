"""Verdicts on learning curves, sign by sign."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from automl.data.task import Task, TaskKind
from automl.training.verdicts import TrainingCurves, judge, trivial_loss
from automl.trial import Verdict

FALLING = [1.0, 0.6, 0.45, 0.38, 0.34, 0.32, 0.31, 0.306, 0.304, 0.303]
HEALTHY = TrainingCurves(
    loss=FALLING,
    val_loss=[value + 0.02 for value in FALLING],
    quality=[value + 0.02 for value in FALLING],
    trivial=1.1,
    val_accuracy=[0.5, 0.7, 0.8, 0.85, 0.86, 0.87, 0.88, 0.88, 0.88, 0.88],
    accuracy_gap=0.01,
    rows=1000,
    classes=3,
)


def with_loss(val_loss, **changes):
    return replace(HEALTHY, val_loss=val_loss, quality=val_loss, **changes)


CASES = {
    "falling": (HEALTHY, Verdict.HEALTHY),
    "nan": (replace(HEALTHY, loss=[1.0, math.nan]), Verdict.DIVERGED),
    "infinite": (replace(HEALTHY, val_loss=[1.0, math.inf]), Verdict.DIVERGED),
    "stopped at once": (TrainingCurves([], [], diverged=True), Verdict.DIVERGED),
    "one class for every row": (
        replace(HEALTHY, quality=[16.118 * 0.66] * 10, val_accuracy=[0.34] * 10),
        Verdict.DIVERGED,
    ),
    "a good loss is not saturated": (
        replace(HEALTHY, quality=[16.118 * 0.01] * 10, val_accuracy=[0.99] * 10),
        Verdict.HEALTHY,
    ),
    "even chances": (
        replace(HEALTHY, quality=[math.log(3) + 0.001] * 10, val_accuracy=[0.34] * 10),
        Verdict.CHANCE,
    ),
    "no class count, no chance": (
        replace(HEALTHY, quality=[math.log(3)] * 10, val_accuracy=[], classes=0, trivial=2.0),
        Verdict.HEALTHY,
    ),
    "at the level of the majority": (  # the training loss falls all the same
        with_loss([1.095] * 10, val_accuracy=[0.4] * 10, majority=0.4),
        Verdict.CHANCE,
    ),
    "at its level, but overconfident": (
        with_loss([1.2] * 10, val_accuracy=[0.8] * 10, majority=0.4),
        Verdict.HEALTHY,
    ),
    "at the level of the mean": (
        with_loss([1.1] * 10, val_accuracy=[], classes=0, val_mae=[0.9] * 10, trivial_mae=0.9),
        Verdict.NOT_LEARNING,
    ),
    "medians of a skewed target": (
        with_loss([1.2] * 10, val_accuracy=[], classes=0, val_mae=[0.5] * 10, trivial_mae=0.9),
        Verdict.HEALTHY,
    ),
    "cut at the level of the majority": (
        with_loss([1.095] * 10, val_accuracy=[0.4] * 10, majority=0.4, cut=True),
        Verdict.UNFINISHED,
    ),
    "flat from the start": (
        with_loss([1.08] * 10, loss=[1.09] * 10, val_accuracy=[0.45] * 10),
        Verdict.NOT_LEARNING,
    ),
    "a little better than nothing": (
        with_loss([1.08, 1.02, 0.99] + [0.98] * 7, loss=[1.2, 1.1, 1.0] + [0.98] * 7),
        Verdict.UNDERFITTING,
    ),
    "up and down": (
        with_loss([0.9, 0.4, 0.8, 0.35, 0.7, 0.3, 0.75, 0.4, 0.6, 0.3]),
        Verdict.UNSTABLE,
    ),
    "validation turns": (
        with_loss([0.9, 0.6, 0.5, 0.45, 0.46, 0.5, 0.55, 0.6, 0.65, 0.7]),
        Verdict.OVERFITTING,
    ),
    "one bad epoch is no trend": (
        with_loss([0.9, 0.6, 0.5, 0.45, 0.4, 0.38, 0.37, 0.36, 0.36, 0.37]),
        Verdict.HEALTHY,
    ),
    "gap in accuracy": (replace(HEALTHY, accuracy_gap=0.05), Verdict.OVERFITTING),
    "few rows blur a gap": (replace(HEALTHY, accuracy_gap=0.05, rows=60), Verdict.HEALTHY),
    "still falling at the cap": (
        with_loss([1.0, 0.9, 0.8, 0.7, 0.6, 0.5], loss=FALLING[:6], capped=True),
        Verdict.UNFINISHED,
    ),
    "flat at the cap": (
        with_loss([1.0, 0.6, 0.45, 0.38, 0.34, 0.32, 0.319, 0.318, 0.317, 0.316], capped=True),
        Verdict.HEALTHY,
    ),
    "cut short": (replace(HEALTHY, cut=True), Verdict.UNFINISHED),
    "one epoch": (TrainingCurves([0.5], [0.4], quality=[0.4], trivial=1.1), Verdict.HEALTHY),
}


@pytest.mark.parametrize("name", CASES)
def test_each_sign_has_its_verdict(name):
    curve, verdict = CASES[name]
    assert judge(curve) is verdict


def test_no_epoch_no_verdict():
    assert judge(TrainingCurves([], [])) is None


losses = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12)


@given(losses, st.floats(-1, 1), st.integers(0, 5), st.booleans())
def test_every_curve_gets_a_verdict(values, gap, classes, capped):
    curve = TrainingCurves(
        loss=values,
        val_loss=values,
        quality=values,
        trivial=1.0,
        val_accuracy=[0.5] * len(values),
        accuracy_gap=gap,
        rows=10,
        classes=classes,
        capped=capped,
    )
    verdict = judge(curve)
    assert (verdict is None) == (not values)
    if not all(map(math.isfinite, values)):
        assert verdict is Verdict.DIVERGED


@pytest.mark.parametrize("weighted", [False, True])
def test_the_trivial_loss_is_that_of_the_best_constant(weighted):
    rng = np.random.default_rng(0)
    weight = rng.uniform(0.5, 2.0, 200) if weighted else None
    classes = rng.choice(3, 200, p=[0.6, 0.3, 0.1])
    shares = np.bincount(classes, weights=weight) / (200 if weight is None else weight.sum())
    multiclass = Task(TaskKind.MULTICLASS, 3, ("y",), (0, 1, 2))
    expected = log_loss(classes, np.tile(shares, (200, 1)), sample_weight=weight)
    assert trivial_loss(multiclass, classes, weight) == pytest.approx(expected)

    binary = (classes == 0).astype(np.float32)[:, None]
    share = np.average(binary[:, 0], weights=weight)
    expected = log_loss(binary[:, 0], np.full(200, share), sample_weight=weight)
    task = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
    assert trivial_loss(task, binary, weight) == pytest.approx(expected)

    values = rng.normal(size=(200, 2)) * [1.0, 3.0]
    regression = Task(TaskKind.REGRESSION, 2, ("y", "z"))
    if not weighted:
        assert trivial_loss(regression, values) == pytest.approx(values.var(axis=0).mean())


def test_labels_that_never_vary_have_no_trivial_loss():
    task = Task(TaskKind.MULTILABEL, 2, ("a", "b"))
    assert trivial_loss(task, np.ones((5, 2), np.float32)) == 0.0
