"""A call of the kernel as its trainer makes it, made by hand, and ways to spoil it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.training.kernel.codes import SLOTS, Clipping, Flow, LossKind, OperationKind, Rule

#: What the kernel may raise; anything else, a crash first of all, is a fault of its own.
REFUSALS = (ValueError, TypeError, BufferError, OverflowError, MemoryError)


def _operation(kind: OperationKind, a: int, out: int, **more: int) -> list[int]:
    names = ("b", "weights", "bias", "mean", "var", "flow_a", "flow_b", "seed", "trained")
    value = dict.fromkeys(names, -1) | {"flow_a": Flow.FIRST, "flow_b": 0, "trained": 1} | more
    b, *rest = (int(value[name]) for name in names)
    return [int(kind), a, b, out, *rest]


@dataclass
class Call:
    """A network of every kind of layer, on 20 rows of 6 columns in batches of 8."""

    operations: Any = None
    floats: Any = None
    widths: Any = None
    output: int = 0
    variables: Any = None
    variable_floats: Any = None
    rule: int = int(Rule.ADAM)
    clipping: int = int(Clipping.NONE)
    loss: int = int(LossKind.SPARSE_CE)
    arrays: dict[str, Any] = field(default_factory=dict)
    batch: int = 8
    first: int = 0
    last: int = 3

    @classmethod
    def made(cls, rule: Rule = Rule.ADAM, loss: LossKind = LossKind.SPARSE_CE) -> Call:
        """One that works."""
        operations = [
            _operation(OperationKind.DENSE, 0, 1, weights=0, bias=24, flow_a=0),  # 6 -> 4
            _operation(OperationKind.BATCH_NORM, 1, 2, weights=28, bias=32, mean=0, var=4),
            _operation(OperationKind.RELU, 2, 3),
            _operation(OperationKind.DROPOUT, 3, 4, seed=0),
            _operation(OperationKind.ADD, 4, 5, b=1, flow_b=Flow.FIRST),
            _operation(OperationKind.CONCATENATE, 5, 6, b=0),  # 4 + 6
            _operation(OperationKind.LAYER_NORM, 6, 7, weights=36, bias=46),
            _operation(OperationKind.PRELU, 7, 8, weights=56),
            _operation(OperationKind.DENSE, 8, 9, weights=66, bias=96),  # 10 -> 3
        ]
        operations[1][8] = int(Flow.FURTHER)
        floats = np.full((9, 2), 0.5, np.float32)
        sizes = [(24, 4), (4, 4), (4, 4), (4, 4), (10, 10), (10, 10), (10, 10), (30, 3), (3, 3)]
        variables, offset = [], 0
        for size, columns in sizes:
            variables.append((offset, size, columns))
            offset += size
        generator, classes = np.random.default_rng(0), 3
        y: Any = generator.integers(0, classes, 20).astype(np.int32)
        if loss is not LossKind.SPARSE_CE:
            y = generator.random((20, classes)).astype(np.float32)
        return cls(
            operations=np.array(operations, np.int32),
            floats=floats,
            widths=np.array([6, 4, 4, 4, 4, 4, 10, 10, 10, 3], np.int32),
            output=9,
            variables=np.array(variables, np.int32),
            variable_floats=np.zeros((len(sizes), 4), np.float32),
            rule=int(rule),
            loss=int(loss),
            arrays={
                "weights": generator.normal(size=offset).astype(np.float32),
                "state": np.ones(8, np.float32),
                "slots": np.zeros(SLOTS[rule] * offset, np.float32),
                "x": generator.normal(size=(20, 6)).astype(np.float32),
                "y": y,
                "row_weights": np.ones(20, np.float32),
                "order": generator.permutation(20).astype(np.int32),
                "rates": np.full(3, 0.01, np.float32),
                "momenta": None,
                "seeds": np.array([[1, 2]], np.int64),
                "tally": np.array([0.0, 1.0, 0.0, 0.0, 0.0]),
                "out": np.zeros((20, classes), np.float32),
            },
        )

    def copy(self) -> Call:
        """The same again, to be spoilt."""
        return copy.deepcopy(self)

    def _program(self) -> tuple[Any, ...]:
        return (
            *(self.operations, self.floats, self.widths, self.output),
            *(self.variables, self.variable_floats),
        )

    def train(self, kernel: Any) -> int:
        """Runs the steps."""
        given = [self.arrays[name] for name in self.arrays if name != "out"]
        optimizer = (self.rule, self.clipping, 0.01, 1.0, 0.0, 0.9, 0.99, 1e-7, 0.0)
        hyper = (self.loss, 1.0 if self.loss == LossKind.HUBER else 0.0, 0.0)
        done: int = kernel.train(
            self._program(), optimizer, hyper, *given, self.batch, self.first, self.last
        )
        return done

    def predict(self, kernel: Any) -> float:
        """Predicts all rows."""
        names = ("weights", "state", "x", "y", "row_weights", "out")
        hyper = (self.loss, 0.0, 0.0)
        loss: float = kernel.predict(self._program(), hyper, *(self.arrays[name] for name in names))
        return loss


def refuses(call: Call, kernel: Any) -> bool:
    """Whether the kernel refuses a call, in either direction; a call that it takes it survives."""
    refused = False
    for run in (call.train, call.predict):
        try:
            run(kernel)
        except REFUSALS:
            refused = True
    return refused
