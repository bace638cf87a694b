"""Real studies for the tests of results: written through Optuna into a run's journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage

from automl.common.forms import to_form
from automl.results.journal import JournalFile
from automl.results.run_directory import RunDirectory
from automl.trial import TrialResult, TrialState, Verdict

optuna.logging.set_verbosity(optuna.logging.WARNING)


def make_run(path: Path, direction: str = "minimize", objective: str = "log_loss") -> RunDirectory:
    return RunDirectory.create(
        path,
        {
            "objective": {"name": objective, "direction": direction},
            "study": "run",
            "storage": None,
            "seed": 1,
            "data": {"fingerprint": "f00d", "rows": {"train": 60, "validation": 20}},
            "space": {"reference": "mlp", "hash": "abc", "definition": {}},
            "versions": {"keras": "3"},
        },
    )


def open_study(run: RunDirectory, direction: str = "minimize") -> optuna.Study:
    return optuna.create_study(
        storage=JournalStorage(JournalFile(run.study_file)),
        study_name="run",
        direction=direction,
        load_if_exists=True,
    )


def result(score: float, state: TrialState = TrialState.COMPLETED, **values: Any) -> TrialResult:
    defaults: dict[str, Any] = {
        "score": score,
        "metrics": {
            "log_loss": score,
            "accuracy": 0.9,
            "f1": 0.8,
            "roc_auc": 0.7,
            "average_precision": 0.6,
        },
        "train_metrics": {"log_loss": score - 0.1, "accuracy": 0.95},
        "epochs": 30,
        "best_epoch": 12,
        "seconds": 1.25,
        "parameters": 12345,
        "verdict": Verdict.HEALTHY,
    }
    return TrialResult(state, **{**defaults, **values})


def add_trial(
    study: optuna.Study, outcome: TrialResult | None, config: dict[str, Any], epochs: int = 3
) -> None:
    trial = study.ask()
    trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    trial.suggest_categorical("activation", ["relu", "elu"])
    trial.set_user_attr("config", config)
    trial.set_user_attr("seed", trial.number + 100)
    for epoch in range(1, epochs + 1):
        trial.report(1.0 / epoch, epoch)
    if outcome is None:
        return
    trial.set_user_attr("result", to_form(outcome))
    states = {
        TrialState.COMPLETED: optuna.trial.TrialState.COMPLETE,
        TrialState.PRUNED: optuna.trial.TrialState.PRUNED,
        TrialState.FAILED: optuna.trial.TrialState.FAIL,
    }
    value = outcome.score if outcome.state is TrialState.COMPLETED else None
    study.tell(trial, value, state=states[outcome.state])
