"""Calls of the kernel spoilt at random: to be run in a process of its own, which has to live."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.training.kernel.codes import Clipping, LossKind, Rule
from automl.training.kernel.loading import load_kernel
from tests.training.kernel.calls import Call, refuses

NUMBERS = st.one_of(
    st.integers(-2, 12),
    st.integers(-200, 200),
    st.sampled_from([2**31 - 1, -(2**31), 2**30, 65_536, 1 << 20]),
)
PARTS = ("operations", "widths", "variables", "order", "y")
SIZED = ("operations", "floats", "widths", "variables", "variable_floats", "weights", "state",
         "slots", "x", "y", "row_weights", "order", "rates", "seeds", "tally", "out")  # fmt: skip


def array_of(call: Call, name: str) -> Any:
    return call.arrays[name] if name in call.arrays else getattr(call, name)


def put(call: Call, name: str, value: Any) -> None:
    if name in call.arrays:
        call.arrays[name] = value
    else:
        setattr(call, name, value)


@st.composite
def spoilt(draw: st.DrawFn) -> Call:
    call = Call.made(draw(st.sampled_from(Rule)), draw(st.sampled_from(LossKind)))
    call.clipping = draw(st.sampled_from(Clipping))
    for _ in range(draw(st.integers(1, 4))):
        how = draw(st.sampled_from(["number", "size", "dtype", "scalar", "view"]))
        if how == "number":
            name = draw(st.sampled_from(PARTS))
            flat = np.array(array_of(call, name)).reshape(-1)
            if flat.size:
                flat[draw(st.integers(0, flat.size - 1))] = np.int64(draw(NUMBERS)).astype(
                    flat.dtype
                )
            put(call, name, flat)
        elif how == "size":
            name = draw(st.sampled_from(SIZED))
            flat = np.array(array_of(call, name)).reshape(-1)
            put(call, name, np.resize(flat, draw(st.integers(0, 2 * flat.size + 2))))
        elif how == "dtype":
            name = draw(st.sampled_from(SIZED))
            kind = draw(st.sampled_from([np.int8, np.int32, np.int64, np.float16, np.float32,
                                         np.float64, ">f4", ">i4", object]))  # fmt: skip
            put(call, name, np.array(array_of(call, name)).astype(kind))
        elif how == "view":
            name = draw(st.sampled_from(SIZED))
            put(call, name, np.repeat(np.array(array_of(call, name)).reshape(-1), 2)[::2])
        else:
            name = draw(st.sampled_from(["output", "rule", "clipping", "loss", "batch", "first",
                                         "last"]))  # fmt: skip
            setattr(call, name, draw(NUMBERS))
    return call


@settings(
    max_examples=1500, deadline=None, database=None, derandomize=True,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(call=spoilt())
def survives(call: Call) -> None:
    refuses(call, load_kernel())


if __name__ == "__main__":
    survives()
    print("survived")
