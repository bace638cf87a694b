"""What a search leaves on the screen: its leaderboard's top, where everything is, what next."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from automl.api import Run
from automl.cli.exit_codes import FAILED, stopped_by_signal
from automl.cli.streams import complain, print_json, screen_width, use_color
from automl.common.neutral import printable
from automl.common.shell import shown_path
from automl.results.leaderboard import leaderboard
from automl.results.overview import overview
from automl.results.readings.table import leaderboard_text
from automl.results.record import RunRecord, candidate_name
from automl.results.run_directory import RunDirectory
from automl.trial import TrialState
from automl.tuning.outcome import StopReason

TOP = 5


def how_to_resume(path: Path) -> str:
    """The end of a sentence about a search that was stopped."""
    return f"`automl resume {shown_path(path)}` goes on where it stopped"


def close_search(run: Run, quiet: bool, as_json: bool = False) -> int:
    """Sums a search up.

    Args:
        run: The run whose search has just ended.
        quiet: Whether to print nothing but the run's directory.
        as_json: Whether to print one JSON object in place of all.

    Returns:
        The exit code.
    """
    outcome = run.outcome
    if as_json:
        print_json(_facts(run))
    elif quiet:
        print(run.path)
    else:
        sys.stdout.write(_summary(run))
    if run.not_exported:
        sys.stdout.flush()
        complain(run.not_exported)
        if outcome is None or outcome.stopped_by is not StopReason.INTERRUPTED:
            return FAILED
    if outcome is None or outcome.stopped_by in (StopReason.TRIALS, StopReason.TIME):
        return 0
    if outcome.stopped_by in (StopReason.EXHAUSTED, StopReason.LIMITS):
        if not (quiet or as_json):
            print(printable(outcome.message))
        return 0
    sys.stdout.flush()
    complain(f"{outcome.message.rstrip('.')}; {how_to_resume(run.path)}.")
    return stopped_by_signal() if outcome.stopped_by is StopReason.INTERRUPTED else FAILED


def _facts(run: Run) -> dict[str, Any]:
    """What a search has come to, as JSON values."""
    outcome = run.outcome
    return {
        **overview(RunDirectory.open(run.path), run.record),
        "stopped_by": None if outcome is None else outcome.stopped_by.value,
        "message": "" if outcome is None else outcome.message,
        "not_exported": run.not_exported,
        "notes": list(run.notes),
    }


def _summary(run: Run) -> str:
    record = run.record
    board = leaderboard_text(
        record,
        leaderboard(record),
        top=TOP,
        width=screen_width(),
        color=use_color(),
        details=False,
    )
    best, exported = record.best(), record.exported
    place = shown_path(run.path)
    lines = ["", board.rstrip("\n"), ""]
    if best is not None and best.place:
        place_of = printable(best.place)
        lines.append(f"The best model, trial {best.trial}, is with the run {place_of}.")
    elif exported is not None and not run.not_exported and (run.path / "best").is_dir():
        bundle, name = shown_path(run.path / "best"), candidate_name(exported.trial)
        lines.append(f"The best model, {name}, is exported to {bundle} and checked.")
    lines += _cut_off(record)
    lines.append(f"Everything is in {place}: leaderboard.csv, search.log, trials.")
    lines.append("Next:")
    lines += [f"  {command}" for command in next_commands(run, place)]
    return "\n".join(lines) + "\n"


def _cut_off(record: RunRecord) -> list[str]:
    """One line on the trials that the end of this search has cut off for nothing, if any."""
    cut = [t.trial for t in record.trials if t.state is TrialState.RUNNING and not t.place]
    if not cut:
        return []
    when = "cut off when the search ended; resumed with time left,"
    if len(cut) == 1:
        return [f"Trial {cut[0]} was {when} it runs again."]
    return [f"{len(cut)} trials were {when} they run again."]


def _example(bundle: Path) -> str:
    """What stands for rows that the bundle's model predicts."""
    from automl.data.kinds import kind_named
    from automl.errors import AutoMLError
    from automl.export.bundle import open_bundle

    try:
        return kind_named(open_bundle(bundle).plan.inputs.kind).example
    except AutoMLError:
        return kind_named("table").example  # it is with another run


def _consent(bundle: Path) -> str:
    """The option that the bundle's model needs to be loaded, where it needs one."""
    from automl.errors import AutoMLError
    from automl.export.bundle import open_bundle

    try:
        return " --trust" if open_bundle(bundle).code is not None else ""
    except AutoMLError:
        return ""  # it is with another run


def next_commands(run: Run, place: str) -> list[str]:
    """What a person may want to type after a search: of what is exported, where something is.

    Args:
        run: The run.
        place: Its directory as it is typed.
    """
    record = run.record
    exported = record.exported
    shown = record.best() if run.not_exported else exported
    commands = [f"automl leaderboard {place}"]
    if shown is not None:
        commands.append(f"automl show {place} {shown.trial}")
    if exported is not None and not run.not_exported:
        bundle, consent = run.path / "best", _consent(run.path / "best")
        commands += [
            f"automl export {place} --to model{consent}",
            f"automl predict {shown_path(bundle)} {_example(bundle)} --output predictions.csv"
            f"{consent}",
        ]
    more = 2 * max(len(record.counted), 1)
    return [*commands, f"automl resume {place} --trials {more}"]
