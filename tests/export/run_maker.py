"""Real runs for the tests of export: prepared data, a core model, its predictions, a study."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import optuna
import pandas as pd
from optuna.storages import JournalStorage

from automl.common.forms import to_form
from automl.data.metrics import default_objective
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.results.check_rows import write_check_rows
from automl.results.journal import JournalFile
from automl.results.predictions import add_predictions, predictions_of
from automl.results.run_directory import RunDirectory
from automl.trial import TrialResult, TrialState, Verdict

optuna.logging.set_verbosity(optuna.logging.WARNING)

ROWS = 120


@dataclass(frozen=True)
class Exported:
    """A run with its data and the bundle of its first trial."""

    run: RunDirectory
    data: PreparedData
    bundle: Path


def people() -> pd.DataFrame:
    """A table with every kind of column, missing values, and names that Keras refuses."""
    rng = np.random.default_rng(3)
    age = rng.normal(40, 12, ROWS).round(1)
    city = rng.choice(["Oslo", "Bergen/Vest", "[UNK]", "Ærø"], ROWS).astype(object)
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D")
    frame = pd.DataFrame(
        {
            "age": age,
            "total rooms/year": rng.normal(1e5, 3e4, ROWS),
            "where": rng.normal(0, 1, ROWS),
            "city": city,
            "joined": days.strftime("%Y-%m-%d"),
            "member": rng.random(ROWS) < 0.5,
            "code": [f"k{value}" for value in rng.integers(0, 15, ROWS)],
            "size": rng.normal(0, 2, ROWS),
            "income": np.where(age + rng.normal(0, 5, ROWS) > 40, "high", "low"),
            "price": age * 1_000 + 250_000 + rng.normal(0, 100, ROWS),
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::5, "city"] = None
    return frame


def make_run(path: Path, request: DataRequest) -> tuple[RunDirectory, PreparedData]:
    data = prepare(request)
    run = RunDirectory.create(
        path,
        {
            "objective": to_form(default_objective(data.task)),
            "study": "run",
            "storage": None,
            "seed": 7,
            "request": {"data": to_form(request)},
            "data": {"fingerprint": data.fingerprint, **data.summary},
            "space": {"reference": "mlp", "hash": "abc", "definition": {}},
            "versions": {"keras": keras.__version__},
        },
    )
    plan = {
        "plan": to_form(data.plan),
        "task": to_form(data.task),
        "notes": list(data.notes),
        "summary": data.summary,
    }
    run.plan_file.write_text(json.dumps(plan))
    write_check_rows(run, data.check, data.check_positions)
    return run, data


def make_core(data: PreparedData, dropout: float = 0.0) -> Any:
    """A small core model with random weights."""
    keras.utils.set_random_seed(0)
    signature = data.plan.signature
    inputs: dict[str, Any] = {}
    parts = []
    if signature.numeric:
        inputs["numeric"] = keras.Input((signature.numeric,), name="numeric")
        parts.append(inputs["numeric"])
    if signature.cardinalities:
        count = len(signature.cardinalities)
        inputs["categorical"] = keras.Input((count,), dtype="int32", name="categorical")
        parts += [
            keras.layers.Embedding(codes, 3)(inputs["categorical"][:, i])
            for i, codes in enumerate(signature.cardinalities)
        ]
    joined = keras.layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    hidden = keras.layers.Dense(8, activation="relu")(joined)
    if dropout:
        hidden = keras.layers.Dropout(dropout)(keras.layers.BatchNormalization()(hidden))
    activation = {"regression": None, "multiclass": "softmax"}.get(data.task.kind, "sigmoid")
    answer = keras.layers.Dense(data.task.outputs, activation=activation)(hidden)
    return keras.Model(inputs, answer, name="core")


def core_predictions(core: Any, data: PreparedData) -> np.ndarray[Any, Any]:
    inputs = dict(data.validation.at(data.check_positions).inputs)
    return np.asarray(data.plan.restore_target(core.predict(inputs, verbose=0)))


def add_trial(
    run: RunDirectory, data: PreparedData, *, keep: bool = True, dropout: float = 0.0
) -> int:
    """Records a completed trial, with its model and predictions where it is kept."""
    study = optuna.create_study(
        storage=JournalStorage(JournalFile(run.study_file)), study_name="run", load_if_exists=True
    )
    trial = study.ask()
    result = TrialResult(
        TrialState.COMPLETED,
        score=0.5 + trial.number,
        metrics={"log_loss": 0.5, "accuracy": 0.8},
        train_metrics={"log_loss": 0.4},
        epochs=5,
        best_epoch=3,
        parameters=99,
        verdict=Verdict.HEALTHY,
        model_hash="cafe",
    )
    trial.set_user_attr("config", {"depth": 1, "learning_rate": 0.001})
    trial.set_user_attr("seed", 11)
    trial.set_user_attr("result", to_form(result))
    study.tell(trial, result.score)
    if trial.number == 0:
        study.set_user_attr("test_scores", {"0": {"log_loss": 0.61}})
        baseline = {"config": {}, "seed": 1, "result": to_form(result)}
        study.set_user_attr("baseline:majority", baseline)
    if keep:
        core = make_core(data, dropout)
        folder = run.trial_directory(trial.number)
        folder.mkdir()
        core.save(folder / "model.keras")
        np.save(folder / "check.npy", core_predictions(core, data))
        rows = data.validation
        answers = data.plan.restore_target(core.predict(dict(rows.inputs), verbose=0))
        own = predictions_of(np.asarray(answers, np.float32), rows, data.validation_positions)
        add_predictions(run.root, folder, {"holdout": own})
    return trial.number


def exported(folder: Path, request: DataRequest, dropout: float = 0.0) -> Exported:
    """A run of one trial, and its model exported."""
    from automl.export.in_child import export_in_child
    from automl.results.export_request import export_request

    run, data = make_run(folder / "run", request)
    add_trial(run, data, dropout=dropout)
    export_in_child(**export_request(run, None, folder / "bundle"))
    return Exported(run, data, folder / "bundle")
