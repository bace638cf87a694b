"""Mangled input: either prepared data or one sentence, never another exception."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from automl.common.forms import from_form, to_form
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.errors import AutoMLError

HEADER = "number,town,day,flag,y\n"
GOOD = HEADER + "".join(
    f"{i * 0.5},{'Bern' if i % 3 else 'Basel'},2024-01-{1 + i % 28:02d},{i % 2 == 0},{i % 4}\n"
    for i in range(24)
)
PIECES = [
    b",",
    b'"',
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"nan",
    b"inf",
    b"1e400",
    b"?",
    b"",
    b";",
    b" ",
]

edits = st.lists(
    st.tuples(
        st.integers(0, len(GOOD)),
        st.integers(0, 40),
        st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)),
    ),
    max_size=6,
)


def mangled(changes):
    content = GOOD.encode()
    for start, length, piece in changes:
        content = content[:start] + piece + content[start + length :]
    return content


def assert_sound(request):
    try:
        data = prepare(request)
    except AutoMLError as error:
        assert "\n" not in str(error) or len(str(error).splitlines()) < 3
        return
    assert isinstance(data, PreparedData)
    for rows in (data.train, data.validation):
        assert len(rows) > 0
        assert all(np.isfinite(x).all() for x in (*rows.inputs.values(), rows.target))
        assert all(codes.min() >= 0 for n, codes in rows.inputs.items() if n == "categorical")
    again = from_form(type(data.plan), to_form(data.plan))
    assert again == data.plan
    for name, array in data.plan.apply(data.check).items():
        checked = data.validation.inputs[name][data.check_positions]
        np.testing.assert_array_equal(array, checked)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits, st.sampled_from(["y", "number", "town", "flag", -1, 0]))
@example([], "y")
def test_mangled_csv(tmp_path, changes, target):
    path = tmp_path / "t.csv"
    path.write_bytes(mangled(changes))
    assert_sound(DataRequest(str(path), target))


cells = st.one_of(
    st.none(), st.floats(), st.integers(), st.booleans(), st.text(max_size=4), st.dates()
)
columns = st.one_of(
    st.lists(cells, min_size=16, max_size=16),
    st.lists(st.floats(), min_size=16, max_size=16),
    st.lists(st.sampled_from([0, 1, True, "a", "b"]), min_size=16, max_size=16),
    st.lists(st.floats(width=32, allow_nan=False), min_size=16, max_size=16),
)


@settings(max_examples=200, deadline=None)
@given(columns, columns, columns, st.sampled_from([None, "regression", "classification", "binary"]))
def test_frames_of_anything(a, b, y, task):
    frame = pd.DataFrame({"a": a, "b": b, "y": y})
    assert_sound(DataRequest(frame, "y", task=task))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8), st.sampled_from(["npz", "parquet"]))
def test_mangled_binary_files(tmp_path, start, piece, kind):
    path = tmp_path / f"t.{kind}"
    if kind == "npz":
        np.savez(path, x=np.arange(60.0).reshape(30, 2), y=np.arange(30.0) ** 2 / 7)
    else:
        pd.read_csv(io.StringIO(GOOD)).to_parquet(path)
    content = path.read_bytes()
    start %= len(content)
    path.write_bytes(content[:start] + piece + content[start + len(piece) :])
    assert_sound(DataRequest(str(path), () if kind == "npz" else "y"))
