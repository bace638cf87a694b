"""The leaderboard: a run's trials and baselines in order, a view that can always be rebuilt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.results.paired_test import told_apart
from automl.results.record import RunRecord, TrialRecord
from automl.results.voids import VOID
from automl.trial import TrialResult, TrialState

# What has a rank comes first; then what came near to one, then what may still get one.
_ORDER = {
    TrialState.COMPLETED: 0,
    TrialState.PRUNED: 1,
    TrialState.RUNNING: 2,
    TrialState.PAUSED: 2,
    TrialState.WAITING: 3,
    TrialState.FAILED: 4,
}


@dataclass(frozen=True)
class LeaderboardRow:
    """One row.

    Attributes:
        rank: Place among the completed trials and baselines, from 1; None for the others.
        trial: The trial's number, or the baseline's name.
        state: Where the trial is in its life.
        score: The objective on the validation rows at the best epoch, in its own direction and
            units; of a running trial the best so far; None without one.
        metrics: The task's metrics on the validation rows at the best epoch.
        config: Value of every active hyperparameter.
        epochs: Epochs finished.
        best_epoch: Number of the best epoch, counted from 1; 0 without one.
        seconds: Wall-clock seconds the trial took.
        parameters: Number of weights of the model.
        multiply_adds: Multiplications with an addition that one row takes through it; 0 where that
            is not known.
        training_bytes: Memory that a step of its training takes, in bytes, by its layers, weights
            and optimizer; an estimate, and 0 where that is not known.
        seed: The trial's seed, or None where none is recorded.
        verdict: What the learning curve says, or None.
        reason: Why the trial failed or ended early, or is void; else an empty string.
        trainer: What trained it; see `automl.trial.TrialResult`. "" where it is not known.
        train_metrics: The task's metrics on the training rows at the best epoch.
        gap: By how much the objective is worse on the validation rows than on the training
            rows, in the objective's units: positive where the model fits the training rows
            better. None where either is unknown.
        test_metrics: The task's metrics on the test rows; empty but for the best trial and the
            baselines.
        standard_error: Of the score, where it is a mean over folds, scorings or parts of the
            validation rows: their standard deviation over the root of their number; None else.
            Folds share training rows, so that the true one is larger (Bengio and Grandvalet 2004,
            JMLR 5).
        folds: The score on each fold, by its name; empty without folds.
        test_interval: The 95 % interval of the objective on the test rows, (low, high), by the
            bootstrap over them; None where there is none.
        predictions: Where its predictions on the validation rows lie, below the run's directory
            (`automl.results.predictions`); "" where they are not kept.
        scorings: Of a finalist, how many trainings with fresh seeds its score and its metrics are
            the means of; 0 of any other, whose score is that of the search's own training.
        search_score: Of a finalist, the score that it was chosen by; None of any other.
        tied: Whether the scorings of a finalist do not tell it from the best one
            (`automl.results.paired_test.told_apart`).
        members: Of an ensemble, what each of its models counts, by the name of its folder.
        refit_of: Of a refit, the trial whose configuration it has; None of any other.
        planned_epochs: Epochs that it was to have where there was no time for as many as a trial
            may have; else 0.
        latency: Milliseconds of a prediction, by the number of rows that are predicted at once;
            empty where none was measured (`automl.training.latency`).
        test_time_views: Views of each image over which its model's answers are averaged; 0 of any
            row without.
    """

    rank: int | None
    trial: int | str
    state: str
    score: float | None
    metrics: Mapping[str, float]
    config: Mapping[str, Any]
    epochs: int
    best_epoch: int
    seconds: float
    parameters: int
    seed: int | None
    verdict: str | None
    reason: str
    train_metrics: Mapping[str, float] = field(default_factory=dict)
    gap: float | None = None
    test_metrics: Mapping[str, float] = field(default_factory=dict)
    trainer: str = ""
    standard_error: float | None = None
    folds: Mapping[str, float] = field(default_factory=dict)
    predictions: str = ""
    scorings: int = 0
    search_score: float | None = None
    tied: bool = False
    members: Mapping[str, float] = field(default_factory=dict)
    refit_of: int | None = None
    latency: Mapping[str, float] = field(default_factory=dict)
    test_interval: tuple[float, float] | None = None
    planned_epochs: int = 0
    multiply_adds: int = 0
    training_bytes: int = 0
    test_time_views: int = 0


def leaderboard(record: RunRecord) -> list[LeaderboardRow]:
    """Orders a run's trials and baselines.

    Completed trials and baselines come first by score, of equal scores the earlier trial, a
    trial before a baseline; then pruned trials by score, running, waiting and failed ones by
    number. Where there are finalists, they and the baselines that are better than one of them
    stand before all other trials, whose scores were chosen for luck. Configurations that cost more
    than is allowed have no row.

    Args:
        record: The run as recorded.

    Returns:
        One row for each trial and baseline.
    """
    finalists = [t.score for t in record.trials if t.is_finalist and t.score is not None]
    last = max((record.loss(score) for score in finalists), default=-math.inf)

    def place(entry: tuple[int, TrialRecord]) -> tuple[int, bool, float, int]:
        index, trial = entry
        score = _score(trial, record.direction)
        compared = trial.state in (TrialState.COMPLETED, TrialState.PRUNED)
        if not compared or score is None or math.isnan(score):
            return _ORDER[trial.state], True, math.inf, index
        among = isinstance(trial.trial, str) and (bool(trial.members) or record.loss(score) < last)
        return _ORDER[trial.state], not (trial.is_finalist or among), record.loss(score), index

    entries = sorted(enumerate((*record.counted, *record.made, *record.baselines)), key=place)
    # An infinite score would tie with none at all, so the ranked are taken out first.
    ordered = [trial for _, trial in entries if trial.is_ranked]
    ordered += [trial for _, trial in entries if not trial.is_ranked]
    tied = _tied(record)
    return [
        _row(record, trial, rank if trial.is_ranked else None, trial.trial in tied)
        for rank, trial in enumerate(ordered, start=1)
    ]


def row_of(record: RunRecord, trial: TrialRecord) -> LeaderboardRow:
    """The row of a trial, a baseline or a candidate; one without a rank where it has none.

    Args:
        record: The run as recorded.
        trial: What is looked for, one of the record's.
    """
    rows = (row for row in leaderboard(record) if row.trial == trial.trial)
    return next(rows, None) or _row(record, trial, None)


def _tied(record: RunRecord) -> set[int | str]:
    """The finalists that are not told from the best one, which is no tie of itself."""
    best = record.best()
    if best is None or not best.is_finalist:
        return set()
    return {
        trial.trial
        for trial in record.trials
        if trial.is_finalist and trial is not best and not told_apart(best.scorings, trial.scorings)
    }


def _row(
    record: RunRecord, trial: TrialRecord, rank: int | None, tied: bool = False
) -> LeaderboardRow:
    result = trial.result or TrialResult(trial.state)
    score = _score(trial, record.direction)
    epochs = result.epochs if trial.result is not None else len(trial.scores)
    best_epoch = result.best_epoch
    if trial.result is None and score is not None and score in trial.scores:
        best_epoch = trial.scores.index(score) + 1
    return LeaderboardRow(
        rank=rank,
        trial=trial.trial,
        state=trial.state.value,
        score=score,
        metrics=result.metrics,
        config=trial.config,
        epochs=epochs,
        best_epoch=best_epoch,
        seconds=result.seconds,
        parameters=result.parameters,
        multiply_adds=result.multiply_adds,
        training_bytes=result.training_bytes,
        seed=trial.seed,
        verdict=None if result.verdict is None else result.verdict.value,
        reason=f"{VOID}{trial.voided}" if trial.voided else result.reason,
        train_metrics=result.train_metrics,
        gap=_gap(result, record),
        test_metrics=record.test_scores.get(trial.trial, {}),
        trainer=result.trainer,
        standard_error=trial.standard_error,
        folds={f"fold-{number}": score for number, score in enumerate(result.folds, 1)},
        predictions=result.predictions,
        scorings=len(trial.scorings) if trial.is_finalist else 0,
        search_score=None if trial.searched is None else trial.searched.score,
        tied=tied,
        members={one.name: one.weight for one in trial.members},
        test_time_views=len(trial.test_time_views),
        refit_of=trial.refit_of,
        test_interval=record.test_intervals.get(trial.trial),
        planned_epochs=result.planned_epochs,
    )


def _score(trial: TrialRecord, direction: str) -> float | None:
    """The trial's score, or of one that has not ended the best so far."""
    if trial.result is not None:
        return trial.result.score
    known = [score for score in trial.scores if math.isfinite(score)]
    if not known:
        return None
    return min(known) if direction == "minimize" else max(known)


def _gap(result: TrialResult, record: RunRecord) -> float | None:
    train = result.train_metrics.get(record.objective)
    validation = result.metrics.get(record.objective, result.score)
    if train is None or validation is None:
        return None
    return record.loss(validation) - record.loss(train)
