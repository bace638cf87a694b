"""ROC AUC and average precision in NumPy, with the values that scikit-learn gives.

scikit-learn takes half a second to import, which every worker would wait for before its first
score; a property test holds the two equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def roc_auc(truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None) -> float:
    """Area under the receiver operating characteristic; ties count half.

    Args:
        truth: Whether each row is positive, bool (n,); both kinds are there.
        scores: Higher for rows that are held to be positive, (n,).
        weight: Weight of each row, (n,), or None for equal weights.
    """
    hits, alarms = _steps(truth, scores, weight)
    return float(np.trapezoid(hits / hits[-1], alarms / alarms[-1]))


def average_precision(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> float:
    """Precision at each threshold, weighted by the recall that it adds; see `roc_auc`."""
    hits, alarms = _steps(truth, scores, weight)
    precision = np.divide(hits, hits + alarms, out=np.zeros_like(hits), where=hits + alarms > 0)
    return float(np.sum(np.diff(hits / hits[-1]) * precision[1:]))


def _steps(
    truth: npt.NDArray[Any], scores: FloatArray, weight: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Positive and negative weight at or above each distinct score, from none to all."""
    order = np.argsort(-scores, kind="stable")
    weights = np.ones(len(truth)) if weight is None else weight[order]
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(truth) - 1)
    positive = truth[order]
    hits = np.cumsum(weights * positive)[ends]
    alarms = np.cumsum(weights * ~positive)[ends]
    return np.append(0.0, hits), np.append(0.0, alarms)
