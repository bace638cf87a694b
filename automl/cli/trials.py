"""The commands `replay` and `void`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from automl.cli.results import parse_trial
from automl.cli.shared_options import AsJson, Debug, ReadStorage, RunPath
from automl.errors import RequestError

if TYPE_CHECKING:
    from automl.results.retrained import Retrained

#: Digits of a hash that are shown; the whole one is in the JSON object.
HASH_DIGITS = 12


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(replay)
    app.command()(void)


def replay(
    run: RunPath,
    trial: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL",
            help="A trial's number, a baseline's name, best, or the name of one training of a "
            "finalist, such as scoring_17_1_holdout.",
        ),
    ],
    space: Annotated[
        str | None,
        typer.Option(
            "--space",
            metavar="SPACE",
            help="The search space, whose code is run. Needed where it is not installed and this "
            "machine has not begun the run.",
        ),
    ] = None,
    from_model: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="MODEL",
            help="What the run's models take their layers from, which is read. Needed where this "
            "machine has not begun the run.",
        ),
    ] = None,
    storage: ReadStorage = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train a trial of RUN again from its record and compare; nothing of RUN is changed.

    On the same machine the difference is zero, and the exit code 0; it is 3 where they differ.
    """
    from automl.api import load_run
    from automl.cli.exit_codes import DIFFERENT
    from automl.cli.streams import print_json, tell

    found = load_run(run, storage=storage).replay(
        parse_trial(trial),
        space=space,
        from_model=from_model,
        say=None if as_json else lambda line: tell([line]),
    )
    if as_json:
        print_json(found.to_object())
    else:
        sys.stdout.write(replay_text(found))
    if not found.is_equal:
        raise typer.Exit(DIFFERENT)


def void(
    run: RunPath,
    trial: Annotated[str, typer.Argument(metavar="TRIAL", help="A trial's number.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why the trial is invalid.")
    ] = "",
    undo: Annotated[
        bool, typer.Option("--undo", metavar="", help="Rank a trial again that was voided.")
    ] = False,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="Database that the run's study is in, which is written to. Default: the one that "
            "this machine has begun the run with.",
        ),
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Take a trial out of RUN's ranking, because it was found to be invalid; or back with --undo.

    The trial stays on the leaderboard, without a rank and with the reason. No model is trained or
    exported: `automl resume` exports the trial that is then the best.
    """
    from automl.cli.streams import print_json
    from automl.common.forms import to_form
    from automl.common.neutral import printable
    from automl.tuning.voiding import void_trial

    named = parse_trial(trial)
    if named is None:
        raise RequestError("best is no number; say which trial is void, for another is best then.")
    found = void_trial(run, named, reason, undo=undo, storage=storage)
    if as_json:
        print_json(to_form(found))
        return
    said = f"is void: {found.reason}" if found.reason else "is ranked again"
    best = (
        "No trial is ranked any more" if found.best is None else f"The best trial is {found.best}"
    )
    for line in filter(None, (f"Trial {found.trial} {said}.", f"{best}.", found.note)):
        print(printable(line))


def replay_text(found: Retrained) -> str:
    """A comparison as a table, and what it means in one sentence.

    Args:
        found: The comparison.

    Returns:
        The text, ending in a line end.
    """
    from automl.common.layout import in_columns
    from automl.common.neutral import printable

    then, now = found.recorded, found.replayed
    rows: list[tuple[str, ...]] = [("", "recorded", "replayed", "difference")]
    for name, (before, after) in found.scores.items():
        difference = None if before is None or after is None else after - before
        rows.append((name, _shown(before), _shown(after), _shown(difference)))
    rows += [
        (name, str(before), str(after), f"{after - before:+d}" if after != before else "0")
        for name, before, after in (
            ("best epoch", then.best_epoch, now.best_epoch),
            ("epochs", then.epochs, now.epochs),
        )
    ]
    if found.has_hash:
        said = "none" if then.model_hash == now.model_hash else "other weights"
        hashes = (one.model_hash[:HASH_DIGITS] for one in (then, now))
        rows.append(("weights", *hashes, said))
    rows.append(("trainer", then.trainer, now.trainer, ""))
    lines = [line for line, *_ in in_columns(rows, right=(False, True, True, True))]
    return "\n".join(map(printable, [*lines, "", *_sentences(found)])) + "\n"


def _sentences(found: Retrained) -> list[str]:
    """What the comparison means, and what is not as it was."""
    from automl.results.scorings import is_scoring

    kind = "Trial" if isinstance(found.trial, int) else "Baseline"
    name = f"{'Model' if is_scoring(str(found.trial)) else kind} {found.trial}"
    then, now = found.recorded, found.replayed
    if found.is_equal:
        lines = [f"{name} is what its record says: the difference is zero."]
    elif then.state is not now.state:
        why = f" ({now.reason})" if now.reason else ""
        lines = [f"{name} is {then.state} in its record, and {now.state} now{why}."]
    else:
        lines = [f"{name} differs from its record."]
    if not found.has_hash and isinstance(found.trial, int):
        lines.append("Its model was not kept, so that its weights are not compared.")
    if found.is_finalist:
        lines.append(
            "It is a finalist: its score on the leaderboard is the mean over its scorings, and "
            "compared here is the search's own training (they are replayed by their names, "
            f"scoring_{found.trial}_1_... and on)."
        )
    if found.changes:
        lines.append(f"Not as it was: {'; '.join(found.changes)}.")
    elif not found.is_equal:
        lines.append(
            "Versions, processor, threads and trainer are as recorded, so what the space or its "
            "callbacks compute is not told by the seed alone, or a GPU trained it."
        )
    return lines


def _shown(value: float | None) -> str:
    """A score with all its digits, for the last ones are what is compared."""
    return "" if value is None else f"{value:.10g}"
