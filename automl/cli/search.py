"""The commands `search` and `resume`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typing_extensions import override

from automl.cli.options import typed_values, with_options
from automl.cli.shared_options import AsJson, Debug, RunPath
from automl.common.shell import shown_path
from automl.tuning.observer import Observer
from automl.tuning.options import RESUME_OPTIONS, SEARCH_OPTIONS

if TYPE_CHECKING:
    from automl.api import Run

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file (CSV, TSV, Excel, Parquet, Feather, JSON lines or NPZ, also .gz or .zip), a "
        "folder with a folder of images for each class, - for standard input, or a set bundled "
        "with scikit-learn: digits, iris, wine, breast_cancer or diabetes.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        metavar="",
        help="Print nothing but the run's directory, at the end; search.log has the progress.",
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    app.command()(search)
    app.command()(resume)


@with_options(SEARCH_OPTIONS)
def search(
    context: typer.Context,
    data: Data,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
    **typed: Any,
) -> None:
    """Search for a good Keras model for DATA; Ctrl-C ends it early, `automl resume` goes on."""
    source = context.get_parameter_source
    given = {n: v for n, v in typed.items() if getattr(source(n), "name", "") != "DEFAULT"}
    asked = typed_values(SEARCH_OPTIONS, given)

    def start(observer: Observer) -> Run:
        from automl.api import search as run_search

        return run_search(data, verbose=0, observer=observer, **asked)

    conduct(start, quiet, as_json, context.find_root().obj)


@with_options(RESUME_OPTIONS, resumed=True)
def resume(
    context: typer.Context,
    run: RunPath,
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
    **typed: Any,
) -> None:
    """Go on with a search that was stopped or killed, or give it more trials or time.

    --trials and --time are totals: what the run has spent already counts.
    """
    asked = typed_values(RESUME_OPTIONS, typed)

    def start(observer: Observer) -> Run:
        from automl.api import load_run

        return load_run(run).resume(verbose=0, observer=observer, **asked)

    conduct(start, quiet, as_json, context.find_root().obj)


def conduct(
    start: Callable[[Observer], Run], quiet: bool, as_json: bool, state: dict[str, Any]
) -> None:
    """Runs a search with its progress shown, and sums it up.

    Args:
        start: Begins the search, watched by an observer, and returns when it is over.
        quiet: Whether to show no progress, and print nothing but the run's directory.
        as_json: Whether to print one JSON object at the end, and the progress on standard error.
        state: Where `automl.cli.main` finds what is there in place of what cannot be printed.

    Raises:
        typer.Exit: The search did not end as asked; with the exit code.
    """
    from automl.cli.streams import complain
    from automl.cli.summary import close_search, how_to_resume
    from automl.tuning.interruption import PRESSES, signal_name
    from automl.tuning.observer import Observers

    seen = _Seen()
    try:
        with ExitStack() as stack:
            shown = () if quiet else (_display(as_json, stack),)
            run = start(Observers(seen, *shown))
    except KeyboardInterrupt:
        if seen.run is not None:
            name = signal_name(PRESSES.signal)
            complain(f"Stopped at once by {name}; {how_to_resume(seen.run)}.")
        raise
    place = shown_path(run.path / "search.log")
    state["instead_of_output"] = f"the search has gone on, and {place} has what it said"
    code = close_search(run, quiet, as_json)
    if code:
        raise typer.Exit(code)


class _Seen(Observer):
    """Remembers the run's directory, once there is one."""

    def __init__(self) -> None:
        self.run: Path | None = None

    @override
    def run_opened(self, path: Path) -> None:
        self.run = path


def _display(as_json: bool, stack: ExitStack) -> Observer:
    """What shows the progress: on a terminal it is drawn, elsewhere there are lines."""
    from automl.cli.streams import is_terminal
    from automl.tuning.progress_lines import PrintedLines

    stream = sys.stderr if as_json else sys.stdout
    if not is_terminal(stream):
        return PrintedLines(stream)
    from rich.console import Console

    from automl.tuning.live import LiveDisplay

    return stack.enter_context(LiveDisplay(Console(file=stream, highlight=False)))
