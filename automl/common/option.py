"""An option: declared once, for the command line, the Python interface and the request.

It stands in a `TypedDict`, where its name and what may be given for it are said too::

    class BudgetOptions(TypedDict, total=False):
        trials: Annotated[int | None, Option("Total number of trials. Default: 30.", letter="n")]

The command line reads from there how it is written (`automl.cli.options`), the Python interface
its signature, documentation and check of types, and the request what is checked again in a record.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Any, ForwardRef, TypeVar, get_args, get_origin

from automl.common.option_values import (
    Check,
    finite_number,
    flag_of,
    one_of,
    text,
    truth,
    whole_number,
)

_CHECKS: Mapping[Any, Check] = {
    int: whole_number,
    float: finite_number,
    str: text,
    bool: truth,
}
_FLAG = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
#: The line of a docstring that stands in place of the options.
_PLACE = re.compile(r"\n( +)[^\n]*automl\.tuning\.options[^\n]*")
#: Characters of a line of a docstring, as of the code around it.
_LINE = 100
_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Option:
    """What is to be known of an option.

    Attributes:
        help: What it does, and what holds without it, for a person; other options are named as on
            the command line.
        default: What holds without it; of a flag, that it is off.
        metavar: What stands for its value in the help.
        letter: Its short name on the command line, such as ``n``; "" for none.
        word: Its name there, where it is not the argument's.
        check: Reads and checks what is given; None for one of `names` where these are a tuple,
            else for a number or a text as the type says.
        parse: Makes what Python takes of what was typed.
        repeats: Whether it may be typed several times.
        names: What may be given, for completion: names, with their meanings, or what finds them.
        in_python: What Python takes beside what may be typed, as a sentence.
        only_python: Whether it cannot be typed.
        on_resume: What it does for a run that goes on; "" where that cannot change it.
        elsewhere: Other tools' words for it.
        name: Its name in Python; filled in by `options_of`, as what follows.
        type: What Python takes, as an annotation.
        panel: The heading that it stands under in the help.
    """

    help: str
    default: Any = None
    metavar: str | None = None
    letter: str = ""
    word: str = ""
    check: Check | None = None
    parse: Callable[[str, Any], Any] | None = None
    repeats: bool = False
    names: Iterable[str] | Callable[[], Iterable[str]] = ()
    in_python: str = ""
    only_python: bool = False
    on_resume: str = ""
    elsewhere: tuple[str, ...] = ()
    name: str = ""
    type: Any = None
    panel: str = ""

    @property
    def flag(self) -> str:
        """How it is written on the command line, such as ``--batch-size``."""
        return flag_of(self.word or self.name)

    @property
    def single_type(self) -> Any:
        """The one type that may be given beside None; `Any` where there are several."""
        parts = get_args(self.type) if get_origin(self.type) is UnionType else (self.type,)
        others = [part for part in parts if part is not type(None)]
        return others[0] if len(others) == 1 else Any

    @property
    def takes_none(self) -> bool:
        """Whether None may be given, for the default."""
        return any(word in self.shown_type for word in ("None", "Any"))

    @property
    def shown_type(self) -> str:
        """What Python takes, as it is written there."""
        if isinstance(self.type, ForwardRef):
            return self.type.__forward_arg__
        return inspect.formatannotation(self.type).replace("collections.abc.", "")

    def checked(self, given: Any) -> Any:
        """What was given in Python or stands in a record, as a value; the default for None.

        Raises:
            RequestError: It is of another type, or out of range.
        """
        if given is None and self.takes_none:
            return self.default
        known = one_of(self.names) if isinstance(self.names, tuple) and self.names else None
        check = self.check or known or _CHECKS.get(self.single_type)
        return given if check is None else check(self.name, given)


def options_of(panels: Mapping[str, type]) -> dict[str, Option]:
    """The options that are declared in some `TypedDict`, by their names.

    Args:
        panels: The declarations, under their headings.
    """
    found = {}
    for panel, declared in panels.items():
        for name, annotation in declared.__annotations__.items():
            kind, option = get_args(annotation)
            default = False if kind is bool and option.default is None else option.default
            found[name] = replace(option, name=name, type=kind, panel=panel, default=default)
    return found


def check_options(options: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Checks what was given.

    Args:
        options: What may be given.
        given: Values by their names; those that are no options are left as they are.

    Returns:
        The values as they are recorded.

    Raises:
        RequestError: A value is of another type, or out of range.
    """
    return {
        name: options[name].checked(value) if name in options else value
        for name, value in given.items()
    }


def described(options: Mapping[str, Option], *, resumed: bool = False) -> Callable[[_F], _F]:
    """Gives a function that takes options as keywords their signature and documentation.

    Those that it does not name are only added where it takes any keyword: a signature promises
    nothing that a call would refuse.

    Args:
        options: The options.
        resumed: Whether it is about a run that goes on.
    """

    def describe(function: _F) -> _F:
        own = inspect.signature(function)
        named = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
        takes_any = len(named) < len(own.parameters)
        made = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=None if resumed else option.default,
                annotation=option.shown_type,
            )
            for name, option in options.items()
            if takes_any and name not in own.parameters
        ]
        by_kind = sorted([*named, *made], key=lambda parameter: parameter.kind)
        function.__signature__ = own.replace(parameters=by_kind)  # type: ignore[attr-defined]
        function.__doc__ = _PLACE.sub(
            lambda place: _lines(options, resumed, place[1]), function.__doc__ or "", count=1
        )
        return function

    return describe


def _lines(options: Mapping[str, Option], resumed: bool, indent: str) -> str:
    """What a docstring says of some options."""
    words = {option.word: option.name for option in options.values() if option.word}

    def in_python(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        return f"``{words.get(name, name)}``"

    lines = []
    for option in options.values():
        help_ = f"{option.on_resume} Default: as before." if resumed else option.help
        does, default, usual = help_.replace(" Repeatable.", "").partition(" Default")
        known = option.names if isinstance(option.names, Mapping) else ()
        listed = f"One of {', '.join(f'``{name}``' for name in known)}." if known else ""
        said = f"{option.name}: {does} {listed} {option.in_python}{default}{usual}"
        lines += textwrap.wrap(
            _FLAG.sub(in_python, re.sub(" +", " ", said)),
            _LINE,
            initial_indent=indent,
            subsequent_indent=f"{indent}    ",
            break_on_hyphens=False,
        )
    return "\n" + "\n".join(lines)
