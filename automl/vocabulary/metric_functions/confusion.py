"""Scores of told classes and labels: precision, recall, F-beta, balanced accuracy, counts.

With the values that scikit-learn gives, ``zero_division=0`` included: a score that is not defined
(nothing was told, or nothing was there) is 0. scikit-learn itself takes half a second to import,
which every worker would wait for before its first score; property tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Counts:
    """Weights of rows by what is true and what was told, one entry a class or label.

    Attributes:
        hits: True positives, float64 (k,).
        told: All that were told, (k,).
        there: All that are there, (k,).
        rows: Weight of all rows.
    """

    hits: FloatArray
    told: FloatArray
    there: FloatArray
    rows: float

    def summed(self) -> Counts:
        """All classes or labels as one, as ``average="micro"`` has it."""
        return Counts(
            self.hits.sum(keepdims=True),
            self.told.sum(keepdims=True),
            self.there.sum(keepdims=True),
            self.rows * len(self.hits),
        )


def count_labels(truth: BoolArray, told: BoolArray, weight: FloatArray | None) -> Counts:
    """Counts labels.

    Args:
        truth: Whether each label holds, (n, k).
        told: Whether it was told to, (n, k).
        weight: Weight of each row, (n,), or None for equal weights.
    """
    weights = np.ones(len(truth)) if weight is None else weight
    return Counts(
        hits=weights @ (truth & told).astype(np.float64),
        told=weights @ told.astype(np.float64),
        there=weights @ truth.astype(np.float64),
        rows=float(weights.sum()),
    )


def count_classes(
    truth: npt.NDArray[Any], told: npt.NDArray[Any], weight: FloatArray | None
) -> Counts:
    """Counts the classes that are there or were told; others count for nothing.

    Args:
        truth: Class number of each row, (n,).
        told: The one that was told, (n,).
        weight: Weight of each row, (n,), or None for equal weights.
    """
    classes = np.union1d(truth, told)
    weights = np.ones(len(truth)) if weight is None else weight
    there, answered = np.searchsorted(classes, truth), np.searchsorted(classes, told)
    hit = there == answered

    def total(numbers: npt.NDArray[Any], of: FloatArray) -> FloatArray:
        return np.bincount(numbers, weights=of, minlength=len(classes)).astype(np.float64)

    return Counts(
        hits=total(there[hit], weights[hit]),
        told=total(answered, weights),
        there=total(there, weights),
        rows=float(weights.sum()),
    )


def precision(counts: Counts) -> FloatArray:
    """Of what was told, the share that is true, (k,)."""
    return _share(counts.hits, counts.told)


def recall(counts: Counts) -> FloatArray:
    """Of what is there, the share that was told, (k,)."""
    return _share(counts.hits, counts.there)


def fbeta(counts: Counts, beta: float = 1.0) -> FloatArray:
    """The harmonic mean of precision and recall, recall counting ``beta`` times as much, (k,)."""
    square = beta * beta
    return _share((1.0 + square) * counts.hits, square * counts.there + counts.told)


def averaged(score: Callable[[Counts], FloatArray], counts: Counts, average: str) -> float:
    """One number of the scores of several classes or labels.

    Args:
        score: The score of each, such as `precision`.
        counts: What to score.
        average: ``"macro"`` (all alike), ``"micro"`` (every row and label alike) or
            ``"weighted"`` (by how often each is there).
    """
    if average == "micro":
        return float(score(counts.summed())[0])
    values = score(counts)
    if average == "macro":
        return float(values.mean())
    total = counts.there.sum()
    return float(values @ counts.there / total) if total > 0.0 else 0.0


def balanced_accuracy(counts: Counts) -> float:
    """Mean recall of the classes that are there; NaN where none has a weight."""
    there = counts.there > 0.0
    return float(recall(counts)[there].mean()) if there.any() else float("nan")


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    share: FloatArray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)
    return share
