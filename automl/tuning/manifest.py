"""What a run records of what was asked, and how it is read back for resuming."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from automl.errors import AutoMLError, RunError
from automl.results.files import to_json_text
from automl.results.run_directory import RunDirectory
from automl.space.data_rules import suit_to_data
from automl.space.registry import find_space
from automl.tuning.request import SearchRequest

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective
    from automl.data.prepare import PreparedData
    from automl.space import SearchSpace


def make_manifest(
    request: SearchRequest, space: SearchSpace, data: PreparedData, objective: Objective
) -> dict[str, Any]:
    """The content of ``run.json``: what was asked, and what it was asked of."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "request": request.to_json(),
        "data": {"fingerprint": data.fingerprint, **data.summary},
        "task": data.task.to_json(),
        "objective": objective.to_json(),
        "space": {
            "reference": space.reference,
            "hash": space.hash(),
            "definition": space.to_json(),
        },
        "seed": request.seed,
        "study": _study_name(request),
        "storage": request.storage,
        "versions": _versions(),
    }


def _study_name(request: SearchRequest) -> str:
    """The study's name; in a database, which other runs may share, it is this run's alone."""
    name = request.data.name
    return name if request.storage is None else f"{name}-{secrets.token_hex(4)}"


def _versions() -> dict[str, str]:
    """Versions of what the result depends on, without importing any of it."""
    import platform
    from importlib.metadata import version

    packages = ("automl", "tensorflow", "keras", "optuna", "ray", "numpy", "scikit-learn")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def recorded_request(run: RunDirectory, manifest: Mapping[str, Any]) -> SearchRequest:
    """The request that a run was started with.

    Raises:
        RunError: ``run.json`` does not hold one.
    """
    try:
        return SearchRequest.from_json(manifest["request"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{run.manifest_file} does not say what was asked ({error}); restore it from a copy."
        ) from error


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
    return suit_to_data(
        space.override(request.settings),
        rows=len(data.train),
        cardinalities=data.plan.signature.cardinalities,
        classification=data.task.is_classification,
    )


def record_request(run: RunDirectory, request: SearchRequest) -> None:
    """Records new limits, so that a run that is killed again goes on under these.

    Args:
        run: The run's directory, locked by this process.
        request: What is asked now.
    """
    manifest = run.read_manifest()
    form = json.loads(to_json_text(request.to_json()))
    if manifest.get("request") != form:
        run.write_manifest({**manifest, "request": form})


def recorded_space(
    run: RunDirectory,
    request: SearchRequest,
    manifest: Mapping[str, Any],
    given: SearchSpace | None,
) -> SearchSpace:
    """The run's space, found again; `check_space` tells whether it is still the same.

    Args:
        run: The run's directory.
        request: What was asked.
        manifest: The content of ``run.json``.
        given: The space, where it is given as an object.

    Returns:
        The space as it was found.

    Raises:
        RunError: The space cannot be found again.
    """
    recorded = manifest["space"]
    if given is not None:
        return given
    if recorded["reference"] is None:
        raise RunError(
            f"The search space of {run.path} was given as an object; resume it from Python with "
            "automl.load_run(...).resume(space=...)."
        )
    try:
        return find_space(recorded["reference"])
    except AutoMLError as error:
        raise RunError(f"The search space of {run.path} cannot be found again: {error}") from error


def check_space(
    run: RunDirectory, request: SearchRequest, manifest: Mapping[str, Any], space: SearchSpace
) -> None:
    """Checks that a narrowed space is the one that the run began with.

    Raises:
        RunError: It has changed.
    """
    if space.hash() != manifest["space"]["hash"]:
        raise RunError(
            f"The search space {request.space!r} has changed since {run.path} began; "
            "start a new search, or restore the space."
        )
