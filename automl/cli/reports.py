"""The command `importance`."""

from __future__ import annotations

import typer

from automl.cli.results import (
    BoardFormat,
    BoardOutput,
    LeaderboardFormat,
    chosen_format,
    deliver,
)
from automl.cli.shared_options import AsJson, Debug, ReadStorage, RunPath


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(importance)


def importance(
    run: RunPath,
    format_: BoardFormat = LeaderboardFormat.TABLE,
    output: BoardOutput = None,
    storage: ReadStorage = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show how much each hyperparameter of RUN mattered, and which was best at its range's edge.

    By PED-ANOVA over the completed trials. --json is the same as --format json.
    """
    from automl.cli.streams import screen_width, tell
    from automl.results.importance import hyperparameter_importance
    from automl.results.read_record import read_record
    from automl.results.readings.report import report_text
    from automl.results.run_directory import RunDirectory

    format_ = chosen_format(format_, as_json)
    directory = RunDirectory.open(run)
    record = read_record(directory, storage=storage)
    tell(record.notes)
    report = hyperparameter_importance(directory, record)
    deliver(report_text(report, format_, screen_width()), output)
