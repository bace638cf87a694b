"""When a running trial is pruned after one of its folds, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

from automl.trial import Answer, ExecutionReport, TrialResult, TrialState
from automl.tuning.pruners.fold_rules import FoldPruningRule
from automl.tuning.ranking import Ranking


class FoldPruning:
    """Compares trials on folds with the best one so far.

    Args:
        rule: Says whether one stops.
        ranking: The trials that are over.
        folds: How many folds there are; 1 where there are none.
    """

    def __init__(self, rule: FoldPruningRule, ranking: Ranking, folds: int) -> None:
        self._rule = rule
        self._ranking = ranking
        self._folds = folds
        self._reasons: dict[int | str, str] = {}

    def answer(self, trial: int, report: ExecutionReport) -> Answer:
        """Whether a trial goes on after an execution."""
        best = self._ranking.leader
        if best is None or not report.folds or len(best.folds) < self._folds:
            return Answer.GO_ON
        reason = self._rule.reason(report.folds, best.folds)
        if not reason:
            return Answer.GO_ON
        done = f"it was pruned after {len(report.folds)} of {self._folds} folds"
        self._reasons[trial] = f"{done}: {reason}"
        return Answer.STOP

    def explained(self, trial: int | str, result: TrialResult) -> TrialResult:
        """The result of a trial that is over, with the reason if it was stopped here."""
        reason = self._reasons.pop(trial, "")
        if not reason or result.state is not TrialState.PRUNED:
            return result
        return replace(result, reason=reason)
