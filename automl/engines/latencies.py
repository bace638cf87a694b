"""The latencies of a leaderboard's models, measured in a process that has TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from automl.engines.warm_processes import run_in_warm_process
from automl.errors import RequestError, RunError
from automl.results.export_request import code_needed
from automl.results.leaderboard import LeaderboardRow
from automl.results.pareto import LATENCY, LATENCY_BATCHES, pareto_candidates, pareto_front
from automl.results.run_directory import RunDirectory
from automl.results.trial_plan import recorded_plan
from automl.trial import MODEL_FILE


def front_of(
    run: RunDirectory, rows: Sequence[LeaderboardRow], criteria: Sequence[str]
) -> tuple[list[LeaderboardRow], list[str]]:
    """The Pareto front of a leaderboard; latencies are measured where they are asked for.

    Args:
        run: The run.
        rows: Its leaderboard.
        criteria: See `automl.results.pareto.read_criteria`.

    Returns:
        The rows of the front, and what there is to say of it, one sentence each.

    Raises:
        RunError: There is no model to be timed, or one cannot be loaded.
    """
    notes = []
    if LATENCY in criteria:
        rows, without = with_latencies(run, rows)
        notes = [without] if without else []
    front, told = pareto_front(rows, criteria)
    return front, [*notes, told]


def with_latencies(
    run: RunDirectory, rows: Sequence[LeaderboardRow]
) -> tuple[list[LeaderboardRow], str]:
    """Measures how long each kept model of a leaderboard takes to predict.

    Args:
        run: The run.
        rows: Its leaderboard.

    Returns:
        The same rows with latencies where there is a model, and a sentence on the others, or "".

    Raises:
        RunError: No model was kept, or one cannot be loaded.
    """
    manifest = run.read_manifest()
    models: dict[str, Any] = {}
    for row in pareto_candidates(rows):
        path = run.trial_file(row.trial, MODEL_FILE)
        if not run.root.is_file(path):
            continue
        try:
            code_needed(run, manifest, row.trial, trust=False)
        except RequestError:  # reading a run runs no code of it
            continue
        models[str(row.trial)] = {"model": str(path), "inputs": _inputs(run, row.trial)}
    if not models:
        raise RunError(
            f"No model of {run.path} can be timed, for none was kept that Keras alone loads; leave "
            "latency out, or search again with a larger --keep-models."
        )
    arguments = {"models": models, "batches": LATENCY_BATCHES}
    measured = run_in_warm_process("automl.training.latency:latency_in_child", arguments)
    without = len(pareto_candidates(rows)) - len(models)
    note = (
        f"{without} {'models have' if without > 1 else 'model has'} no latency and cannot be on "
        "the front: not kept (--keep-models), or in need of code of its author."
    )
    timed = [replace(row, latency=measured.get(str(row.trial), {})) for row in rows]
    return timed, note if without else ""


def _inputs(run: RunDirectory, trial: int | str) -> dict[str, Any]:
    """Shape and type of what the core model of a trial takes."""
    _, plan, _ = recorded_plan(run, trial)
    return {
        name: {"shape": list(spec.shape), "dtype": spec.dtype}
        for name, spec in plan.signature.inputs.items()
    }
