"""The commands `importance` and `compare`."""

from __future__ import annotations

from typing import Annotated

import typer

from automl.cli.bundles import Trust
from automl.cli.results import (
    BoardFormat,
    BoardOutput,
    LeaderboardFormat,
    chosen_format,
    deliver,
    opened,
    parse_trial,
)
from automl.cli.shared_options import AsJson, Debug, ReadStorage, RunPath
from automl.errors import RequestError


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(importance)
    app.command("compare")(compare_several)


def importance(
    run: RunPath,
    columns: Annotated[
        bool,
        typer.Option(
            "--columns",
            metavar="",
            help="Of the table's columns for a trained model in place of hyperparameters: by how "
            "much it is worse on the validation rows where a column is shuffled.",
        ),
    ] = False,
    trial: Annotated[
        str | None,
        typer.Option(
            "--trial",
            metavar="TRIAL",
            help="With --columns, the model: a trial's number, or a baseline's name. Default: the "
            "best trial.",
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(
            "--repeats",
            metavar="N",
            help="With --columns, how often each is shuffled. Default: 10.",
        ),
    ] = None,
    format_: BoardFormat = LeaderboardFormat.TABLE,
    output: BoardOutput = None,
    storage: ReadStorage = None,
    trust: Trust = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show how much each hyperparameter of RUN mattered, or with --columns each column of its data.

    Of hyperparameters by PED-ANOVA over the completed trials, with those that were best at the
    edge of their range; of columns by permutation. --json is the same as --format json.
    """
    from automl.cli.streams import screen_width
    from automl.results.importance import hyperparameter_importance
    from automl.results.readings.report import report_text

    format_ = chosen_format(format_, as_json)
    if not columns and (trial is not None or repeats is not None):
        raise RequestError("--trial and --repeats are of the importance of columns: add --columns.")
    directory, record = opened(run, storage)
    if columns:
        from automl.tuning.column_importance import REPEATS, column_importance

        shuffles = REPEATS if repeats is None else repeats
        report = column_importance(
            directory, record, parse_trial(trial), repeats=shuffles, trust=trust
        )
    else:
        report = hyperparameter_importance(directory, record)
    deliver(report_text(report, format_, screen_width()), output)


def compare_several(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="The directories of two runs or more."),
    ],
    format_: BoardFormat = LeaderboardFormat.TABLE,
    output: BoardOutput = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare RUNs on the same data: the best model of each, and by how much they differ.

    The differences have intervals where the models were validated on common rows. --json is the
    same as --format json.
    """
    from automl.cli.streams import screen_width, tell
    from automl.results.comparison import compare_runs
    from automl.results.read_record import read_record
    from automl.results.readings.report import report_text
    from automl.results.run_directory import RunDirectory

    format_ = chosen_format(format_, as_json)
    directories = [RunDirectory.open(run) for run in runs]
    records = [read_record(directory) for directory in directories]
    tell(dict.fromkeys(note for record in records for note in record.notes))
    deliver(report_text(compare_runs(directories, records), format_, screen_width()), output)
