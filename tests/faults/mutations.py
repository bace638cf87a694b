"""Mutations of a file's bytes, text and JSON, and what must hold for whoever reads the result."""

from __future__ import annotations

import copy
import faulthandler
import json
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from automl.errors import AutoMLError

#: Seconds after which one example counts as a hang; examples take milliseconds.
HANG = 60

#: What is written into files: separators, quotes, line ends, odd numbers, bytes of other encodings.
PIECES = (
    b",", b'"', b"'", b"\n", b"\r", b"\r\n", b"\n\n", b"\t", b";", b"|", b" ", b"\x00", b"\xff",
    b"\xfe\xff", b"\xef\xbb\xbf", b"\x80\x04.", b"\xe9", b"\xc2\x85", b"\xe2\x80\xa8", b"nan",
    b"NaN", b"inf", b"-inf", b"Infinity", b"1e400", b"-1e308", b"1e-400", b"9" * 40, b"-1", b"0",
    b"?", b"null", b"true", b"[", b"]", b"{", b"}", b"\\", b"\\u0000", b"../", b"PK\x03\x04",
)  # fmt: skip


class Hang(BaseException):
    """An example that did not come to an end, which no ``except Exception`` takes for a fault."""


def fuzz(check: Callable[..., None], *values: Any, examples: int, moments: random.Random) -> None:
    """Calls a check with drawn values, each call watched.

    Args:
        check: Raises where something is wrong.
        values: A strategy for each of its arguments.
        examples: How many calls.
        moments: Gives the seed, which the failing test shows.
    """

    def watched(drawn: tuple[Any, ...]) -> None:
        with no_hang():
            check(*drawn)

    run = hypothesis.given(st.tuples(*values))(watched)
    run = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=True,
        # Phase.explain traces every line: a table of 70,000 columns then takes minutes.
        phases=[phase for phase in Phase if phase is not Phase.explain],
        suppress_health_check=list(HealthCheck),
    )(run)
    hypothesis.seed(moments.randrange(2**32))(run)()


@contextmanager
def no_hang(seconds: int = HANG) -> Iterator[None]:
    """Raises `Hang` where the body takes too long; a call that cannot be interrupted is killed."""

    def strike(*_: Any) -> None:
        raise Hang(f"no end after {seconds} s")

    before = signal.signal(signal.SIGALRM, strike)
    signal.alarm(seconds)
    faulthandler.dump_traceback_later(2 * seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def refused(read: Callable[[], Any]) -> tuple[bool, Any]:
    """Calls a reader, which may refuse what it reads only by one of the package's sentences.

    Returns:
        Whether it refused, and what it returned.
    """
    try:
        return False, read()
    except AutoMLError as error:
        assert_one_sentence(str(error))
        return True, None


def assert_one_sentence(text: str) -> None:
    """What the package says is for a person: one line, not endless, no other library's trace."""
    assert text.strip(), "an error without a word"
    assert "\n" not in text and "\r" not in text, text
    assert len(text) < 2000, f"{len(text)} characters: {text[:200]} ..."
    assert "Traceback" not in text, text


# ---- bytes

_shares = st.floats(0, 1, allow_nan=False)
_lengths = st.one_of(st.integers(0, 8), st.integers(0, 400))
_bytes = st.one_of(st.sampled_from(PIECES), st.binary(max_size=8))
_edits = st.one_of(
    st.tuples(st.just("flip"), _shares, st.integers(1, 255), st.just(b"")),
    st.tuples(st.just("cut"), _shares, st.just(0), st.just(b"")),
    st.tuples(st.just("delete"), _shares, _lengths, st.just(b"")),
    st.tuples(st.just("insert"), _shares, st.just(0), _bytes),
    st.tuples(st.just("overwrite"), _shares, st.just(0), _bytes),
    st.tuples(st.just("repeat"), _shares, _lengths, st.just(b"")),
    st.tuples(st.just("swap"), _shares, _lengths, st.just(b"")),
    st.tuples(st.just("line"), _shares, st.sampled_from([-1, 1, 2, 3]), st.just(b"")),
    st.tuples(st.just("long"), _shares, st.sampled_from([300, 70_000]), _bytes),
)
_encodings = st.sampled_from([""] * 12 + ["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1"])

#: Some edits of a file's bytes, as plain values; `mutate` makes them.
byte_edits = st.tuples(st.lists(_edits, min_size=1, max_size=4), _encodings)


def mutate(content: bytes, edits: tuple[list[tuple[str, float, int, bytes]], str]) -> bytes:
    """Makes edits drawn from `byte_edits`."""
    for kind, share, count, piece in edits[0]:
        at = int(share * len(content))
        content = _EDITS[kind](content, at, count, piece)
    if edits[1]:
        content = content.decode("latin-1").encode(edits[1])
    return content


def _flip(content: bytes, at: int, mask: int, _: bytes) -> bytes:
    at = min(at, len(content) - 1)
    return content if at < 0 else content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]


