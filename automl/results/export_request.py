"""What exporting a trial needs, gathered from the run: JSON arguments for an export task.

Reading a run needs no TensorFlow and exporting needs nothing of a run but these values, so a
process that has TensorFlow is told all of it in one message::

    request = export_request(run, trial, to)
    run_in_child(processes, "automl.export.in_child:export_in_child", request)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automl.common.files import finite, read_json_object
from automl.common.forms import to_form
from automl.data.arrays import FIRST_FOLD
from automl.data.decision_threshold import DecisionThreshold
from automl.data.kept_temperature import Temperature
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task
from automl.errors import RequestError, RunError
from automl.results.asked_threshold import AskedThreshold, check_threshold, chosen_threshold
from automl.results.card import card_text
from automl.results.check_rows import check_rows_file
from automl.results.ensembles import PLANS_FILE
from automl.results.read_record import read_record
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.scorings import is_scoring
from automl.results.trial_plan import read_part, recorded_plan
from automl.trial import BOOSTING, CHECK_FILE, HOLDOUT, MODEL_FILE, TRIALS, TrialState, trial_named


def export_request(
    run: RunDirectory,
    trial: int | str | None,
    to: str | Path,
    record: RunRecord | None = None,
    trust: bool = False,
    asked: AskedThreshold | None = None,
) -> dict[str, Any]:
    """Gathers what exporting a trial needs.

    Args:
        run: The run.
        trial: The trial's number or the baseline's name; None for the best trial.
        to: The bundle's directory, which must not exist.
        record: The run as recorded, where it has been read.
        trust: Consent to run code that the run holds, where the trial's model needs it.
        asked: The decision threshold that is asked for; None for one half.

    Returns:
        The arguments of `automl.export.in_child.export_in_child`, as a JSON form.

    Raises:
        RequestError: There is no such trial, or it has no model, or its model needs code and that
            was not allowed.
        RunError: The run cannot be read, or no trial has completed.
    """
    record = record or read_record(run)
    chosen = _best(record) if trial is None else record.find(trial)
    manifest = run.read_manifest()
    of = _of_ensemble if chosen.members else _of_model
    own = of(run, chosen, manifest, trust)
    stored, _, task = recorded_plan(run, chosen.trial)
    stored = {**stored, "plan": own.get("plan", stored["plan"])}
    temperature = record.temperatures.get(chosen.trial) if task.is_classification else None
    threshold = _threshold(asked, run, chosen, task, manifest, temperature)
    form: dict[str, Any] = finite(
        {
            "run": str(run.path),
            "check_rows": str(check_rows_file(run, chosen.trial)),
            "plan": stored["plan"],
            "task": stored["task"],
            "config": _config(record, chosen, manifest) | _decision(threshold, temperature),
            "card": card_text(record, chosen, manifest, stored, own["code"], threshold),
            "temperature": 1.0 if temperature is None else temperature.value,
            "to": str(Path(to).absolute()),
            **own,
        }
    )
    return form


def _of_model(
    run: RunDirectory, chosen: TrialRecord, manifest: Mapping[str, Any], trust: bool
) -> dict[str, Any]:
    """What an export is told of one model."""
    model, expected = _files_of(run, chosen)
    code = code_needed(run, manifest, model_folder(run, chosen), trust)
    return {"model": str(model), "expected": str(expected), "code": code}


def _of_ensemble(
    run: RunDirectory, chosen: TrialRecord, manifest: Mapping[str, Any], trust: bool
) -> dict[str, Any]:
    """What it is told of the models of an ensemble, with the one plan for all of them."""
    told = ensemble_arguments(run, chosen, manifest, trust)
    plans_file = run.trial_file(chosen.trial, PLANS_FILE)
    kept = read_json_object(plans_file)
    plans, whole = kept.get("plans"), kept.get("plan")
    if not isinstance(plans, Mapping) or not all(one.view in plans for one in chosen.members):
        raise RunError(f"{plans_file} does not hold the plans of the {chosen.trial}; restore it.")
    for plan in (*plans.values(), whole):
        read_part(PreprocessingPlan, plan, plans_file)
    return {
        "model": "",
        "members": [{**one, "plan": plans[one["view"]]} for one in told["members"]],
        "test_time_views": told["test_time_views"],
        "expected": str(run.trial_file(chosen.trial, CHECK_FILE)),
        "plan": whole,
        "code": told["code"],
    }


def ensemble_arguments(
    run: RunDirectory, ensemble: TrialRecord, manifest: Mapping[str, Any], trust: bool
) -> dict[str, Any]:
    """What a child is told of an ensemble.

    Args:
        run: The run.
        ensemble: The ensemble.
        manifest: The content of ``run.json``.
        trust: Consent to run code that the run holds, where the model needs it: only that of
            test-time views may.

    Returns:
        Its ``folder``, its ``members``, the ``first`` view, its ``test_time_views`` and the
        ``code`` that its model needs.

    Raises:
        RequestError: A model of it is not there any more, or needs code and that was not allowed.
    """
    members = [
        {
            "model": str(run.trial_file(trial_named(one.name), MODEL_FILE)),
            "view": one.view,
            "weight": one.weight,
        }
        for one in ensemble.members
    ]
    gone = [one["model"] for one in members if not run.root.is_file(Path(str(one["model"])))]
    if gone:
        raise RequestError(
            f"The model {gone[0]} of the {ensemble.trial} was not kept; export one of {_kept(run)}."
        )
    views = [one.view for one in ensemble.members]
    first = next((view for view in views if view in (HOLDOUT, FIRST_FOLD)), views[0])
    return {
        "folder": str(run.trial_directory(ensemble.trial)),
        "members": members,
        "first": first,
        "test_time_views": [to_form(view) for view in ensemble.test_time_views],
        "code": code_needed(run, manifest, trial_named(ensemble.members[0].name), trust)
        if ensemble.test_time_views
        else None,
    }


def model_of(run: RunDirectory, chosen: TrialRecord) -> Path:
    """The core model that a trial has kept.

    Raises:
        RequestError: It has none.
    """
    return _files_of(run, chosen)[0]


def model_folder(run: RunDirectory, trial: TrialRecord) -> int | str:
    """Whose model is a trial's: its own, or that of a finalist's first training.

    A finalist that was pruned between two folds has kept none of its own.

    Args:
        run: The run.
        trial: The trial.
    """
    if trial.scorings and not run.root.is_file(run.trial_file(trial.trial, MODEL_FILE)):
        return trial.scorings[0].name
    return trial.trial


def _files_of(run: RunDirectory, chosen: TrialRecord) -> tuple[Path, Path]:
    """A trial's model, and its predictions for the check rows.

    Raises:
        RequestError: It has none that could be exported.
    """
    if chosen.state is not TrialState.COMPLETED:
        raise RequestError(
            f"Trial {chosen.trial} of {run.path} is {chosen.state.value}, so it has no model; "
            "export a completed one."
        )
    folder = model_folder(run, chosen)
    model, expected = run.trial_file(folder, MODEL_FILE), run.trial_file(folder, CHECK_FILE)
    if chosen.trial == BOOSTING:
        raise RequestError(
            f"Baseline {BOOSTING} of {run.path} is a model of scikit-learn's, which is no Keras "
            f"model and was not kept; export one of {_kept(run)}."
        )
    if isinstance(chosen.trial, str) and not chosen.config:
        raise RequestError(
            f"Baseline {chosen.trial} of {run.path} answers every row alike and has no model; "
            f"export one of {_kept(run)}."
        )
    if chosen.place:
        raise RequestError(
            f"Trial {chosen.trial} of {run.path} was trained by the run {chosen.place}, which "
            f"shares its study and holds the model; export it there, or export one of {_kept(run)}."
        )
    if chosen.result is not None and chosen.result.unsaved:
        raise RequestError(
            f"Trial {chosen.trial} of {run.path} cannot be exported: "
            f"{chosen.result.unsaved.rstrip('.')}; correct that and search again."
        )
    if not run.root.is_file(model) or not run.root.is_file(expected):
        raise RequestError(
            f"The model of trial {chosen.trial} of {run.path} was not kept; export one of "
            f"{_kept(run)}, or search again with a larger --keep-models."
        )
    return model, expected


def code_needed(
    run: RunDirectory, manifest: Mapping[str, Any], trial: int | str, trust: bool
) -> dict[str, Any] | None:
    """The code of a person's own that a trial's model needs to be loaded.

    Args:
        run: The run.
        manifest: The content of ``run.json``.
        trial: The trial's number or the baseline's name.
        trust: Consent to run the code.

    Returns:
        ``objects``, what the model needs of it; ``folder``, where it is; and ``file``, ``module``
        and ``files`` as `automl.space.own_code.OwnCode.to_json` gives them. None where Keras alone
        loads the model.

    Raises:
        RequestError: The model needs code and there is no consent to run that.
        RunError: The code is not there, or was changed.
    """
    from automl.export.own_code import LAMBDA, own_objects
    from automl.space.own_code import OwnCode, read_code

    objects = own_objects(run.trial_file(trial, MODEL_FILE))
    if not objects:
        return None
    names = ", ".join(sorted({str(one) for one in objects}))
    recorded = manifest.get("code")
    if not trust:
        place = f" of {run.code / recorded['file']}" if recorded and recorded["file"] else ""
        raise RequestError(
            f"The model of trial {trial} of {run.path} needs {names}{place}, and loading it runs "
            "that code; read it, then allow it with --trust (in Python trust=True)."
        )
    if recorded is None and any(one.name != LAMBDA for one in objects):
        raise RunError(
            f"The model of trial {trial} of {run.path} needs {names}, which was defined in a "
            "notebook, a running script or a function, and so is not recorded; define it in a file "
            "and search again with that as the space."
        )
    code = OwnCode() if recorded is None else read_code(recorded, run.root, run.code)
    folder = str(run.code) if code.files else ""
    return {"objects": names.split(", "), "folder": folder, **code.to_json()}


def _data_request(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was asked of the data."""
    return (manifest.get("request") or {}).get("data") or {}


