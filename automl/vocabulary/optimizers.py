"""The optimizers, one entry each, and the ranges of their hyperparameters.

The ranges and defaults that books and papers name are theirs; "own" marks the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.vocabulary.ranges import Range
from automl.vocabulary.sources import (
    FERLITSCH_DESIGN,
    FERLITSCH_HANDBOOK,
    GERON,
    KADRA,
    REALMLP,
    TABM,
)

SGD = "SGD"
DEFAULT_OPTIMIZER = "nadam"
"""Géron, Hands-On Machine Learning, 2nd ed., table 11-2."""


@dataclass(frozen=True)
class Optimizer:
    """An optimizer.

    Attributes:
        name: Its name.
        keras: Keras's class.
        arguments: Hyperparameters that its class takes, under the same names, with the values
            where a space has none (Keras's defaults; a momentum is 0.9).
        fixed: Arguments that make it what it is.
        rate: Keras's default of its learning rate.
        linear_only: Whether it is for linear models only, for it stops too early in deep ones.
        slots: Numbers that it keeps for each weight.
    """

    name: str
    keras: str
    arguments: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    rate: float = 1e-3
    linear_only: bool = False
    slots: int = 2


_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

OPTIMIZERS: Mapping[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer("sgd", SGD, rate=1e-2, slots=0),
        Optimizer("momentum", SGD, {"momentum": 0.9}, rate=1e-2, slots=1),
        Optimizer("nesterov", SGD, {"momentum": 0.9}, {"nesterov": True}, rate=1e-2, slots=1),
        Optimizer("adagrad", "Adagrad", {"epsilon": 1e-7}, linear_only=True, slots=1),
        Optimizer("adadelta", "Adadelta", {"rho": 0.95, "epsilon": 1e-7}),
        Optimizer("rmsprop", "RMSprop", {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
        Optimizer("adam", "Adam", _ADAM),
        Optimizer("amsgrad", "Adam", _ADAM, {"amsgrad": True}, slots=3),
        Optimizer("adamw", "AdamW", _ADAM, {"weight_decay": 0.0}),
        Optimizer("adamax", "Adamax", _ADAM),
        Optimizer("nadam", "Nadam", _ADAM),
        Optimizer("ftrl", "Ftrl"),
        Optimizer("lion", "Lion", {"beta_1": 0.9, "beta_2": 0.99}, slots=1),
    )
}

SGD_FAMILY = tuple(name for name, optimizer in OPTIMIZERS.items() if optimizer.keras == SGD)
_ADAM_FAMILY = tuple(name for name, optimizer in OPTIMIZERS.items() if optimizer.arguments is _ADAM)
_DECADES = f"{FERLITSCH_HANDBOOK} and {FERLITSCH_DESIGN}: 0.1 to 1e-5"
_ADAM_SOURCE = f"{GERON}, ch. 11"


def _rate(of: tuple[str, ...], low: float, high: float, default: float, source: str) -> Range:
    what = "step size before the schedule"
    return Range("learning_rate", of, low, high, default, what, source, log=True)


RATES: tuple[Range, ...] = (
    _rate(SGD_FAMILY, 1e-3, 0.1, 1e-2, _DECADES),
    _rate(("rmsprop", *_ADAM_FAMILY), 1e-5, 1e-2, 1e-3, _DECADES),
    # Both divide by an ever-growing sum of squared gradients, so they start larger.
    _rate(("adagrad", "ftrl"), 1e-4, 1e-1, 1e-2, f"own, within {_DECADES}"),
    _rate(("lion",), 2e-6, 2e-3, 2e-4, "own: a fifth of adam's"),
    _rate(("adadelta",), 0.1, 2.0, 1.0, "own: near 1.0"),
)

DETAILS: tuple[Range, ...] = (
    Range(
        "momentum",
        ("momentum", "nesterov", "rmsprop"),
        *(0.5, 0.99, 0.9),
        help="share of the last step that is kept",
        source=f"{FERLITSCH_DESIGN}; {FERLITSCH_HANDBOOK}",
        otherwise=0.0,
    ),
    Range(
        "rho",
        ("rmsprop", "adadelta"),
        *(0.85, 0.99, 0.9),
        help="decay of the average of squared gradients",
        source=f"{GERON}, ch. 11",
    ),
    Range(
        "beta_1",
        _ADAM_FAMILY,
        *(0.8, 0.95, 0.9),
        help="decay of the average gradient",
        source=_ADAM_SOURCE,
    ),
    Range(
        "beta_2",
        _ADAM_FAMILY,
        *(0.9, 0.9999, 0.999),
        help="decay of the average squared gradient",
        source=_ADAM_SOURCE,
    ),
    Range(
        "epsilon",
        _ADAM_FAMILY,
        *(1e-8, 1e-3, 1e-7),
        help="keeps the division stable",
        source=_ADAM_SOURCE,
        log=True,
    ),
)

#: Where weights decay at all; a switch turns it off, for a logarithmic range has no 0.
DECAY = Range(
    "weight_decay",
    ("adamw", "lion", "nesterov"),
    *(1e-6, 1e-1, 1e-4),
    help="share of each weight taken off a step, times the learning rate",
    source=f"{REALMLP}; {TABM}; {KADRA}",
    log=True,
    otherwise=0.0,
)

#: Kinds of clipping, with Keras's argument for the bound.
CLIPPING: Mapping[str, str] = {
    "value": "clipvalue",
    "norm": "clipnorm",
    "global_norm": "global_clipnorm",
}
