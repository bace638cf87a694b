"""The commands that make and use exported models: `export`, `predict` and `evaluate`."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from automl.cli.completion import completing
from automl.cli.shared_options import AsJson, Debug, ReadStorage, RunPath
from automl.cli.streams import print_json, tell
from automl.common.shell import shown_path
from automl.errors import RequestError

#: Most seconds that predicting may take: a day is more than any table in memory needs.
PREDICT_SECONDS = 86_400.0

BundlePath = Annotated[
    str,
    typer.Argument(metavar="BUNDLE", help="An exported model, such as results/housing/best."),
]
RowsPath = Annotated[
    str,
    typer.Argument(
        metavar="ROWS",
        help="A file or a folder of images as `search` reads it, with the model's columns in any "
        "order; - for standard input; or a bundled set.",
    ),
]
RowNames = Annotated[
    str | None,
    typer.Option(
        "--names",
        metavar="A,B,...",
        help="Column names of a file without a header. Default: the first line is the header.",
    ),
]
RowSeparator = Annotated[
    str | None,
    typer.Option(
        "--separator",
        metavar="CHARACTER",
        help="What separates the values of a text file. Default: found.",
    ),
]


Trust = Annotated[
    bool,
    typer.Option(
        "--trust",
        help="Run the code of its author that the model needs (a layer of their own). Default: "
        "such a model is refused.",
    ),
]


def _formats() -> tuple[str, ...]:
    from automl.export.formats import format_names

    return format_names()


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(export)
    app.command()(predict)
    app.command()(evaluate)


def export(
    run: RunPath,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="DIRECTORY", help="The folder to write; it must not exist yet."
        ),
    ],
    trial: Annotated[
        str,
        typer.Argument(
            metavar="TRIAL",
            help="A trial's number; a baseline's name, ensemble, bag, test_time_views or refit; or "
            "best.",
        ),
    ] = "best",
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="bundle, or saved_model for TensorFlow.",
            autocompletion=completing(_formats),
        ),
    ] = "bundle",
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            metavar="f1|NUMBER",
            help="Of a binary classifier, the probability above which the second class is told: "
            "a number, or f1 for the one with the best F1 on the validation rows. Default: 0.5.",
        ),
    ] = None,
    costs: Annotated[
        str | None,
        typer.Option(
            "--costs",
            metavar="FP,FN",
            help="In place of --threshold what a row costs that is told to be of the second class "
            "and is not, and one that is of it and is not told, such as 1,5.",
        ),
    ] = None,
    storage: ReadStorage = None,
    trust: Trust = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Export a trial's model as a bundle that takes raw rows, checked to predict what was scored.

    Its model.keras loads with nothing but Keras; card.md says what it is.
    """
    from automl.api import load_run
    from automl.cli.results import parse_trial
    from automl.data.kinds import kind_named
    from automl.export.bundle import open_bundle

    found, number = load_run(run, storage), parse_trial(trial)
    bundle = found.export(to, number, trust, format_, threshold, costs)
    if as_json:
        exported = found.best.number if number is None else number
        print_json({"run": str(found.path), "trial": exported, "bundle": str(bundle)})
        return
    typer.echo(f"Exported to {bundle}, and checked to predict what was scored.")
    if format_ != "bundle":  # no other is read by this program
        return
    consent = " --trust" if trust else ""
    example = kind_named(open_bundle(bundle).plan.inputs.kind).example
    typer.echo(
        f"Next: automl predict {shown_path(bundle)} {example} --output predictions.csv{consent}"
    )


