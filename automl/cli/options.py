"""How options that are declared for a search (`automl.common.option`) stand on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import typer

from automl.cli.completion import completing
from automl.common.option import Option

#: Types of which a value is typed as it is, and whose default the help shows.
_PLAIN = (int, float, str)
_F = TypeVar("_F", bound=Callable[..., Any])


def with_options(options: Mapping[str, Option], *, resumed: bool = False) -> Callable[[_F], _F]:
    """Gives a command options beside its own, which it gets as keywords.

    Args:
        options: What may be typed.
        resumed: Whether the command goes on with a run, where all stays as before by default.
    """

    def add(command: _F) -> _F:
        own = inspect.signature(command, eval_str=True)
        kinds = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        first = [p for p in own.parameters.values() if p.kind not in kinds]
        last = [p for p in own.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
        typed = [_parameter(o, resumed) for o in options.values() if not o.only_python]
        made = own.replace(parameters=[*first, *typed, *last])
        command.__signature__ = made  # type: ignore[attr-defined]
        return command

    return add


def typed_values(options: Mapping[str, Option], typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as Python takes it; without what was not.

    Raises:
        RequestError: A text cannot be read.
    """
    values = {name: value for name, value in typed.items() if value is not None and value != []}
    for name, value in values.items():
        option = options[name]
        if option.parse is not None:
            values[name] = option.parse(option.flag, value)
    return values


def _parameter(option: Option, resumed: bool) -> inspect.Parameter:
    """The option as a parameter of a command's function."""
    kind: Any = option.single_type
    is_plain = kind in _PLAIN or isinstance(option.default, str)
    default = option.default if is_plain and not resumed else None
    kind = kind if kind in (*_PLAIN, bool) else str
    flags = [option.flag, *([f"-{option.letter}"] if option.letter else ())]
    declared = typer.Option(
        *flags,
        metavar="" if kind is bool else option.metavar,
        help=_help(option, resumed),
        rich_help_panel=None if resumed else option.panel,
        autocompletion=completing(option.names) if option.names else None,
    )
    if kind is bool:
        default = bool(option.default)
    elif option.repeats:
        kind = list[str] | None
    elif default is None:
        kind = kind | None
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, declared],
    )


def _help(option: Option, resumed: bool) -> str:
    if resumed:
        return f"{option.on_resume} Default: as before."
    if not isinstance(option.names, Mapping):
        return option.help
    meanings = (f"[bold]{name}[/bold]: {meaning}." for name, meaning in option.names.items())
    return f"{option.help} {'  '.join(meanings)}".replace("automl[", r"automl\[")
