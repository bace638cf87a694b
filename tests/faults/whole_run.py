"""A run with all of its files but models, made of real parts without training anything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import optuna
from optuna.storages import JournalStorage

from automl.common.forms import to_form
from automl.data.kept_temperature import Temperature
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.results.ensembles import CHOSEN, ENSEMBLE, EnsembleForm, MemberForm, ensemble_entry
from automl.results.journal import JournalFile
from automl.results.run_directory import RunDirectory
from automl.results.scorings import FINALISTS, FinalistScoring, scoring_entry
from automl.results.temperatures import temperature_entry
from automl.results.voids import void_entry
from automl.space.registry import find_space
from automl.training.history import write_history
from automl.trial import FailureCause, TrialResult, TrialState
from automl.tuning.arguments import asked_values
from automl.tuning.finish import write_leaderboard
from automl.tuning.manifest import as_asked, make_manifest, narrowed_space
from automl.tuning.search_request import make_request
from automl.tuning.stored_rows import write_rows
from tests.results.study_maker import add_trial, result

ROWS = 60


def make_run(path: Path, data: Path) -> RunDirectory:
    """A run of seven trials in every state, two baselines and test scores.

    Args:
        path: Its directory.
        data: Where its rows are written to, as CSV.
    """
    lines = [
        f"{i * 0.37 - 5},{'xyz'[i % 3]},{i % 2 == 0},{'no' if i % 3 else 'yes'}"
        for i in range(ROWS)
    ]
    data.write_text("\n".join(["a,b,c,y", *lines, ""]))
    asked = {"target": "y", "settings": {"depth": "0:2"}, "trials": 9, "epochs": 3, "patience": 2}
    values, _ = asked_values({**asked, "keep_models": 2, "seed": 5})
    request = make_request(str(data), values)
    prepared = prepare(request.data)
    found = find_space("mlp")
    space, objective = narrowed_space(found, request, prepared), default_objective(prepared.task)
    asked_hash = as_asked(found, request).hash()
    manifest = make_manifest(request, space, prepared, objective, asked_hash)
    run = RunDirectory.create(path, manifest)
    write_rows(run, prepared)
    study = optuna.create_study(
        storage=JournalStorage(JournalFile(run.study_file)), study_name=manifest["study"]
    )
    study.set_user_attr(
        "baseline:majority", {"config": {}, "seed": 1, "result": to_form(result(0.7))}
    )
    outcomes: list[TrialResult | None] = [
        result(0.5), result(0.25), result(0.9, TrialState.PRUNED, reason="no better"),
        TrialResult(TrialState.FAILED, reason="it broke", cause=FailureCause.EXCEPTION),
        result(0.125), result(0.25), None,
    ]  # fmt: skip
    for number, outcome in enumerate(outcomes):
        add_trial(study, outcome, {"depth": number % 3, "width": 16 * number + 16, "kind": "relu"})
        curve = [{"epoch": e, "loss": 1 / e, "val_log_loss": 1 / e} for e in (1, 2, 3)]
        write_history(curve, run.trial_directory(number))
    (run.trial_directory(3) / "error.txt").write_text("Traceback ...\nValueError: it broke\n")
    study.set_user_attr(
        "baseline:linear", {"config": {"depth": 0}, "seed": 2, "result": to_form(result(0.4))}
    )
    study.set_user_attr("test_scores", {"4": {"log_loss": 0.13}, "majority": {"log_loss": 0.69}})
    study.set_user_attr("test_intervals", {"4": [0.1, 0.2], "majority": [0.6, 0.7]})
    compared = {"trial": 4, "metric": "log_loss", "low": -0.1, "high": 0.3}
    study.set_user_attr("against_constant", compared)
    write_leaderboard(run)
    return run


def add_finalists(run: RunDirectory) -> None:
    """Adds to a run what a search records after its trials: finalists, an ensemble, a temperature.

    Args:
        run: A run of `make_run`.
    """
    storage = JournalStorage(JournalFile(run.study_file))
    [name] = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    scorings = [
        FinalistScoring(trial, number, "holdout", 1, number, result(0.1 * number + 0.01 * trial))
        for trial in (4, 1)
        for number in (1, 2, 3)
    ]
    members = tuple(MemberForm(one.name, one.view, 0.5) for one in scorings[::3])
    ensemble = EnsembleForm(members, 0.12, {"log_loss": 0.12}, gain=0.01, gain_error=0.02)
    for key, value in (
        (FINALISTS, [4, 1]),
        *map(scoring_entry, scorings),
        ensemble_entry(ENSEMBLE, ensemble),
        (CHOSEN, ENSEMBLE),
        temperature_entry(4, Temperature(1.25, 0.12, 0.13, 0.001, 12)),
        void_entry(5, "it saw the target", "2026-11-29T10:00:00+00:00"),
    ):
        study.set_user_attr(key, value)
    write_leaderboard(run)


def without_seals(content: bytes) -> bytes:
    """A study or JSON file as it would be without checksums, so that only its sense protects it."""
    content = re.sub(rb',"crc32":\d+\}\n', b"}\n", content)
    if b'"sha256"' not in content:
        return content
    form = json.loads(content)
    form.pop("sha256", None)
    return json.dumps(form).encode()
