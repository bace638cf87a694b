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
from automl.space.tied import number_from, ranged, tied
from automl.vocabulary.averaging import (
    AVERAGE_DECAY,
    AVERAGED_EPOCHS,
    CHECKPOINT_AVERAGE,
    MOVING_AVERAGE,
    WEIGHT_AVERAGING,
)
from automl.vocabulary.layers import NONE
from automl.vocabulary.optimizers import (
    CLIPPING,
    DECAY,
    DEFAULT_OPTIMIZER,
    DETAILS,
    OPTIMIZERS,
    RATES,
    SGD_FAMILY,
)
from automl.vocabulary.schedules import DEFAULT_SCHEDULE, SCHEDULE_RANGES, SCHEDULES
from automl.vocabulary.sources import (
    FERLITSCH_DESIGN,
    FERLITSCH_HANDBOOK,
    GERON,
    PLAYBOOK,
    REALMLP,
    ZAFAR,
)

__all__ = ["training_hyperparameters"]

BATCH_SIZES = (16, 32, 64, 128, 256)
IMAGE_BATCH_SIZES = (16, 32, 64, 128, 256, 512)
"""Batches of images, larger than those of tables: 128 to 512 rows use a core best (own range)."""
LARGE_SGD_RATE = 0.03
"""Learning rate from which SGD, with or without momentum, trains with clipped gradients only. Of 12
random configurations of the dense space with rates of 0.03 to 0.1 on housing, 5 diverged without
clipping, and none with clipping (measured)."""


def training_hyperparameters(
    *,
    optimizers: Sequence[str] | None = None,
    schedules: Sequence[str] | None = None,
    batch_size: bool = True,
    clipping: bool = True,
    label_smoothing: bool = False,
    averaging: bool = True,
) -> list[Hyperparameter]:
    """The hyperparameters of training that every space shares.

    Args:
        optimizers: The optimizers to choose from, default first; None for all, nadam the default.
        schedules: The schedules to choose from, default first; None for all, performance the
            default.
        batch_size: Whether ``batch_size`` is among them; some spaces bring their own.
        clipping: Whether ``clipping`` and ``clip_threshold`` are among them.
        label_smoothing: Whether ``label_smoothing`` is among them (for classification).
        averaging: Whether ``weight_averaging`` and what belongs to it are among them.

    Returns:
        The hyperparameters, each with its source.

    Raises:
        SpaceError: An optimizer or a schedule is unknown.
    """
    optimizer = Choice(
        "optimizer",
        _chosen("optimizer", optimizers, tuple(OPTIMIZERS)),
        default=DEFAULT_OPTIMIZER if optimizers is None else optimizers[0],
        help="how gradients move the weights",
        source=f"{GERON}, table 11-2; {FERLITSCH_DESIGN}; {ZAFAR}: adam first, then tuned SGD",
    )
    schedule = Choice(
        "schedule",
        _chosen("schedule", schedules, SCHEDULES),
        default=DEFAULT_SCHEDULE if schedules is None else schedules[0],
        help="how the learning rate changes over the epochs",
        source=f"{GERON}, table 11-2; {ZAFAR}; {FERLITSCH_DESIGN}",
    )
    return [
        optimizer,
        *ranged(optimizer, (*RATES, *DETAILS)),
        *_weight_decay(optimizer),
        schedule,
        *ranged(schedule, SCHEDULE_RANGES),
        *([_batch_size()] if batch_size else []),
        *(_clipping(optimizer) if clipping else []),
        *([_label_smoothing()] if label_smoothing else []),
        *(_averaging() if averaging else []),
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


def _weight_decay(optimizer: Choice) -> list[Hyperparameter]:
    """No weight decay, or one from a logarithmic range, which has no 0: hence the switch."""
    decaying = [name for name in DECAY.of if optimizer.contains(name)]
    if not decaying:
        return []
    switch = Boolean(
        "use_weight_decay",
        default=True,
        when=optimizer.isin(decaying),
        help="whether weights decay",
        source=DECAY.source,
    )
    none = Choice(DECAY.name, (0.0,), help="weights do not decay", source=DECAY.source)
    return [switch, *tied(DECAY.name, switch, {True: number_from(DECAY), False: none})]


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
        ("none", *CLIPPING),
        help="what keeps single gradients from exploding",
        source=f"{GERON}, ch. 11",
    )
    made = [kinds]
    sgd = [name for name in SGD_FAMILY if optimizer.contains(name)]
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


def _averaging() -> list[Hyperparameter]:
    """Whether an average of the weights is what is validated and kept."""
    kinds = Choice(
        WEIGHT_AVERAGING,
        (NONE, MOVING_AVERAGE, CHECKPOINT_AVERAGE),
        help="which weights are validated and kept: those of the epoch's end, their moving average "
        "over the steps, or the mean of the last epochs' (a soup); a search tries averages where "
        "they are asked for",
        source="Polyak and Juditsky 1992; Jordan 2024, arXiv 2404.00498; Kaddour 2022, arXiv "
        "2209.14981",
    )
    decay = Choice(
        AVERAGE_DECAY,
        (0.9, 0.99, 0.999),
        default=0.99,
        when=kinds == MOVING_AVERAGE,
        help="share of the average that stays in each step",
        source="own range around Keras's 0.99",
    )
    epochs = Choice(
        AVERAGED_EPOCHS,
        (3, 5, 10),
        default=5,
        when=kinds == CHECKPOINT_AVERAGE,
        help="epochs whose weights are averaged, at most the later half of those so far",
        source="own range around Kaddour 2022, arXiv 2209.14981: 6",
    )
    return [kinds, decay, epochs]


def _label_smoothing() -> Choice:
    return Choice(
        "label_smoothing",
        (0.0, 0.05, 0.1),
        help="share of each label that is spread over the other classes",
        source=REALMLP,
    )
