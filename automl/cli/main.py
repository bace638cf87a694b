"""The command `automl`: its commands put together, and every error as one sentence."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.main import get_command

from automl import __version__
from automl.cli import bundles, reports, results, search, spaces, trials
from automl.cli.exit_codes import FAILED, INTERRUPTED, stopped_by_signal
from automl.cli.streams import Output, complain, guarded_streams, print_json, why_unprinted
from automl.common.names import near_names
from automl.errors import AutoMLError
from automl.tuning.foreign_names import advice, own_flag


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"automl {__version__}")
        raise typer.Exit


def make_app() -> typer.Typer:
    """Puts the commands together."""
    app = typer.Typer(
        name="automl",
        help="Hyperparameter search and AutoML for Keras: from a table to a leaderboard to an "
        "exported model.",
        epilog="Start with: [bold]automl search digits --trials 10[/bold]",
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        version: Annotated[
            bool,
            typer.Option(
                "--version", callback=_print_version, is_eager=True, help="Print the version."
            ),
        ] = False,
    ) -> None:
        pass

    for module in (search, results, reports, trials, bundles, spaces):
        module.add_commands(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Args:
        arguments: What was typed after ``automl``; None for the process's own arguments.

    Returns:
        The exit code: 0; 2 for a wrong request; 1 for a failed run; 3 where a replayed trial
        differs from its record; 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP.
    """
    given = sys.argv[1:] if arguments is None else arguments
    state: dict[str, Any] = {"debug": False, "json": "--json" in given}
    with guarded_streams() as output:
        try:
            code = _run(arguments, state)
        except KeyboardInterrupt:
            return _stopped(state)
        output.flush()
        return _tell_unprinted(output, state, code)


def _stopped(state: Mapping[str, Any]) -> int:
    """The exit code of a command that a signal has ended, told to a program in an object.

    A search that has ended in order has printed its own.
    """
    code = stopped_by_signal()
    if state["json"] and "instead_of_output" not in state:
        print_json({"error": "Stopped at once by a signal.", "exit_code": code})
    return code


def _tell_unprinted(output: Output, state: Mapping[str, Any], code: int) -> int:
    """Says that not all was printed; where printing was all there was to do, the command failed.

    Returns:
        The exit code.
    """
    why, instead_of_it = why_unprinted(output), state.get("instead_of_output")
    if instead_of_it:
        if why:
            complain(f"{why}; {instead_of_it}.")
        return code
    if why and not code:
        complain(f"{why}, so that what was asked for is not shown whole.")
    return code or (FAILED if why or output.failure is not None else 0)


def _run(arguments: Sequence[str] | None, state: dict[str, Any]) -> int:
    """Runs a command and says in one sentence what stopped it."""
    command = get_command(make_app())
    try:
        code = command.main(
            None if arguments is None else list(arguments),
            prog_name="automl",
            standalone_mode=False,
            obj=state,
        )
        if code == INTERRUPTED:  # Typer's own answer, whichever signal it was
            return _stopped(state)
        return code if isinstance(code, int) else 0
    except typer.TyperException as error:
        return _usage_error(error, state["json"])
    except KeyboardInterrupt:
        raise
    except Exception as error:  # noqa: BLE001 - here every error ends as a sentence
        if state["debug"]:
            traceback.print_exc()
        sentence, code = _explain(error, state["debug"])
        return _complain(sentence, code, state["json"])


def _explain(error: Exception, debug: bool) -> tuple[str, int]:
    """The sentence for a person, and the exit code."""
    from automl.engines.process_output import NO_THREAD, bounds_met

    if isinstance(error, AutoMLError):
        return str(error), error.exit_code
    if isinstance(error, OSError) and error.strerror:
        place = f" ({error.filename})" if error.filename else ""
        return f"The system refused: {error.strerror}{place}{bounds_met(error.strerror)}.", FAILED
    if isinstance(error, RuntimeError) and NO_THREAD in str(error):
        return f"The system refused: {error}{bounds_met(str(error))}.", FAILED
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; use fewer rows or a larger machine.", FAILED
    where = "above" if debug else f"in {_save_traceback()}"
    told = f"{type(error).__name__}: {error}".strip().split("\n")[0]
    return (
        f"This is a defect of automl, not of what you asked ({told}); the traceback is {where}, "
        "please report it.",
        FAILED,
    )


def _save_traceback() -> str:
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w",
        prefix="automl-",
        suffix=".traceback.txt",
        delete=False,
        encoding="utf-8",
        errors="backslashreplace",
    ) as file:
        traceback.print_exc(file=file)
    return file.name


def _complain(sentence: str, code: int, as_json: bool) -> int:
    """Says what is wrong on standard error and, to a program, in an object on standard output."""
    complain(sentence)
    if as_json:
        print_json({"error": sentence, "exit_code": code})
    return code


def _usage_error(error: typer.TyperException, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        _suggest_ours(error, context)
    message = error.format_message().strip()
    way = advice(getattr(error, "option_name", ""))
    if way is not None:
        message = f"There is no option {error.option_name}: {way}."  # type: ignore[attr-defined]
    if message:  # without arguments there is none: the help has been printed
        hint = f" Try `{context.command_path} --help`." if context is not None else ""
        end = "" if message.endswith((".", "?", "!")) else "."
        return _complain(f"{message}{end}{hint}", int(error.exit_code), as_json)
    return int(error.exit_code)


def _suggest_ours(error: Any, context: Any) -> None:
    """Names the option that was meant; what has similar letters is named otherwise."""
    given = getattr(error, "option_name", "")
    if not given:
        return
    meant = own_flag(given)
    known = [name for parameter in context.command.params for name in parameter.opts]
    error.possibilities = [meant] if meant in known else near_names(given, known)