def _threshold(
    asked: AskedThreshold | None,
    run: RunDirectory,
    chosen: TrialRecord,
    task: Task,
    manifest: Mapping[str, Any],
    temperature: Temperature | None,
) -> DecisionThreshold | None:
    """The threshold that is asked for, or None for one half."""
    if asked is None:
        return None
    check_threshold(task, run)
    weighed = _data_request(manifest).get("class_weight") is not None
    value = 1.0 if temperature is None else temperature.value
    of = (asked, run, chosen.trial, task)
    return chosen_threshold(*of, temperature=value, class_weights=weighed)


def _decision(
    threshold: DecisionThreshold | None, temperature: Temperature | None
) -> dict[str, Any]:
    """What ``config.json`` says of threshold and temperature: nothing where there are none."""
    found = {"threshold": threshold, "temperature": temperature}
    return {name: to_form(one) for name, one in found.items() if one is not None}


def _best(record: RunRecord) -> TrialRecord:
    best = record.exported
    if best is None:
        raise RunError(
            f"No trial of the run {record.name} has completed, so there is nothing to export."
        )
    return best


def _kept(run: RunDirectory) -> str:
    """Names the trials that can be exported."""
    names = sorted(
        (name for name in run.root.names(TRIALS) if _has_model(run, name) and not is_scoring(name)),
        key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name),
    )
    return ", ".join(names) or "none (no model was kept)"