def predict(
    bundle: BundlePath,
    rows: RowsPath,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The CSV file to write; a label that a spreadsheet would take for a formula has "
            "an apostrophe before it. Default: print it.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            metavar="N",
            help="How sure the model is: mean and standard deviation of its predictions over so "
            "many passes in which its dropout layers draw (Monte Carlo dropout), 100 for instance. "
            "Default: none.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="INTEGER", help="Seed of these passes. Default: 0.")
    ] = 0,
    names: RowNames = None,
    separator: RowSeparator = None,
    trust: Trust = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Predict ROWS, with or without the target, and write CSV.

    Classes come with the probability of each, files of images with their names; numbers are in the
    target's own units. With --json,
    which needs --output, how many rows were predicted is printed, and what there was to say.
    """
    import tempfile
    from pathlib import Path

    from automl.engines.warm_processes import run_in_warm_process
    from automl.export.sampling import check_samples

    if as_json and output is None:
        raise RequestError("--json prints what was done; say with --output where the CSV goes.")
    check_samples(samples, seed)
    if output is not None:
        _check_output(Path(output), Path(rows), Path(bundle))
    with tempfile.TemporaryDirectory() as folder:
        target = Path(output or Path(folder) / "predictions.csv").absolute()
        arguments = _arguments(bundle, rows, names, separator, folder, trust)
        arguments |= {"output": str(target), "samples": samples, "seed": seed}
        found = run_in_warm_process(
            "automl.export.in_child:predict_in_child", arguments, PREDICT_SECONDS
        )
        if as_json:
            print_json({"rows": found["rows"], "output": output, "notes": found["notes"]})
            return
        tell(found["notes"])
        if output is None:
            sys.stdout.write(target.read_text(encoding="utf-8"))
        else:
            typer.echo(f"{found['rows']:,} predictions written to {output}.")


def evaluate(
    bundle: BundlePath,
    rows: RowsPath,
    names: RowNames = None,
    separator: RowSeparator = None,
    weight: Annotated[
        str | None,
        typer.Option(
            "--weight",
            metavar="COLUMN",
            help="Weight of each row. Default: the column that weighed the rows of the search, if "
            "there was one.",
        ),
    ] = None,
    as_json: AsJson = False,
    trust: Trust = False,
    debug: Debug = False,
) -> None:
    """Score an exported model on ROWS that hold the target."""
    import tempfile

    from automl.engines.warm_processes import run_in_warm_process
    from automl.results.board_columns import number

    with tempfile.TemporaryDirectory() as folder:
        arguments = _arguments(bundle, rows, names, separator, folder, trust)
        arguments["weight"] = weight
        found = run_in_warm_process(
            "automl.export.in_child:evaluate_in_child", arguments, PREDICT_SECONDS
        )
    tell(found["notes"])
    scores = found["scores"]
    if as_json:
        print_json(scores)
        return
    margin = max(map(len, scores)) + 2
    for name, value in scores.items():
        typer.echo(f"{name:<{margin}}{number(value)}")


def _check_output(output: Any, rows: Any, bundle: Any) -> None:
    """Finds out before the work is done whether its result can be written.

    Raises:
        RequestError: It would overwrite the rows or the model, or its folder is not there.
    """
    if output.is_file() and output.resolve().is_relative_to(bundle.resolve()):
        raise RequestError(
            f"--output {output} would overwrite a file of the model; choose another file."
        )
    if output.exists() and rows.exists() and output.samefile(rows):
        raise RequestError(f"--output {output} would overwrite the rows; choose another file.")
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise RequestError(
            f"--output {output} cannot be a file; give a file in a directory that exists."
        )


def _arguments(
    bundle: str, rows: str, names: str | None, separator: str | None, folder: str, trust: bool
) -> dict[str, Any]:
    """Checks what can be checked before TensorFlow has started; standard input is kept there.

    Raises:
        RequestError: There is no such bundle, or it needs --trust.
        DataError: There is no such file.
    """
    from pathlib import Path

    from automl.data.request import STANDARD_INPUT, DataRequest
    from automl.data.sources import check_source, is_bundled, keep_standard_input
    from automl.export.bundle import check_trust, open_bundle

    check_trust(open_bundle(bundle), trust)
    is_piped = rows == STANDARD_INPUT
    if not is_bundled(rows):
        check_source(rows)
        path = keep_standard_input(Path(folder)) if is_piped else Path(rows)
        rows = str(path.absolute())
    request = DataRequest(None, names=names or (), separator=separator)  # type: ignore[arg-type]
    return {
        "bundle": str(Path(bundle).absolute()),
        "rows": rows,
        "trust": trust,
        "names": list(request.names),
        "separator": request.separator,
        "place": str(Path.cwd()) if is_piped else None,
    }
