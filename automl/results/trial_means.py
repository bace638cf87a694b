"""One result of several trainings: means, and of one of them what cannot be averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from automl.common.averages import mean_metrics, mean_of
from automl.trial import TrialResult


def with_mean_metrics(kept: TrialResult, results: Sequence[TrialResult]) -> TrialResult:
    """A result with the mean metrics of several in place of its own."""
    return replace(
        kept,
        metrics=mean_metrics([result.metrics for result in results]),
        train_metrics=mean_metrics([result.train_metrics for result in results]),
    )


def over_views(results: Sequence[TrialResult]) -> TrialResult:
    """The result of one training on each of several views, or of one.

    Args:
        results: What each came to.

    Returns:
        The first, with the means and the score on each view; with no score where one has none.
    """
    if len(results) == 1:
        return results[0]
    scores = [result.score for result in results if result.score is not None]
    return replace(
        with_mean_metrics(results[0], results),
        score=mean_of(scores) if len(scores) == len(results) else None,
        folds=tuple(scores),
        seconds=sum(result.seconds for result in results),
    )
