"""The commands about search spaces: `spaces`, `spaces show`, `spaces new` and `spaces check`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from automl.cli.completion import completing
from automl.cli.shared_options import AsJson, Debug
from automl.common.forms import to_form
from automl.common.layout import in_columns
from automl.common.shell import option, shown_path
from automl.errors import RequestError
from automl.tuning.search_options import installed_spaces
from automl.vocabulary.inputs import INPUTS

if TYPE_CHECKING:
    from automl.space.describe import DescribeRow

Reference = Annotated[
    str,
    typer.Argument(
        metavar="SPACE",
        autocompletion=completing(installed_spaces),
        help="A space's name, a file (mine.py, mine.py:space) or module:attribute; KerasTuner's "
        "build(hp) functions and hypermodels are spaces too.",
    ),
]


class SpacesFormat(StrEnum):
    """How a search space is written."""

    TABLE = "table"
    JSON = "json"


def add_commands(app: typer.Typer) -> None:
    """Adds the commands of this file."""
    spaces = typer.Typer(
        help="List the search spaces; show one, write a new one, check a file.",
        invoke_without_command=True,
        rich_markup_mode="rich",
    )
    spaces.callback()(list_all)
    spaces.command()(show)
    spaces.command()(new)
    spaces.command()(check)
    app.add_typer(spaces, name="spaces")


def list_all(context: typer.Context, as_json: AsJson = False, debug: Debug = False) -> None:
    """List the search spaces; show one, write a new one, check a file."""
    if context.invoked_subcommand is not None:
        if as_json:
            command = f"automl spaces {context.invoked_subcommand}"
            raise RequestError(f"--json stands before its command; write `{command} ... --json`.")
        return
    from automl.cli.streams import print_json, screen_width
    from automl.space.registry import list_spaces

    entries = list_spaces()
    if as_json:
        print_json([to_form(entry) for entry in entries])
        return
    rows = [("space", "what it is", "where")]
    rows += [(entry.name, entry.description, entry.source) for entry in entries]
    width = screen_width()
    for lines in in_columns(rows, width=width, flexible=1):
        typer.echo("\n".join(lines))
    typer.echo("\nNext: automl spaces show NAME, automl spaces new NAME")


def show(
    space: Reference,
    format_: Annotated[
        SpacesFormat, typer.Option("--format", "-f", help="A table to read, or JSON to work with.")
    ] = SpacesFormat.TABLE,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show the hyperparameters of SPACE: range, default, condition and source of each."""
    from automl.cli.streams import print_json, screen_width
    from automl.engines.space_tracing import locate_space, with_hyperparameters_traced

    found = with_hyperparameters_traced(locate_space(space))
    if as_json or format_ is SpacesFormat.JSON:
        print_json(found.to_json())
        return
    count = found.count()
    many = "endless" if count == float("inf") else f"{count:,}"
    typer.echo(f"{found.name}: {found.description}")
    typer.echo(
        f"{len(found.names)} hyperparameters, {many} configurations; {INPUTS[found.inputs]}; "
        f"found by {found.reference}"
    )
    if found.protocol is not None:
        typer.echo(f"Searched as in {found.protocol.source}: {found.protocol} by default")
    first = len(found.first_configurations()) - 1
    if first:
        typer.echo(f"Tried first: the defaults, and {first} known to be good")
    typer.echo()
    for line in describe_lines(found.describe(), screen_width()):
        typer.echo(line)


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new space's name.")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write NAME.py, a commented search space to start from."""
    from pathlib import Path

    from automl.cli.streams import print_json
    from automl.space.template import template_text

    if not Path(name.removesuffix(".py")).name.strip():
        raise RequestError(f"{name!r} is no name of a file; give one, such as mine.")
    path = Path(f"{name.removesuffix('.py')}.py")
    text = template_text(path.stem)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise RequestError(f"{path} exists; choose another name, or remove it first.") from error
    except OSError as error:
        raise RequestError(
            f"{path} cannot be written ({error.strerror or error}); choose another place."
        ) from error
    if as_json:
        print_json({"space": path.stem, "file": str(path)})
        return
    typer.echo(f"Written: {path}")
    typer.echo(
        f"Next: automl spaces check {shown_path(path)}, automl search DATA "
        f"--space {shown_path(path)}"
    )


def check(space: Reference, as_json: AsJson = False, debug: Debug = False) -> None:
    """Check SPACE: sample it, then build and train a few configurations on toy data.

    The exit code is 2 where something is wrong with it.
    """
    from automl.cli.streams import print_json
    from automl.engines.run_in_child import run_in_child
    from automl.engines.space_tracing import locate_space, with_hyperparameters_traced
    from automl.engines.warm_processes import warm_processes
    from automl.space.check import check_space

    with closing(warm_processes()) as processes:  # which start while the space is sampled
        found = with_hyperparameters_traced(locate_space(space, processes), processes)
        for line in check_space(found):
            typer.echo(line, err=as_json)
        sys.stdout.flush()
        arguments = {"reference": found.reference}
        report = run_in_child(processes, "automl.training.space_check:train_space", arguments)
    if as_json and not report["problems"]:
        print_json({"space": space, **report})
        return
    for line in report["passed"]:
        typer.echo(f"ok: {line}", err=as_json)
    for note in report["notes"]:
        typer.echo(f"note: {note}", err=as_json)
    for problem in report["problems"]:
        typer.echo(f"wrong: {problem}", err=as_json)
    if report["problems"] and not report["failed"]:
        raise RequestError(
            f"The models of {space} are trained but cannot be exported; correct that and check "
            "again."
        )
    if report["problems"]:
        raise RequestError(
            f"{report['failed']} of {report['trained']} trainings of {space} failed; correct the "
            "builder and check again."
        )
    typer.echo(f"{space} is ready: automl search DATA {option('--space', space)}")


def describe_lines(rows: Sequence[DescribeRow], width: int) -> list[str]:
    """Lays out the hyperparameters of a space: one block each, its condition and source below.

    Args:
        rows: The hyperparameters.
        width: Characters of a line.
    """
    table = [("name", "kind", "values", "default")]
    table += [(row.name, row.kind, row.values, row.default) for row in rows]
    # A very long list of options must not push the defaults off the screen.
    header, *blocks = in_columns(table, width=width, flexible=2)
    lines = list(header)
    for row, block in zip(rows, blocks, strict=True):
        lines += [*block, *_remarks(row, width)]
    return lines


def _remarks(row: DescribeRow, width: int) -> list[str]:
    import textwrap

    remarks = {"when": row.condition, "what": row.help, "source": row.source}
    lines: list[str] = []
    for label, text in remarks.items():
        if text:
            lines += textwrap.wrap(
                f"{label}: {text}",
                max(width, 40),
                initial_indent="    ",
                subsequent_indent="      ",
                break_on_hyphens=False,
            )
    return lines
