"""The kernel's boundary: what does not fit is refused with an exception, never read."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automl.training.kernel.codes import SLOTS, LossKind, OperationKind, Rule
from automl.training.kernel.loading import load_kernel
from tests.training.kernel.calls import Call, refuses


def test_what_fits_is_taken() -> None:
    for rule in Rule:
        for loss in LossKind:
            call = Call.made(rule, loss)
            assert call.train(load_kernel()) == 3, (rule, loss)
            assert np.isfinite(call.predict(load_kernel()))


def number(name: str, row: int, column: int, value: int) -> Callable[[Call], None]:
    def spoil(call: Call) -> None:
        getattr(call, name)[row, column] = value

    return spoil


def array(name: str, change: Callable[[Any], Any]) -> Callable[[Call], None]:
    def spoil(call: Call) -> None:
        call.arrays[name] = change(call.arrays[name])

    return spoil


def value(name: str, given: Any) -> Callable[[Call], None]:
    def spoil(call: Call) -> None:
        setattr(call, name, given)

    return spoil


SPOILT = {
    "an unknown kind": number("operations", 0, 0, 12),
    "an input that is not there": number("operations", 0, 1, 10),
    "an input that is made later": number("operations", 2, 1, 5),
    "an output that is not there": number("operations", 8, 3, 10),
    "a second input that is not there": number("operations", 4, 2, -1),
    "a kernel beyond the weights": number("operations", 8, 4, 75),
    "a bias beyond the weights": number("operations", 0, 5, 97),
    "slopes before the weights": number("operations", 7, 4, -1),
    "a mean beyond the state": number("operations", 1, 6, 5),
    "a variance beyond the state": number("operations", 1, 7, -1),
    "a stream that is not there": number("operations", 3, 10, 1),
    "a flow that is not there": number("operations", 3, 8, 3),
    "a variable beyond the weights": number("variables", 8, 0, 97),
    "a variable without columns": number("variables", 0, 2, 0),
    "widths that do not fit": lambda call: call.widths.__setitem__(3, 5),
    "a width of nothing": lambda call: call.widths.__setitem__(0, 0),
    "a width that cannot be counted": lambda call: call.widths.__setitem__(0, 2**31 - 1),
    "outputs that are not there": value("output", 10),
    "an unknown loss": value("loss", 6),
    "an unknown optimizer": value("rule", 12),
    "an unknown clipping": value("clipping", 4),
    "no batch": value("batch", 0),
    "a batch beyond counting": value("batch", 2**31 - 1),
    "steps beyond the rows": value("last", 4),
    "steps before the rows": value("first", -1),
    "cut operations": lambda call: setattr(call, "operations", call.operations.reshape(-1)[:-1]),
    "few floats": lambda call: setattr(call, "floats", call.floats[:-1]),
    "few floats of variables": lambda call: setattr(call, "variable_floats", np.zeros(35, "f4")),
    "few weights": array("weights", lambda a: a[:-1]),
    "few of the optimizer's numbers": array("slots", lambda a: a[:-1]),
    "few moving averages": array("state", lambda a: a[:-1]),
    "few rows": array("x", lambda a: a[:-1]),
    "rows of another width": array("x", lambda a: np.ascontiguousarray(a[:, :-1])),
    "few labels": array("y", lambda a: a[:-1]),
    "few weights of rows": array("row_weights", lambda a: a[:-1]),
    "few learning rates": array("rates", lambda a: a[:-1]),
    "few momenta": array("momenta", lambda _: np.zeros(2, np.float32)),
    "a short tally": array("tally", lambda a: a[:4]),
    "half a seed": array("seeds", lambda a: a.reshape(-1)[:1]),
    "a row that is not there": array("order", lambda a: np.where(a == 3, 20, a).astype(np.int32)),
    "a row before the first": array("order", lambda a: np.where(a == 3, -1, a).astype(np.int32)),
    "a label without an output": array("y", lambda a: np.full_like(a, 3)),
    "a negative label": array("y", lambda a: np.full_like(a, -1)),
    "weights of doubles": array("weights", lambda a: a.astype(np.float64)),
    "whole numbers as rows": array("x", lambda a: a.astype(np.int32)),
    "an order of long integers": array("order", lambda a: a.astype(np.int64)),
    "labels of floats": array("y", lambda a: a.astype(np.float32)),
    "rows of another byte order": array("x", lambda a: a.astype(">f4")),
    "rows that are not side by side": array("x", lambda a: np.repeat(a, 2, axis=1)[:, ::2]),
    "weights that cannot be written": array("weights", lambda a: np.frombuffer(a.tobytes(), "f4")),
    "misaligned rows": array(
        "x", lambda a: np.frombuffer(b"x" + a.tobytes(), np.uint8)[1:].view(np.float32)
    ),
    "no array": array("x", lambda _: None),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_does_not_fit_is_refused(spoil: Callable[[Call], None]) -> None:
    call = Call.made()
    spoil(call)
    assert refuses(call, load_kernel())


def test_few_outputs_are_refused() -> None:
    call = Call.made()
    call.arrays["out"] = call.arrays["out"][:-1]
    with pytest.raises(ValueError, match="outputs"):
        call.predict(load_kernel())


def test_the_optimizers_numbers_are_counted_alike_in_c_and_in_python() -> None:
    for rule in Rule:
        call = Call.made(rule)
        assert call.train(load_kernel()) == 3
        call.arrays["slots"] = np.zeros((SLOTS[rule] + 1) * call.arrays["weights"].size, "f4")
        with pytest.raises(ValueError, match="optimizer"):
            call.train(load_kernel())


def test_a_kind_that_is_new_in_python_is_known_in_c() -> None:
    for kind in set(OperationKind) - {
        OperationKind.CONCATENATE,
        OperationKind.DENSE,
        OperationKind.BATCH_NORM,
    }:
        call = Call.made()
        call.operations[2, 0] = kind
        call.operations[2, 2] = 2  # a second input of the same width
        call.operations[2, 4] = 0  # weights, where it has some
        call.operations[2, 10] = 0  # a random stream
        assert call.train(load_kernel()) == 3, kind


def test_calls_that_are_spoilt_at_random_never_end_the_process() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.training.kernel.fuzzed_calls"],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout == "survived\n"
