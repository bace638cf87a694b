"""JSON forms of dataclasses: written, checked and read back by their annotations, and nothing else.

A form has the fields as its keys, in their order. Enumerations are their values, tuples and
sequences lists, paths texts; a whole number may stand for a float and stays one, so that what is
read is written as it was. What else a class wants of its form it says by a few words:

- A field of `left_out` is not in the form where it has its default.
- Classes that stand for one another in a union name themselves under the key ``kind``: their
  ``FORM_KIND``.
- A class with ``OTHERS = True`` leaves alone what else its form has, in being checked.
- A class whose form is another altogether has a ``to_json`` and a class method ``from_json``; its
  ``FORM`` is the dataclass whose form that is.

The walk over the annotations is done once a class: reports of epochs cross a process by it.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

#: Whole numbers beyond are none that this package writes.
MOST = 2**63
#: What Python's numbers with a decimal point reach.
LARGEST = 1.7e308
#: The key by which classes of a union are told apart.
KIND = "kind"
_LEFT_OUT = "left out of the form"

# Says what is wrong with a value, or returns None.
Checker = Callable[[Any], str | None]
# From a value to its form, or back.
Mapper = Callable[[Any], Any]


def to_form(value: Any) -> dict[str, Any]:
    """The JSON form of a dataclass's instance: only dictionaries, lists and scalars."""
    form: dict[str, Any] = _mapped(_codec(type(value)).write, value)
    return form


def from_form(kind: type[T], form: Mapping[str, Any]) -> T:
    """Rebuilds an instance from its form, which this program itself has made.

    Args:
        kind: The dataclass.
        form: What `to_form` gave, or JSON of it; fields with a default may be absent.

    Raises:
        ValueError: A key is unknown or missing, or the class refuses a value.
    """
    value: T = _mapped(_codec(kind).read, form)
    return value


def read_form(kind: type[T], form: Any) -> T:
    """Rebuilds an instance from a form that may be anybody's.

    Raises:
        ValueError: See `check_form`; or the class refuses a value.
    """
    check_form(kind, form)
    return from_form(kind, form)


def left_out(default: T) -> T:
    """A field of a dataclass that is not in the form where it has its default."""
    made: T = field(default=default, metadata={_LEFT_OUT: True})
    return made


def check_form(kind: type, form: Any, *, extra: Sequence[str] = ()) -> None:
    """Checks that a JSON value has the keys and the types of values of a dataclass.

    Args:
        kind: The dataclass; the types are those of its annotations. JSON's lists may stand for
            sequences and tuples, whole numbers for floats, texts for enumerations and paths.
        form: The value as JSON gave it.
        extra: Further keys that it may have.

    Raises:
        ValueError: With what is wrong, such as ``"epochs is '3', no whole number"``.
    """
    if extra and isinstance(form, dict):
        form = {key: value for key, value in form.items() if key not in extra}
    problem = _codec(kind).check(form)
    if problem is not None:
        raise ValueError(problem)


@dataclass(frozen=True)
class _Codec:
    """What is known of an annotation.

    Attributes:
        check: Says what is wrong with a form.
        write: From a value to its form; None where that is the same.
        read: Back, likewise.
        holds: Of an annotation with forms of its own, the types of its values.
    """

    check: Checker
    write: Mapper | None = None
    read: Mapper | None = None
    holds: tuple[type, ...] = ()


def _made(kind: Any) -> _Codec:
    if kind is Any:
        return _Codec(lambda _: None)
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(parts)
    if origin is tuple or (origin is not None and issubclass(origin, Sequence)):
        made = tuple if origin is tuple else list
        if origin is tuple and len(parts) == 2 and parts[1] is not Ellipsis:
            return _tuple([_codec(part) for part in parts])
        return _sequence(_codec(parts[0]), made)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(_codec(parts[1]))
    if is_dataclass(kind):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enumeration(kind)
    return _scalar(kind)


#: What is known of an annotation, put together once.
_codec: Callable[[Any], _Codec] = functools.cache(_made)


def _is(value: Any, expected: str) -> str:
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else "of another type"
    return f"is {shown}, no {expected}"


def _scalar(kind: Any) -> _Codec:
    if kind is float:
        return _Codec(_check_float)
    if kind is int:
        return _Codec(
            lambda v: None if type(v) is int and -MOST <= v < MOST else _is(v, "whole number")
        )
    if kind is type(None):
        return _Codec(lambda v: None if v is None else _is(v, "null"))
    if kind is Path:
        return _Codec(lambda v: None if type(v) is str else _is(v, "path"), str, Path, (Path,))
    names = {str: "text", bool: "true or false"}
    return _Codec(lambda v: None if type(v) is kind else _is(v, names.get(kind, str(kind))))


def _check_float(value: Any) -> str | None:
    if type(value) is float or (type(value) is int and -LARGEST < value < LARGEST):
        return None
    return _is(value, "number")


def _enumeration(kind: type[Enum]) -> _Codec:
    members = {member.value: member for member in kind}

    def check(value: Any) -> str | None:
        known = isinstance(value, str) and value in members
        return None if known else _is(value, kind.__name__)

    return _Codec(check, lambda member: kind(member).value, kind, (kind,))


