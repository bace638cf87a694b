"""Forms on disk stay as they were written before, and what is read back is what was written."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from automl.common.forms import check_form, from_form, read_form, to_form
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.engines.contract import SpaceHandle
from automl.errors import AutoMLError
from automl.trial import TrialBudget
from tests.common.form_examples import EXAMPLES

WRITTEN: dict[str, Any] = json.loads(
    Path(__file__).with_name("form_examples.json").read_text(encoding="utf-8")
)
# Their forms leave something out that is not written again: the text of a person's own code.
ONE_WAY = {"own code"}


def test_each_example_has_the_form_that_was_written_before() -> None:
    assert EXAMPLES.keys() == WRITTEN.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_form_is_written_as_it_was(name: str) -> None:
    form = to_form(EXAMPLES[name])
    assert json.dumps(known_before(form, WRITTEN[name])) == json.dumps(WRITTEN[name])


def known_before(form: Any, written: Any) -> Any:
    """A form without the keys that were added later; the rest is the same to the byte."""
    if isinstance(written, dict):
        return {k: known_before(v, written[k]) for k, v in form.items() if k in written}
    if isinstance(written, list):
        return [known_before(part, old) for part, old in zip(form, written, strict=True)]
    return form


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ONE_WAY])
def test_a_form_that_was_written_before_is_read(name: str) -> None:
    example, form = EXAMPLES[name], WRITTEN[name]
    again = from_form(type(example), form)
    assert repr(again) == repr(example) or again == example
    check_form(type(example), form)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    Any: plain,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False) | st.integers(-5, 5),
    str: st.text(),
    bool: st.booleans(),
    types.NoneType: st.none(),
    Path: st.from_regex(r"\A/[a-z]{1,3}(/[a-z]{1,3})?\Z").map(Path),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values that an annotation allows."""
    if kind in SCALARS:
        return SCALARS[kind]
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values_of(part) for part in parts])
    if origin is tuple and Ellipsis not in parts:
        return st.tuples(*map(values_of, parts))
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=3).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(st.text(max_size=5), values_of(parts[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    assert is_dataclass(kind), kind
    return instances_of(kind)


@st.composite
def instances_of(draw: st.DrawFn, kind: Any) -> Any:
    """Instances of a dataclass, those that it refuses left out."""
    hints = typing.get_type_hints(kind)
    values = {
        one.name: draw(values_of(hints[one.name]))
        for one in fields(kind)
        if one.default is MISSING or draw(st.booleans())
    }
    try:
        return kind(**values)
    except (ValueError, AutoMLError):
        assume(False)


KINDS = {type(example) for name, example in EXAMPLES.items() if name not in ONE_WAY}
# What most values are refused by, and what is not told apart from them by its type.
RARE = {"SearchRequest", "DataRequest", "PreprocessingPlan", "Task", "Objective", "NumberFormat"}
FREE = sorted(
    (kind for kind in KINDS if kind.__name__ not in RARE | {"Job"}), key=lambda kind: kind.__name__
)


@pytest.mark.parametrize(
    "kind", [*FREE, TrialBudget, SpaceHandle, CategoricalFeature, NumericFeature]
)
@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_what_is_written_is_read(kind: Any, data: st.DataObject) -> None:
    value = data.draw(instances_of(kind))
    form = json.loads(json.dumps(to_form(value)))
    again = read_form(kind, form)
    assert again == value
    assert json.dumps(to_form(again)) == json.dumps(form)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ONE_WAY])
def test_a_form_with_another_key_or_type_is_refused(name: str) -> None:
    kind, form = type(EXAMPLES[name]), WRITTEN[name]
    with pytest.raises(ValueError, match="stranger is unknown"):
        read_form(kind, {**form, "stranger": 1})
    hints = typing.get_type_hints(getattr(kind, "FORM", kind))
    for key in (key for key in form if hints[key] is not Any):
        with pytest.raises(ValueError, match=f"^{key} "):
            read_form(kind, {**form, key: object()})