def _has_model(run: RunDirectory, name: str) -> bool:
    folder = run.trials / name
    return run.root.is_folder(folder) and run.root.is_file(folder / MODEL_FILE)


def _config(record: RunRecord, trial: TrialRecord, manifest: dict[str, Any]) -> dict[str, Any]:
    """What the bundle's ``config.json`` says of where the model comes from."""
    result = trial.result
    assert result is not None  # a completed trial has one
    space = manifest.get("space") or {}
    return {
        "run": record.name,
        "trial": trial.trial,
        "objective": {"name": record.objective, "direction": record.direction},
        "weight": (manifest.get("data") or {}).get("weight"),
        "input": _data_request(manifest).get("input"),
        "named_metrics": list(record.named),
        "own_metrics": list(record.own),
        "score": result.score,
        "metrics": dict(result.metrics),
        "test_metrics": dict(record.test_scores.get(trial.trial, {})),
        "test_interval": record.test_intervals.get(trial.trial),
        "verdict": None if result.verdict is None else result.verdict.value,
        "config": dict(trial.config),
        "seed": trial.seed,
        "run_seed": manifest.get("seed"),
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "parameters": result.parameters,
        "model_hash": result.model_hash,
        "space": {"reference": space.get("reference"), "hash": space.get("hash")},
        "data_fingerprint": (manifest.get("data") or {}).get("fingerprint"),
        "versions": manifest.get("versions") or {},
    }
