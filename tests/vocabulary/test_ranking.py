"""ROC AUC and average precision equal scikit-learn's."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from sklearn.metrics import average_precision_score, roc_auc_score

from automl.vocabulary.metric_functions.ranked import average_precision, roc_auc

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.500001, 1.0]),
        st.sampled_from([0.5, 1.0, 2.0]),
    ),
    min_size=2,
    max_size=40,
)


def columns(rows: list[Any], weighted: bool) -> tuple[Any, Any, Any, Any]:
    truth, told, scores, weight = (np.array(column) for column in zip(*rows, strict=True))
    return truth, told, scores, weight if weighted else None


@given(rows=ROWS, weighted=st.booleans())
def test_areas_are_scikit_learns_with_ties(rows: list[Any], weighted: bool) -> None:
    truth, _, scores, weight = columns(rows, weighted)
    positive = truth > 1
    if positive.all() or not positive.any():
        return
    area = roc_auc_score(positive, scores, sample_weight=weight)
    assert roc_auc(positive, scores, weight) == pytest.approx(area)
    precision = average_precision_score(positive, scores, sample_weight=weight)
    assert average_precision(positive, scores, weight) == pytest.approx(precision)
