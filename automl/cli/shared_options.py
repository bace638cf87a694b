"""The options and arguments that commands share."""

from __future__ import annotations

from typing import Annotated

import typer


def _remember_debug(context: typer.Context, wanted: bool) -> None:
    """Leaves the wish where `automl.cli.main` finds it; the commands need not know of it."""
    if wanted:
        context.find_root().obj["debug"] = True


Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        metavar="",
        callback=_remember_debug,
        is_eager=True,
        help="Show the traceback of an error, not only its sentence.",
    ),
]
ReadStorage = Annotated[
    str | None,
    typer.Option(
        "--storage",
        metavar="URL",
        help="Database that the run's study is in, as it was given to `automl search`; nothing of "
        "it is changed. Default: read what is in the run's own directory.",
    ),
]


AsJson = Annotated[
    bool,
    typer.Option(
        "--json",
        metavar="",
        help="Print one JSON object and nothing else on standard output; of an error, "
        '{"error": ..., "exit_code": ...}.',
    ),
]
RunPath = Annotated[
    str, typer.Argument(metavar="RUN", help="The run's directory, such as results/housing.")
]
