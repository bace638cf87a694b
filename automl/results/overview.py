"""A run in short: what was asked, how many trials came to what, where the time went, the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from automl.common.files import read_json_object
from automl.common.forms import to_form
from automl.common.neutral import printable
from automl.common.shell import shown_path
from automl.errors import RunError
from automl.results.board_columns import number, over_limits_text, tested_text
from automl.results.findings import findings
from automl.results.leaderboard import leaderboard
from automl.results.record import RunRecord
from automl.results.run_directory import RunDirectory
from automl.results.time_spent import time_lines, time_spent
from automl.trial import TrialState
from automl.vocabulary.directions import better_word


def overview(run: RunDirectory, record: RunRecord) -> dict[str, Any]:
    """The run in short, as JSON values.

    Args:
        run: Its directory.
        record: What its study says.

    Returns:
        ``run`` (the directory), ``created``, ``data``, ``rows``, ``task``, ``space``,
        ``objective``, ``direction``, ``trials`` (how many in which state, and configurations that
        cost more than is allowed: ``over_limits``), ``time`` (where the
        workers' seconds went), ``best`` (its row of the leaderboard, or None), ``bundle`` (the
        exported best model's directory, or None), ``findings`` (what the scores come to, one
        sentence each) and ``notes``.
    """
    manifest = run.read_manifest()
    asked = _mapping(manifest, "request")
    rows = leaderboard(record)
    best = record.best()
    states = [TrialState(trial.state) for trial in record.counted]
    return {
        "run": str(run.path),
        "created": manifest.get("created"),
        "data": _mapping(asked, "data").get("source"),
        "rows": {
            part: count
            for part, count in _mapping(_mapping(manifest, "data"), "rows").items()
            if isinstance(count, int)
        },
        "task": _mapping(manifest, "task").get("kind"),
        "space": asked.get("space"),
        "objective": record.objective,
        "direction": record.direction,
        "trials": {
            "total": len(states),
            **{state.value: states.count(state) for state in TrialState},
            "over_limits": len(record.trials) - len(states),
        },
        "time": [to_form(spent) for spent in time_spent(record)],
        "best": None
        if best is None
        else next(to_form(row) for row in rows if row.trial == best.trial),
        "bundle": str(run.best) if run.root.is_folder(run.best) else None,
        "findings": list(findings(record)),
        "notes": list(recorded_notes(run)),
    }


def recorded_notes(run: RunDirectory) -> tuple[str, ...]:
    """What a person had to be told of a run's data, one sentence each."""
    try:
        notes = read_json_object(run.plan_file).get("notes")
    except (OSError, RunError):
        return ()  # a run that was killed while it was made has none yet
    if not isinstance(notes, Sequence):
        return ()
    return tuple(note for note in notes if isinstance(note, str))


def overview_text(run: RunDirectory, record: RunRecord) -> str:
    """The run in short, for a terminal.

    Args:
        run: Its directory.
        record: What its study says.

    Returns:
        The text, ending in a line end.
    """
    lines = []
    told = {**overview_lines(run, record), "Notes": list(recorded_notes(run))}
    margin = max(map(len, told)) + 2
    for name, texts in told.items():
        lines += [f"{'' if i else name:<{margin}}{text}" for i, text in enumerate(texts)]
    lines += ["", f"Next: automl leaderboard {shown_path(run.path)}"]
    best = record.best()
    if best is not None:
        lines.append(f"      automl show {shown_path(run.path)} {best.trial}")
    return "\n".join(map(printable, lines)) + "\n"


def overview_lines(run: RunDirectory, record: RunRecord) -> dict[str, list[str]]:
    """The run in short: by what each is about, its lines."""
    told = overview(run, record)
    rows = ", ".join(f"{part} {count:,}" for part, count in told["rows"].items() if count)
    better = better_word(record.direction)
    pairs = {
        "Run": f"{shown_path(run.path)}, begun {told['created']}",
        "Data": f"{told['data']} ({told['task']}; rows: {rows or 'unknown'})",
        "Space": str(told["space"]),
        "Objective": f"{record.objective} ({better} is better)",
        "Trials": _counted(told["trials"]),
    }
    best = told["best"]
    if best is not None:
        test = best["test_metrics"].get(record.objective)
        told_test = tested_text(test, best["test_interval"])
        scored = "" if test is None else f", on the test rows {told_test}"
        verdict = f", {best['verdict']}" if best["verdict"] else ""
        pairs["Best"] = (
            f"trial {best['trial']}: {record.objective} {number(best['score'])}{scored}{verdict}"
        )
    if told["bundle"]:
        pairs["Exported"] = shown_path(told["bundle"])
    time = time_lines(record) or ["none spent on trials yet"]
    found = {"Findings": told["findings"]} if told["findings"] else {}
    return {**{name: [text] for name, text in pairs.items()}, **found, "Worker time": time}


def _counted(trials: Mapping[str, int]) -> str:
    states = {name: n for name, n in trials.items() if n and name not in ("total", "over_limits")}
    parts = [f"{count} {state}" for state, count in states.items()]
    told = f"{trials['total']}" + (f": {', '.join(parts)}" if parts else "")
    return told + over_limits_text(trials["over_limits"])


def _mapping(form: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = form.get(key)
    return found if isinstance(found, Mapping) else {}
