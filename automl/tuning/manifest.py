"""What a run records of what was asked, and how it is read back for resuming."""

from __future__ import annotations

import json
import platform
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from automl.common.files import to_json_text
from automl.common.forms import from_form, read_form, to_form
from automl.common.machine import processor, usable_cores
from automl.engines.child import CHILD_ENVIRONMENT
from automl.errors import RequestError, RunError, SpaceError
from automl.results.run_directory import RunDirectory
from automl.space.batch_size import with_batch_size
from automl.space.data_rules import suit_to_data
from automl.space.given_hyperparameters import with_hyperparameters
from automl.space.grown import has_only_grown
from automl.space.own_code import code_of
from automl.space.registry import is_built_in
from automl.space.search_space import SearchSpace
from automl.tuning.search_request import SearchRequest
from automl.tuning.sharing import Membership, make_terms
from automl.tuning.transfer import recorded_form

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective
    from automl.data.prepare import PreparedData
    from automl.data.task import Task
    from automl.vocabulary.metric import Metric


def make_manifest(
    request: SearchRequest,
    space: SearchSpace,
    data: PreparedData,
    objective: Objective,
    asked_hash: str,
) -> dict[str, Any]:
    """The content of ``run.json``: what was asked, and what it was asked of.

    Args:
        request: What was asked, settled by the data.
        space: The space as it is searched.
        data: The prepared rows.
        objective: What trials are ranked by.
        asked_hash: See `automl.tuning.setup.SearchSetup`.
    """
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "request": to_form(request),
        "data": {"fingerprint": data.fingerprint, **data.summary},
        "task": to_form(data.task),
        "objective": to_form(objective),
        "space": {
            "reference": space.reference,
            "hash": space.hash(),
            "asked_hash": asked_hash,
            "definition": space.to_json(),
        },
        **recorded_form(space),
        "seed": request.seed,
        "study": _study_name(request),
        "storage": request.storage,
        **_member(request, data, space, objective),
        "versions": current_versions(),
        "machine": this_machine(),
    }


def _study_name(request: SearchRequest) -> str:
    """The study's name; in a database it is this run's alone, unless a name was given."""
    if request.study is not None:
        return request.study
    name = request.data.name
    return name if request.storage is None else f"{name}-{secrets.token_hex(4)}"


def _member(
    request: SearchRequest, data: PreparedData, space: SearchSpace, objective: Objective
) -> dict[str, Any]:
    """Of a run whose study is in a database, its own name there and what others must share."""
    if request.storage is None:
        return {}
    return {
        "driver": secrets.token_hex(8),
        "terms": make_terms(request, data, space, objective),
    }


def membership(run: RunDirectory, manifest: Mapping[str, Any]) -> Membership | None:
    """A run's part in a shared study, or None where its study is its own."""
    if not manifest.get("storage") or "driver" not in manifest:
        return None
    place = f"{platform.node()}:{run.path}"
    return Membership(manifest["storage"], manifest["driver"], place, manifest["terms"])


def this_machine() -> dict[str, Any]:
    """What else the numbers of a training depend on: the processor, and a worker's threads."""
    return {
        "processor": processor(),
        "cores": usable_cores(),
        "threads": int(CHILD_ENVIRONMENT["TF_NUM_INTRAOP_THREADS"]),
    }


def current_versions() -> dict[str, str]:
    """Versions of what the result depends on, and whether the compiled kernel is there."""
    from importlib.metadata import version

    from automl.training.kernel.loading import load_kernel

    packages = ("automl", "tensorflow", "keras", "optuna", "ray", "numpy", "scikit-learn")
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "kernel": "absent" if load_kernel() is None else "present",
    }


def recorded_request(run: RunDirectory, manifest: Mapping[str, Any]) -> SearchRequest:
    """The request that a run was started with.

    Raises:
        RunError: ``run.json`` does not hold one.
    """
    try:
        for key in ("request", "data", "objective", "space", "study"):
            if manifest.get(key) is None:
                raise ValueError(f"{key} is missing")
        for key, part in (("data", "fingerprint"), ("space", "hash"), ("space", "reference")):
            if part not in manifest[key]:
                raise ValueError(f"{part} of {key} is missing")
        return read_form(SearchRequest, manifest["request"])
    except ValueError as error:
        raise RunError(
            f"{run.manifest_file} does not say what was asked ({error}); restore it from a copy."
        ) from error


