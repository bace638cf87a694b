"""What a good practitioner writes by hand: Optuna over `Model.fit`, the best model kept."""

from __future__ import annotations

import math
from typing import Any

import optuna

from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog
from benchmarks.peers.fitting import fit
from benchmarks.peers.hyperparameters import OptunaHyperParameters


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked, with an in-memory study and one saved model."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rows = assignment.rows()
    best = math.inf

    def objective(trial: Any) -> float:
        nonlocal best
        model, score, epochs = fit(assignment, OptunaHyperParameters(trial), rows)
        if score < best:
            best = score
            model.save(assignment.folder / "best.keras")
        log.trial(score, epochs)
        return score

    study = optuna.create_study(
        direction="minimize", sampler=optuna.samplers.RandomSampler(assignment.seed)
    )
    study.optimize(objective, n_trials=assignment.trials)
    log.searched()
