"""The numbers by which the compiled kernel knows operations, losses and optimizers.

They are those of ``source/kernel.h``.
"""

from __future__ import annotations

from enum import IntEnum


class OperationKind(IntEnum):
    """An operation between tensors."""

    DENSE = 0
    BATCH_NORM = 1
    LAYER_NORM = 2
    DROPOUT = 3
    ALPHA_DROPOUT = 4
    GAUSSIAN_DROPOUT = 5
    ADD = 6
    CONCATENATE = 7
    PRELU = 8
    RELU = 16
    LEAKY_RELU = 17
    ELU = 18
    SELU = 19
    GELU = 20
    SILU = 21
    MISH = 22
    TANH = 23
    SIGMOID = 24


class LossKind(IntEnum):
    """A loss; the crossentropies are of numbers before sigmoid or softmax."""

    MSE = 0
    MAE = 1
    HUBER = 2
    SIGMOID_CE = 3
    SOFTMAX_CE = 4
    SPARSE_CE = 5


class Rule(IntEnum):
    """An optimizer's rule."""

    SGD = 0
    MOMENTUM = 1
    NESTEROV = 2
    RMSPROP = 3
    ADAGRAD = 4
    ADADELTA = 5
    ADAM = 6
    AMSGRAD = 7
    ADAMAX = 8
    NADAM = 9
    LION = 10
    FTRL = 11


SLOTS = {
    Rule.SGD: 0,
    Rule.MOMENTUM: 1,
    Rule.NESTEROV: 1,
    Rule.RMSPROP: 2,
    Rule.ADAGRAD: 1,
    Rule.ADADELTA: 2,
    Rule.ADAM: 2,
    Rule.AMSGRAD: 3,
    Rule.ADAMAX: 2,
    Rule.NADAM: 2,
    Rule.LION: 1,
    Rule.FTRL: 2,
}
"""Numbers that an optimizer keeps for each weight."""


class Clipping(IntEnum):
    """How gradients are clipped."""

    NONE = 0
    VALUE = 1
    NORM = 2
    GLOBAL_NORM = 3


class Flow(IntEnum):
    """What becomes of the gradient of an operation's input."""

    NOT_NEEDED = 0
    FIRST = 1
    FURTHER = 2


class UnsupportedModel(Exception):
    """The kernel has no equivalent of a part of a model, which the message names."""


class AbsentKernel(UnsupportedModel):
    """The kernel could train a model, but was not compiled."""