def recorded_objective(
    run: RunDirectory, manifest: Mapping[str, Any], task: Task, own: Sequence[Metric] = ()
) -> Objective:
    """The objective that a run was started with.

    Args:
        run: The run.
        manifest: The content of ``run.json``.
        task: The task.
        own: The run's metrics that are functions, once more.

    Raises:
        RequestError: One of these is not given, or is another function.
        RunError: ``run.json`` names one that the task does not have.
    """
    from automl.data.metrics import Objective, resolve_objective
    from automl.vocabulary.own_metric import check_again
    from automl.vocabulary.renamed_metrics import current_name

    recorded = {**manifest["objective"]}
    recorded["name"] = current_name(recorded["name"], task.kind)
    forms = recorded.pop("own", ())
    check_again(forms, own)
    names = {form["name"]: form for form in forms}
    own = [metric for metric in own if metric.name in names]
    try:
        if recorded.get("of_model"):
            return replace(from_form(Objective, recorded), own=tuple(own))
        objective = resolve_objective(
            recorded["name"],
            task,
            recorded["direction"] if recorded["name"] in names else None,
            further=tuple(recorded.get("further", ())),
            own=own,
        )
    except (RequestError, ValueError) as error:
        raise RunError(f"In {run.manifest_file} the objective is wrong: {error}") from error
    if to_form(replace(objective, own=())) != recorded:
        raise RunError(
            f"In {run.manifest_file} the objective is {recorded!r}, but that metric is one to "
            f"{objective.direction}; restore the file from a copy."
        )
    return objective


def as_asked(space: SearchSpace, request: SearchRequest) -> SearchSpace:
    """The space with what was asked for of its hyperparameters, before the data are known.

    Raises:
        RequestError: Something was asked for that this space cannot have.
        SpaceError: A hyperparameter was fixed or narrowed to what it cannot be.
    """
    given = with_hyperparameters(
        space, request.hyperparameters, request.tune_new_entries, request.allow_new_entries
    )
    return with_batch_size(given.override(request.settings), request.batch_size)


def narrowed_space(
    space: SearchSpace, request: SearchRequest, data: PreparedData | Arrays
) -> SearchSpace:
    """The space as it is searched: fixed and narrowed as asked, and without what the data forbid.

    Args:
        space: The space as it was found.
        request: What was asked.
        data: The prepared rows.

    Returns:
        The space of the run.

    Raises:
        SpaceError: A hyperparameter was fixed or narrowed to what it cannot be.
    """
    from automl.tuning.objective import is_of_probabilities, one_loss

    asked, signature = as_asked(space, request), data.plan.signature
    return suit_to_data(
        one_loss(asked, request, data.task)[0],
        rows=len(data.train),
        cardinalities=signature.cardinalities,
        classification=data.task.is_classification,
        of_probabilities=is_of_probabilities(request, data.task),
        epochs=request.trial_budget.epochs,
        mirrored=request.data.mirrors(data.task.classes),
        numbers=signature.numeric if len(signature.shape or ()) < 2 else 0,
        asked={*request.settings, *(() if request.batch_size is None else ("batch_size",))},
    )


def record_request(run: RunDirectory, request: SearchRequest) -> None:
    """Records new limits, so that a run that is killed again goes on under these.

    Args:
        run: The run's directory, locked by this process.
        request: What is asked now.
    """
    manifest = run.read_manifest()
    form = json.loads(to_json_text(to_form(request)))
    if manifest.get("request") != form:
        run.write_manifest({**manifest, "request": form})


def record_code(run: RunDirectory, space: SearchSpace) -> None:
    """Keeps the files of a person's own space in the run, for models that need them to be loaded.

    Args:
        run: The run's directory, locked by this process.
        space: The space as it was found, and is run.
    """
    code = code_of(space)
    manifest = run.read_manifest()
    form = None if code is None else code.to_json()
    if code is not None and (manifest.get("code") != form or not run.root.is_folder(run.code)):
        code.write(run.root, run.code)
    if manifest.get("code") != form:
        run.write_manifest({**manifest, "code": form})


def as_recorded(
    run: RunDirectory,
    request: SearchRequest,
    manifest: Mapping[str, Any],
    space: SearchSpace,
    asked: SearchSpace,
) -> SearchSpace:
    """The space that the run began with.

    What the data forbid may be decided otherwise by now, by another version or with more epochs:
    as long as the space that was asked for is the same, the run keeps what was decided then. So it
    does where a space of this package has more hyperparameters or options than it had: without
    them its builder builds what it built.

    Args:
        run: The run.
        request: What was asked.
        manifest: The content of ``run.json``.
        space: The space as it would be searched now.
        asked: The space as it is asked for now, not narrowed to the data.

    Raises:
        RunError: The space has changed, or ``run.json`` contradicts itself.
    """
    recorded = manifest["space"]
    is_same = space.hash() == recorded["hash"]
    try:
        then = SearchSpace.from_json(recorded["definition"])
        if then.hash() != recorded["hash"]:
            raise SpaceError("its hash is another one")
        was_asked = is_same or asked.hash() == recorded.get("asked_hash")
        is_ours = asked.reference is not None and is_built_in(asked.reference)
        if not was_asked and not (is_ours and has_only_grown(asked, then)):
            raise RunError(
                f"The search space {request.space!r} has changed since {run.path} began; "
                "start a new search, or restore the space."
            )
        kept = space if is_same else space.with_hyperparameters(then.hyperparameters)
        # What is tried first is told by its place, so one more of them would repeat a trial.
        return kept.with_portfolio(then.portfolio)
    except (SpaceError, KeyError) as error:
        raise RunError(
            f"In {run.manifest_file} the definition of the search space is damaged ({error}); "
            "restore the file from a copy."
        ) from error
