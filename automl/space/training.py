"""The training fragment: optimizer, learning rate, schedule, batch size, clipping.

The ranges and defaults that the books and papers name are theirs; "own" marks the rest. Each
hyperparameter says its source. Presets and spaces with rules of their own take a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from automl.common.names import did_you_mean, known_are
from automl.errors import SpaceError
from automl.space.choice import Boolean, Choice
from automl.space.condition import Ref, all_of
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float
from automl.space.schedules import SCHEDULES, schedule_hyperparameters
from automl.space.sources import (
    FERLITSCH_DESIGN,
    FERLITSCH_HANDBOOK,
    GERON,
    KADRA,
    PLAYBOOK,
    REALMLP,
    TABM,
    ZAFAR,
)
from automl.space.tied import tied, tied_where_offered, when_offered

__all__ = ["OPTIMIZERS", "SCHEDULES", "training_hyperparameters"]

OPTIMIZERS = (
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "adadelta",
    "rmsprop",
    "adam",
    "amsgrad",
    "adamw",
    "adamax",
    "nadam",
    "ftrl",
    "lion",
)
BATCH_SIZES = (16, 32, 64, 128, 256)
LARGE_SGD_RATE = 0.03
"""Learning rate from which SGD, with or without momentum, trains with clipped gradients only. Of 12
random configurations of the dense space with rates of 0.03 to 0.1 on housing, 5 diverged without
clipping, and none with clipping (measured)."""
_SGD_FAMILY = ("sgd", "momentum", "nesterov")
_ADAM_FAMILY = ("adam", "amsgrad", "adamw", "adamax", "nadam")


def training_hyperparameters(
    *,
    optimizers: Sequence[str] | None = None,
    schedules: Sequence[str] | None = None,
    batch_size: bool = True,
    clipping: bool = True,
    label_smoothing: bool = False,
) -> list[Hyperparameter]:
    """The hyperparameters of training that every space shares.

    Args:
        optimizers: The optimizers to choose from, default first; None for all, nadam the default.
        schedules: The schedules to choose from, default first; None for all, performance the
            default.
        batch_size: Whether ``batch_size`` is among them; some spaces bring their own.
        clipping: Whether ``clipping`` and ``clip_threshold`` are among them.
        label_smoothing: Whether ``label_smoothing`` is among them (for classification).

    Returns:
        The hyperparameters, each with its source.

    Raises:
        SpaceError: An optimizer or a schedule is unknown.
    """
    optimizer = Choice(
        "optimizer",
        _chosen("optimizer", optimizers, OPTIMIZERS),
        default="nadam" if optimizers is None else optimizers[0],
        help="how gradients move the weights",
        source=f"{GERON}, table 11-2; {FERLITSCH_DESIGN}; {ZAFAR}: adam first, then tuned SGD",
    )
    schedule = Choice(
        "schedule",
        _chosen("schedule", schedules, SCHEDULES),
        default="performance" if schedules is None else schedules[0],
        help="how the learning rate changes over the epochs",
        source=f"{GERON}, table 11-2; {ZAFAR}; {FERLITSCH_DESIGN}",
    )
    return [
        optimizer,
        *_learning_rate(optimizer),
        *_momenta(optimizer),
        *_adam_details(optimizer),
        *_weight_decay(optimizer),
        schedule,
        *schedule_hyperparameters(schedule),
        *([_batch_size()] if batch_size else []),
        *(_clipping(optimizer) if clipping else []),
        *([_label_smoothing()] if label_smoothing else []),
    ]


def _chosen(word: str, given: Sequence[str] | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names to choose from.

    Raises:
        SpaceError: One is unknown, or the list is empty.
    """
    if given is None:
        return known
    if isinstance(given, str) or not given:
        raise SpaceError(f"{word}s must be a list with at least one name, not {given!r}.")
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known, known_are(known, "there are"))
            raise SpaceError(f"There is no {word} '{name}'{hint}")
    return tuple(given)


def _learning_rate(optimizer: Choice) -> tuple[Hyperparameter, ...]:
    def rate(low: float, high: float, default: float, source: str) -> Float:
        return Float(
            "learning_rate",
            low,
            high,
            log=True,
            default=default,
            help="step size before the schedule",
            source=source,
        )

    decades = f"{FERLITSCH_HANDBOOK} and {FERLITSCH_DESIGN}: 0.1 to 1e-5"
    return tied_where_offered(
        "learning_rate",
        optimizer,
        [
            (_SGD_FAMILY, rate(1e-3, 0.1, 1e-2, decades)),
            (("rmsprop", *_ADAM_FAMILY), rate(1e-5, 1e-2, 1e-3, decades)),
            # Both divide by an ever-growing sum of squared gradients, so they start larger.
            (("adagrad", "ftrl"), rate(1e-4, 1e-1, 1e-2, f"own, within {decades}")),
            (("lion",), rate(2e-6, 2e-3, 2e-4, "own: a fifth of adam's")),
            (("adadelta",), rate(0.1, 2.0, 1.0, "own: near 1.0")),
        ],
    )


