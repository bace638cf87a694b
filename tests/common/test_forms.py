"""JSON forms: what fits a dataclass, and what does not, is told by its key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.common.forms import check_form, from_form, left_out, read_form, to_form
from automl.common.sealed import SEAL, sealed, unsealed


class Kind(StrEnum):
    ONE = "one"


@dataclass(frozen=True)
class Inner:
    size: int


@dataclass(frozen=True)
class Outer:
    name: str
    rate: float
    inner: Inner
    kind: Kind = Kind.ONE
    flag: bool = False
    limit: int | None = None
    pair: tuple[int, str] = (1, "a")
    sizes: tuple[int, ...] = ()
    parts: Sequence[Mapping[str, float]] = ()
    anything: Any = None
    words: Mapping[str, Any] = field(default_factory=dict)


WHOLE = {"name": "a", "rate": 1, "inner": {"size": 2}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"rate": float("nan"), "kind": "one", "flag": True, "limit": None, "sizes": [1, 2]},
        {"limit": -(2**63), "pair": [3, "b"], "parts": [{"a": 1.5}], "anything": [{}]},
    ],
)
def test_what_fits_is_taken(more: dict[str, Any]) -> None:
    check_form(Outer, {**WHOLE, **more})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"name": 5}, "name is 5, no text"),
        ({"name": None}, "name is None, no text"),
        ({"rate": "1"}, "rate is '1', no number"),
        ({"rate": True}, "rate is True, no number"),
        ({"rate": 10**400}, "rate is 1000"),
        ({"inner": []}, "inner is of another type, no object"),
        ({"inner": {"size": 1.0}}, "inner size is 1.0, no whole number"),
        ({"inner": {"size": 2**63}}, "inner size is 9223"),
        ({"inner": {}}, "inner size is missing"),
        ({"kind": "two"}, "kind is 'two', no Kind"),
        ({"kind": []}, "kind is of another type, no Kind"),
        ({"flag": 1}, "flag is 1, no true or false"),
        ({"limit": "x"}, "limit is 'x', no whole number"),
        ({"pair": [1]}, "pair is of another type, no list of 2"),
        ({"sizes": [1, None]}, r"sizes \[1\] is None, no whole number"),
        ({"sizes": {}}, "sizes is of another type, no list"),
        ({"parts": [{"a": "b"}]}, r"parts \[0\] a is 'b', no number"),
        ({"words": 5}, "words is 5, no object"),
        ({"other": 5}, "other is unknown"),
    ],
)
def test_what_does_not_fit_is_named(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        check_form(Outer, {**WHOLE, **more})


def test_keys_that_may_be_there_are_left_alone() -> None:
    check_form(Inner, {"size": 1, "more": object()}, extra=("more",))
    for form in (None, 5, [], "x"):
        with pytest.raises(ValueError, match="no object"):
            check_form(Inner, form, extra=("more",))


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(st.dictionaries(st.text(), values), st.text(), values)
def test_a_seal_fits_what_json_gives_back_and_nothing_else(
    form: dict[str, Any], key: str, value: Any
) -> None:
    form.pop(SEAL, None)
    back = json.loads(json.dumps(sealed(form)))
    assert unsealed(back) == json.loads(json.dumps(form)) == unsealed(form)
    if key != SEAL and json.dumps(form.get(key, "absent")) != json.dumps(value):
        with pytest.raises(ValueError, match="changed after it was written"):
            unsealed({**back, key: value})


@dataclass(frozen=True)
class Square:
    FORM_KIND: ClassVar[str] = "square"

    side: float


@dataclass(frozen=True)
class Disc:
    FORM_KIND: ClassVar[str] = "disc"

    radius: float
    place: Path = Path("/")


@dataclass(frozen=True)
class Drawing:
    OTHERS: ClassVar[bool] = True

    shapes: tuple[Square | Disc, ...]
    kind: Kind | None = None
    scale: int | str | tuple[int, ...] | None = None
    named: Mapping[str, Square | Disc] = field(default_factory=dict)
    hidden: bool = left_out(False)


FORM = {
    "shapes": [{"kind": "square", "side": 2}, {"kind": "disc", "radius": 0.5, "place": "/a"}],
    "kind": "one",
    "scale": [1, 2],
    "named": {"a": {"kind": "square", "side": 1.5}},
}
DRAWING = Drawing((Square(2), Disc(0.5, Path("/a"))), Kind.ONE, (1, 2), {"a": Square(1.5)})


def test_classes_of_a_union_name_themselves() -> None:
    assert to_form(DRAWING) == FORM
    assert read_form(Drawing, FORM) == DRAWING
    for shape, message in (
        ({"kind": "cube", "side": 2}, "kind is 'cube', no kind that there is"),
        ({"side": 2}, "kind is None"),
        ({"kind": "square", "radius": 2}, "side is missing"),
        ([], "is of another type, no object"),
    ):
        with pytest.raises(ValueError, match=rf"^shapes \[0\] {message}"):
            read_form(Drawing, {"shapes": [shape]})


def test_a_default_is_left_out_where_that_is_said() -> None:
    assert "hidden" not in to_form(DRAWING)
    hidden = Drawing((), hidden=True)
    assert to_form(hidden) == {
        "shapes": [], "kind": None, "scale": None, "named": {}, "hidden": True
    }  # fmt: skip
    assert read_form(Drawing, {"shapes": []}) == Drawing(())
    assert read_form(Drawing, to_form(hidden)) == hidden


def test_other_keys_are_left_alone_where_that_is_said() -> None:
    check_form(Drawing, {**FORM, "more": object()})
    with pytest.raises(ValueError, match="more is unknown"):
        check_form(Square, {"side": 1, "more": 1})


def test_a_form_of_ones_own_is_not_read_where_it_does_not_fit() -> None:
    for form, message in (({}, "side is missing"), ({"side": 1, "more": 2}, "more is unknown")):
        with pytest.raises(ValueError, match=message):
            from_form(Square, form)
    with pytest.raises(ValueError, match="'two' is not a valid Kind"):
        from_form(Drawing, {"shapes": [], "kind": "two"})