def _union(parts: Sequence[Any]) -> _Codec:
    classes: list[Any] = [part for part in parts if is_dataclass(part)]
    if len(classes) > 1:
        return _kinds({part.FORM_KIND: part for part in classes})
    codecs = [_codec(part) for part in parts]
    plain = [codec for codec in codecs if codec.read is None]
    mapped = [codec for codec in codecs if codec.read is not None or codec.write is not None]

    def check(value: Any) -> str | None:
        problems = []
        for codec in codecs:
            problem = codec.check(value)
            if problem is None:
                return None
            problems.append(problem)
        return problems[0]

    def write(value: Any) -> Any:
        for codec in mapped:
            if isinstance(value, codec.holds):
                return _mapped(codec.write, value)
        return value

    def read(form: Any) -> Any:
        if form is None or any(codec.check(form) is None for codec in plain):
            return form
        fitting = (codec for codec in mapped if codec.check(form) is None)
        return _mapped(next(fitting, mapped[-1]).read, form)

    if not mapped:
        return _Codec(check)
    one = mapped[0].read
    if parts[1:] == (types.NoneType,) and one is not None:  # the usual union, read at once
        read = lambda form: None if form is None else one(form)  # noqa: E731
    return _Codec(check, write, read, tuple(one for codec in mapped for one in codec.holds))


def _kinds(classes: Mapping[str, Any]) -> _Codec:
    """Of several dataclasses, which name themselves in their forms."""

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return _is(value, "object")
        name = value.get(KIND)
        if not isinstance(name, str) or name not in classes:
            return f"{KIND} {_is(name, 'kind that there is')}"
        rest = {key: part for key, part in value.items() if key != KIND}
        return _codec(classes[name]).check(rest)

    def write(value: Any) -> Any:
        return {KIND: value.FORM_KIND, **to_form(value)}

    def read(form: Any) -> Any:
        rest = {key: part for key, part in form.items() if key != KIND}
        return from_form(classes[form[KIND]], rest)

    return _Codec(check, write, read, tuple(classes.values()))


def _sequence(part: _Codec, made: type) -> _Codec:
    def check(value: Any) -> str | None:
        if type(value) not in (list, tuple):
            return _is(value, "list")
        for index, one in enumerate(value):
            problem = part.check(one)
            if problem is not None:
                return f"[{index}] {problem}"
        return None

    write, read = part.write, part.read
    return _Codec(
        check,
        list if write is None else lambda value: [write(one) for one in value],
        made if read is None else lambda form: made([read(one) for one in form]),
        (list, tuple),
    )


def _tuple(parts: Sequence[_Codec]) -> _Codec:
    def check(value: Any) -> str | None:
        if type(value) not in (list, tuple) or len(value) != len(parts):
            return _is(value, f"list of {len(parts)}")
        problems = (part.check(one) for part, one in zip(parts, value, strict=True))
        return next((problem for problem in problems if problem is not None), None)

    def write(value: Any) -> list[Any]:
        return [_mapped(part.write, one) for part, one in zip(parts, value, strict=True)]

    def read(form: Any) -> tuple[Any, ...]:
        return tuple(_mapped(part.read, one) for part, one in zip(parts, form, strict=True))

    return _Codec(check, write, read, (list, tuple))


def _mapped(mapper: Mapper | None, value: Any) -> Any:
    return value if mapper is None else mapper(value)


def _mapping(part: _Codec) -> _Codec:
    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return _is(value, "object")
        for key, one in value.items():
            problem = part.check(one)
            if problem is not None:
                return f"{key} {problem}"
        return None

    write, read = part.write, part.read
    return _Codec(
        check,
        dict if write is None else lambda value: {k: write(one) for k, one in value.items()},
        None if read is None else lambda form: {k: read(one) for k, one in form.items()},
        (Mapping,),
    )


def _dataclass(kind: Any) -> _Codec:
    hints = typing.get_type_hints(kind)
    known: Sequence[Field[Any]] = [one for one in fields(kind) if one.init]
    codecs = {one.name: _codec(hints[one.name]) for one in known}
    needed = {
        one.name: None for one in known if one.default is MISSING and one.default_factory is MISSING
    }
    others = getattr(kind, "OTHERS", False)

    def check(value: Any) -> str | None:
        if type(value) is not dict:
            return _is(value, "object")
        for name in needed:
            if name not in value:
                return f"{name} is missing"
        for key, part in value.items():
            codec = codecs.get(key)
            if codec is None and others:
                continue
            problem = "is unknown" if codec is None else codec.check(part)
            if problem is not None:
                return f"{key} {problem}"
        return None

    write = _writer(known, codecs)
    read = _reader(kind, codecs, needed.keys())
    own = getattr(kind, "to_json", write), getattr(kind, "from_json", read)
    return _Codec(_codec(kind.FORM).check if hasattr(kind, "FORM") else check, *own, (kind,))


def _writer(known: Sequence[Field[Any]], codecs: Mapping[str, _Codec]) -> Mapper:
    names = tuple(one.name for one in known)
    writers = [(name, codec.write) for name, codec in codecs.items() if codec.write is not None]
    defaults = [(one.name, one.default) for one in known if _LEFT_OUT in one.metadata]

    def write(value: Any) -> dict[str, Any]:
        held = value.__dict__
        form = {name: held[name] for name in names}
        for name, writer in writers:
            form[name] = writer(form[name])
        for name, default in defaults:
            if held[name] == default:
                del form[name]
        return form

    return write


def _reader(kind: Any, codecs: Mapping[str, _Codec], needed: typing.AbstractSet[str]) -> Mapper:
    readers = [(name, codec.read) for name, codec in codecs.items() if codec.read is not None]

    def read(form: Mapping[str, Any]) -> Any:
        values = dict(form)
        for name in needed - values.keys():
            raise ValueError(f"{name} is missing")
        for name in values.keys() - codecs.keys():
            raise ValueError(f"{name} is unknown")
        for name, reader in readers:
            if name in values:
                values[name] = reader(values[name])
        return kind(**values)

    return read