def _momenta(optimizer: Choice) -> list[Hyperparameter]:
    momentum = Float(
        "momentum",
        0.5,
        0.99,
        default=0.9,
        otherwise=0.0,
        help="share of the last step that is kept",
        source=f"{FERLITSCH_DESIGN}; {FERLITSCH_HANDBOOK}",
    )
    rho = Float(
        "rho",
        0.85,
        0.99,
        default=0.9,
        help="decay of the average of squared gradients",
        source=f"{GERON}, ch. 11",
    )
    return [
        *when_offered(optimizer, ("momentum", "nesterov", "rmsprop"), momentum),
        *when_offered(optimizer, ("rmsprop", "adadelta"), rho),
    ]


def _adam_details(optimizer: Choice) -> list[Hyperparameter]:
    source = f"{GERON}, ch. 11"
    details = [
        Float("beta_1", 0.8, 0.95, default=0.9, help="decay of the average gradient"),
        Float("beta_2", 0.9, 0.9999, default=0.999, help="decay of the average squared gradient"),
        Float("epsilon", 1e-8, 1e-3, log=True, default=1e-7, help="keeps the division stable"),
    ]
    return [
        made
        for detail in details
        for made in when_offered(optimizer, _ADAM_FAMILY, detail, source=source)
    ]


def _weight_decay(optimizer: Choice) -> list[Hyperparameter]:
    """No weight decay, or one from a logarithmic range, which has no 0: hence the switch."""
    source = f"{REALMLP}; {TABM}; {KADRA}"
    decaying = [name for name in ("adamw", "lion", "nesterov") if optimizer.contains(name)]
    if not decaying:
        return []
    switch = Boolean(
        "use_weight_decay",
        default=True,
        when=optimizer.isin(decaying),
        help="whether weights decay",
        source=source,
    )
    decay = Float(
        "weight_decay",
        1e-6,
        1e-1,
        log=True,
        default=1e-4,
        otherwise=0.0,
        help="share of each weight taken off a step, times the learning rate",
        source=source,
    )
    none = Choice("weight_decay", (0.0,), help="weights do not decay", source=source)
    return [switch, *tied("weight_decay", switch, {True: decay, False: none})]


def _batch_size() -> Choice:
    return Choice(
        "batch_size",
        BATCH_SIZES,
        default=32,
        help="rows a step; a search tries those with 2 to 512 steps an epoch",
        source=(
            f"{FERLITSCH_HANDBOOK}: 32, then 128; {PLAYBOOK}: choose it for throughput, not for "
            "score"
        ),
    )


def _clipping(optimizer: Choice) -> list[Hyperparameter]:
    """How gradients are clipped; by their norm in any case where SGD takes large steps."""
    # One choice of kind, so that clipping by value and by norm, which Keras refuses, never meet.
    kinds = Choice(
        "clipping",
        ("none", "value", "norm", "global_norm"),
        help="what keeps single gradients from exploding",
        source=f"{GERON}, ch. 11",
    )
    made = [kinds]
    sgd = [name for name in _SGD_FAMILY if optimizer.contains(name)]
    if sgd:
        large = all_of(optimizer.isin(sgd), Ref("learning_rate") >= LARGE_SGD_RATE)
        by_norm = replace(
            kinds,
            options=("norm", "global_norm"),
            default="norm",
            label="large steps",
            when=large,
            source=f"{GERON}, ch. 11; own bound of the rate",
        )
        made = [replace(kinds, when=~large), by_norm]
    threshold = Float(
        "clip_threshold",
        0.1,
        10.0,
        log=True,
        default=1.0,
        when=kinds != "none",
        help="greatest value or norm of a gradient",
        source=f"own range around {GERON}: 1.0",
    )
    return [*made, threshold]


def _label_smoothing() -> Choice:
    return Choice(
        "label_smoothing",
        (0.0, 0.05, 0.1),
        help="share of each label that is spread over the other classes",
        source=REALMLP,
    )