def _swap(content: bytes, at: int, size: int, _: bytes) -> bytes:
    """Two neighbouring pieces change places."""
    end = at + size
    return content[:at] + content[end : end + size] + content[at:end] + content[end + size :]


def _line(content: bytes, at: int, count: int, _: bytes) -> bytes:
    """A line goes (-1), or comes a few times more."""
    start = content.rfind(b"\n", 0, at) + 1
    end = content.find(b"\n", at) + 1 or len(content)
    line = content[start:end]
    return content[:start] + (b"" if count < 0 else line * (count + 1)) + content[end:]


_EDITS: dict[str, Callable[[bytes, int, int, bytes], bytes]] = {
    "flip": _flip,
    "cut": lambda content, at, _, __: content[:at],
    "delete": lambda content, at, size, _: content[:at] + content[at + size :],
    "insert": lambda content, at, _, piece: content[:at] + piece + content[at:],
    "overwrite": lambda content, at, _, piece: content[:at] + piece + content[at + len(piece) :],
    "repeat": lambda content, at, size, _: content[:at] + content[at : at + size] + content[at:],
    "swap": _swap,
    "line": _line,
    "long": lambda content, at, size, piece: content[:at] + piece * size + content[at:],
}


# ---- JSON

_DEEP = 3000


class Deep:
    """Stands for lists within lists, deeper than Python's stack."""


_scalars = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, 10**30, -(10**400), 2**63, 0.5, -0.0, 1e308, float("nan"),
     float("inf"), float("-inf"), "", "0", "abc", "nan", "../../x", "/etc/passwd", "a\x00b",
     "\ud800", "minimize", "x" * 5000, Deep()],
)  # fmt: skip
_values = st.one_of(
    _scalars,
    st.lists(_scalars, max_size=3),
    st.dictionaries(st.sampled_from(["name", "kind", "x", "", "0"]), _scalars, max_size=3),
)
_form_edits = st.one_of(
    st.tuples(st.just("set"), st.lists(_shares, min_size=1, max_size=6), _values),
    st.tuples(st.just("delete"), st.lists(_shares, min_size=1, max_size=6), st.none()),
    st.tuples(st.just("rename"), st.lists(_shares, min_size=1, max_size=6), st.none()),
    st.tuples(st.just("twice"), st.lists(_shares, min_size=1, max_size=6), st.none()),
)

#: Some edits of a JSON value, as plain values; `mutate_form` makes them.
form_edits = st.lists(_form_edits, min_size=1, max_size=3)


def mutate_form(form: Any, edits: list[tuple[str, list[float], Any]]) -> Any:
    """Makes edits drawn from `form_edits`: values of other kinds, keys gone, renamed, repeated."""
    form = copy.deepcopy(form)
    for kind, path, value in edits:
        _edit(form, kind, path, value)
    return form


def _edit(form: Any, kind: str, path: list[float], value: Any) -> None:
    for step, share in enumerate(path):
        keys = list(form) if isinstance(form, dict) else list(range(len(form)))
        if not keys:
            return
        key = keys[min(int(share * len(keys)), len(keys) - 1)]
        deeper = isinstance(form[key], dict | list) and form[key]
        if deeper and step < len(path) - 1:
            form = form[key]
            continue
        if kind == "set":
            form[key] = value
        elif kind == "delete":
            del form[key]
        elif kind == "rename" and isinstance(form, dict):
            form[f"{key}_"] = form.pop(key)
        elif kind == "twice" and isinstance(form, list):
            form.insert(key, copy.deepcopy(form[key]))
        return


def form_text(form: Any) -> bytes:
    """A value as JSON, as Python writes and reads it, NaN and half surrogate pairs included."""
    text = json.dumps(form, default=lambda _: "<deep>")
    return text.replace('"<deep>"', "[" * _DEEP + "]" * _DEEP).encode("utf-8", "surrogatepass")
