"""The threshold of a binary classifier: the best by trying all, and that of stated costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import read_form, to_form
from automl.data.decision_threshold import (
    DecisionThreshold,
    cost_threshold,
    f1_threshold,
    least_cost_threshold,
)
from automl.data.metrics import compute_metric, compute_metrics
from automl.data.task import Task, TaskKind
from automl.data.temperature import AnsweredRows
from automl.vocabulary.metric import Metric
from automl.vocabulary.metrics import metrics_of

BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
PROBABILITIES = st.one_of(
    st.floats(0.0, 1.0, width=32), st.sampled_from([0.0, 0.25, 0.5, 1.0, float(np.float32(0.1))])
)
ROWS = st.lists(
    st.tuples(PROBABILITIES, st.booleans(), st.sampled_from([0.5, 1.0, 3.0])),
    min_size=1,
    max_size=12,
)


def rows_of(drawn: list[tuple[float, bool, float]], weighted: bool) -> AnsweredRows:
    p, truth, weight = (np.array(column) for column in zip(*drawn, strict=True))
    return AnsweredRows(
        truth.reshape(-1, 1).astype(np.float32),
        p.reshape(-1, 1).astype(np.float32),
        weight.astype(np.float32) if weighted else None,
    )


def f1_at(rows: AnsweredRows, threshold: float) -> float:
    metrics = (BINARY, rows.truth, rows.probabilities, rows.weight)
    return compute_metric("f1", *metrics, threshold)


def cost_at(rows: AnsweredRows, threshold: float, costs: tuple[float, float]) -> float:
    told, truth = rows.probabilities[:, 0] > np.float64(threshold), rows.truth[:, 0] > 0
    each = costs[0] * (told & ~truth) + costs[1] * (~told & truth)
    return float(np.average(each, weights=rows.weight))


def all_thresholds(rows: AnsweredRows) -> list[float]:
    """One between each two neighbours, and one on each side."""
    p = np.unique(np.concatenate([[0.0, 1.0], rows.probabilities[:, 0].astype(np.float64)]))
    return [0.0, 1.0, *((p[1:] + p[:-1]) / 2.0)]


@given(ROWS, st.booleans())
def test_no_threshold_has_a_better_f1(
    drawn: list[tuple[float, bool, float]], weighted: bool
) -> None:
    rows = rows_of(drawn, weighted)
    chosen = f1_threshold(rows)
    assert chosen.reached == pytest.approx(f1_at(rows, chosen.value))
    assert chosen.at_half == pytest.approx(f1_at(rows, 0.5))
    assert chosen.reached == pytest.approx(max(f1_at(rows, t) for t in all_thresholds(rows)))


@given(ROWS, st.booleans(), st.sampled_from([(1.0, 5.0), (5.0, 1.0), (1.0, 1.0)]))
def test_no_threshold_costs_less(
    drawn: list[tuple[float, bool, float]], weighted: bool, costs: tuple[float, float]
) -> None:
    rows = rows_of(drawn, weighted)
    least = min(cost_at(rows, t, costs) for t in all_thresholds(rows))
    best = least_cost_threshold(rows, *costs)
    assert best.reached == pytest.approx(cost_at(rows, best.value, costs)) == pytest.approx(least)
    chosen = cost_threshold(rows, *costs)
    assert chosen.value == pytest.approx(costs[0] / sum(costs))
    assert chosen.reached == pytest.approx(cost_at(rows, chosen.value, costs))
    assert chosen.at_half == pytest.approx(cost_at(rows, 0.5, costs))


def test_where_probabilities_are_what_they_say_the_threshold_of_costs_is_the_best() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((200_000, 1))
    rows = AnsweredRows((rng.random(p.shape) < p).astype(np.float32), p)
    assert least_cost_threshold(rows, 1.0, 4.0).value == pytest.approx(0.2, abs=0.02)


def test_of_equals_the_one_nearest_to_one_half() -> None:
    apart = AnsweredRows(np.array([[0.0], [1.0]]), np.array([[0.125], [0.75]], np.float32))
    assert f1_threshold(apart).value == (0.125 + 0.75) / 2
    none = AnsweredRows(np.array([[0.0]]), np.array([[0.9]], np.float32))
    assert f1_threshold(none).reached == 0.0
    assert 0.0 <= f1_threshold(none).value <= 1.0


@pytest.mark.parametrize("metric", metrics_of(TaskKind.BINARY), ids=lambda metric: metric.name)
def test_metrics_of_what_is_told_follow_the_threshold_and_others_do_not(metric: Metric) -> None:
    rng = np.random.default_rng(1)
    truth, p = (rng.random((50, 1)) < 0.4).astype(np.float32), rng.random((50, 1))
    metric = metric if metric.parameter is None else metric.with_number(2.0)
    plain = compute_metric(metric, BINARY, truth, p)
    moved = compute_metric(metric, BINARY, truth, p, threshold=0.2)
    if metric.of_probabilities:
        assert moved == plain
        return
    assert moved != plain
    told = (p > 0.2).astype(np.float64)
    assert moved == compute_metric(metric, BINARY, truth, told)
    # the other way round: what is told is all that such a metric sees
    assert plain == compute_metric(metric, BINARY, truth, (p > 0.5).astype(np.float64))


def test_the_threshold_of_a_persons_own_metric_and_of_no_numbers() -> None:
    truth, p = np.array([[0.0], [1.0]]), np.array([[0.3], [0.9]])
    told = Metric("told", lambda t, p: float(p.sum()), "min", response_method="predict")
    summed = Metric("summed", lambda t, p: float(p.sum()), "min")
    found = compute_metrics(BINARY, truth, p, None, [told, summed], threshold=0.2)
    assert (found["summed"], found["accuracy"]) == (pytest.approx(1.2), 0.5)
    assert found["told"] == 2.0
    assert np.isnan(compute_metric("f1", BINARY, truth, p * np.nan, threshold=0.2))


def test_forms() -> None:
    for one in (
        DecisionThreshold(0.3, "given"),
        DecisionThreshold(0.2, "costs", (1.0, 4.0), 0.1, 0.2, 9),
    ):
        assert read_form(DecisionThreshold, to_form(one)) == one
    with pytest.raises(ValueError, match="from 0 to 1"):
        DecisionThreshold(float("nan"), "given")
    assert (
        "0.9 on 1,200 validation rows, 0.8 with 0.5"
        in DecisionThreshold(0.3, "f1", (), 0.9, 0.8, 1200).describe()
    )
