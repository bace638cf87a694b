"""The commands `leaderboard` and `show`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from automl.cli.shared_options import AsJson, Debug, ReadStorage, RunPath
from automl.common.forms import to_form
from automl.errors import RequestError
from automl.trial import trial_named

if TYPE_CHECKING:
    from automl.results.record import RunRecord
    from automl.results.run_directory import RunDirectory

#: Rows of the printed table unless asked otherwise: they fit a screen.
TOP = 20


class LeaderboardFormat(StrEnum):
    """How a leaderboard is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


BoardFormat = Annotated[
    LeaderboardFormat,
    typer.Option("--format", "-f", help="A table to read; CSV, JSON or Markdown to work with."),
]
BoardOutput = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to a file. Default: print it."),
]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(leaderboard)
    app.command()(show)


def leaderboard(
    run: RunPath,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"How many rows. Default: {TOP} of a table, and all of another format."
        ),
    ] = None,
    format_: BoardFormat = LeaderboardFormat.TABLE,
    pareto: Annotated[
        str | None,
        typer.Option(
            "--pareto",
            metavar="A,B,...",
            help="Only the models that no other beats in all of these: score, parameters, latency "
            "(of kept models, measured now for 1 row and for 1,000) and seconds (of training), two "
            "or more. Default: all.",
        ),
    ] = None,
    output: BoardOutput = None,
    storage: ReadStorage = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the trials of RUN in order, baselines among them.

    A table shows the baselines whatever their rank; of a Pareto front it shows nothing else.
    --json is the same as --format json.
    """
    from automl.cli.streams import screen_width, tell, use_color
    from automl.results.leaderboard import leaderboard as ranked
    from automl.results.pareto import read_criteria
    from automl.results.readings.csv import to_csv
    from automl.results.readings.json import to_json
    from automl.results.readings.markdown import to_markdown
    from automl.results.readings.table import leaderboard_text

    format_ = chosen_format(format_, as_json)
    criteria = () if pareto is None else read_criteria(pareto)
    directory, record = opened(run, storage)
    rows = ranked(record)
    if criteria:
        from automl.engines.latencies import front_of

        rows, notes = front_of(directory, rows, criteria)
        tell(notes)
    if format_ is LeaderboardFormat.TABLE:
        printed = output is None
        text = leaderboard_text(
            record,
            rows,
            top=top or TOP,
            width=screen_width(),
            color=printed and use_color(),
        )
    elif format_ is LeaderboardFormat.MARKDOWN:
        text = to_markdown(record, rows[:top])
    else:
        text = (to_csv if format_ is LeaderboardFormat.CSV else to_json)(rows[:top])
    deliver(text, output)


def show(
    run: RunPath,
    trial: Annotated[
        str | None,
        typer.Argument(
            metavar="TRIAL",
            help="A trial's number; a baseline's name, ensemble, bag, test_time_views or refit; or "
            "best. Default: the run in short.",
        ),
    ] = None,
    storage: ReadStorage = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show RUN in short, or one trial: its configuration, curve and verdict, or why it failed."""
    from automl.cli.streams import print_json, screen_width, use_color
    from automl.cli.trial_text import find_row, trial_text
    from automl.results.overview import overview, overview_text

    directory, record = opened(run, storage)
    if trial is None:
        if as_json:
            print_json(overview(directory, record))
        else:
            sys.stdout.write(overview_text(directory, record))
        return
    if as_json:
        print_json(to_form(find_row(record, parse_trial(trial))))
        return
    text = trial_text(
        directory, record, parse_trial(trial), width=screen_width(), color=use_color()
    )
    sys.stdout.write(text)


def opened(run: str, storage: str | None) -> tuple[RunDirectory, RunRecord]:
    """Opens and reads a run, and tells what a reader should know of it.

    Args:
        run: The run's directory.
        storage: The database that its study is in, where the person names it.
    """
    from automl.cli.streams import tell
    from automl.results.read_record import read_record
    from automl.results.run_directory import RunDirectory

    directory = RunDirectory.open(run)
    record = read_record(directory, storage=storage)
    tell(record.notes)
    return directory, record


def parse_trial(given: str | None) -> int | str | None:
    """Reads a trial's number or a baseline's name; None for the best."""
    if given is None or given == "best":
        return None
    return trial_named(given)


def chosen_format(format_: LeaderboardFormat, as_json: bool) -> LeaderboardFormat:
    """The format that was asked for, by either option.

    Raises:
        RequestError: Two were.
    """
    if as_json and format_ not in (LeaderboardFormat.TABLE, LeaderboardFormat.JSON):
        raise RequestError(f"--json and --format {format_} are two formats; give one of them.")
    return LeaderboardFormat.JSON if as_json else format_


def deliver(text: str, output: str | None) -> None:
    """Prints a text or writes it to a file, whole or not at all.

    Raises:
        RequestError: The file cannot be written.
    """
    from pathlib import Path

    from automl.common.files import write_text

    if output is None:
        sys.stdout.write(text)
        return
    try:
        write_text(Path(output), text)
    except OSError as error:
        raise RequestError(
            f"{output} cannot be written ({error.strerror or error}); choose another --output."
        ) from error
