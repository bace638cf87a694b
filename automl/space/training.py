"""The training fragment: optimizer, learning rate, schedule, batch size, clipping.

Ranges and defaults are those of SPACES.md section 3. Sources by short name: G = Géron, Hands-On
Machine Learning (2nd ed.); F3 = Ferlitsch, Learning Keras Handbook 3; C = Ferlitsch, Deep Learning
Design; P = Zafar et al., Hands-On CNNs with TensorFlow; R = RealMLP (arXiv 2407.04491); T = TabM
(arXiv 2410.24210); K = Kadra et al. 2021 (arXiv 2106.11189); TP = Google's Deep Learning Tuning
Playbook; "own" = our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Boolean, Choice
from automl.space.condition import Condition
from automl.space.describe import nearest
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int
from automl.space.tied import tied

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
SCHEDULES = (
    "constant",
    "power",
    "exponential",
    "piecewise",
    "performance",
    "one_cycle",
    "cosine",
    "cosine_restarts",
    "warmup_cosine",
    "linear",
)
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
        optimizers: The optimizers to choose from, the default one first; None for all of
            `OPTIMIZERS` with nadam as the default.
        schedules: The learning-rate schedules to choose from, the default one first; None for all
            of `SCHEDULES` with performance as the default.
        batch_size: Whether ``batch_size`` is among them; a space with a rule of its own for it
            leaves it out and brings its own.
        clipping: Whether ``clipping`` and ``clip_threshold`` are among them.
        label_smoothing: Whether ``label_smoothing`` is among them (of use in classification only).

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
        source="G table 11-2, C, F3; adam first, then tuned SGD with momentum (P)",
    )
    schedule = Choice(
        "schedule",
        _chosen("schedule", schedules, SCHEDULES),
        default="performance" if schedules is None else schedules[0],
        help="how the learning rate changes over the epochs",
        source="G table 11-2, P, C",
    )
    parameters = [
        optimizer,
        *_learning_rate(optimizer),
        *_optimizer_details(optimizer),
        *_weight_decay(optimizer),
        schedule,
        *_schedule_details(schedule),
    ]
    if batch_size:
        parameters.append(
            Choice(
                "batch_size",
                (16, 32, 64, 128, 256),
                default=32,
                help="rows a step",
                source="F3, C: 32 then 128; TP: choose it for throughput, not for score",
            )
        )
    if clipping:
        parameters.extend(_clipping())
    if label_smoothing:
        parameters.append(
            Choice(
                "label_smoothing",
                (0.0, 0.05, 0.1),
                help="share of each label spread over the other classes",
                source="R",
            )
        )
    return parameters


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
            raise SpaceError(f"There is no {word} '{name}'; {nearest(name, known)}")
    return tuple(given)


def _when(choice: Choice, *options: str) -> Condition | None:
    """The condition that the choice is one of these; None if it offers none of them."""
    offered = [option for option in options if option in choice.options]
    return choice.isin(offered) if offered else None


def _under(choice: Choice, options: Sequence[str], parameter: Hyperparameter) -> list[Any]:
    """The hyperparameter, active for these options of the choice; left out if none is offered."""
    from dataclasses import replace

    condition = _when(choice, *options)
    return [] if condition is None else [replace(parameter, when=condition)]


def _by_group(
    name: str, choice: Choice, groups: Sequence[tuple[Sequence[str], Hyperparameter]]
) -> tuple[Hyperparameter, ...]:
    """`tied` for those options of each group that the choice offers."""
    offered = {
        tuple(option for option in options if option in choice.options): parameter
        for options, parameter in groups
    }
    offered.pop((), None)
    return tied(name, choice, offered) if offered else ()


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

    adaptive = ("rmsprop", *_ADAM_FAMILY)
    return _by_group(
        "learning_rate",
        optimizer,
        [
            (("sgd", "momentum", "nesterov"), rate(1e-3, 0.5, 1e-2, "F3, C: 0.1 to 1e-5")),
            (adaptive, rate(1e-5, 1e-2, 1e-3, "F3, C: 0.1 to 1e-5; G 3e-4 to 3e-2")),
            # Both divide by an ever-growing sum of squared gradients, so they start larger.
            (("adagrad", "ftrl"), rate(1e-4, 1e-1, 1e-2, "own within F3, C: 0.1 to 1e-5")),
            (("lion",), rate(2e-6, 2e-3, 2e-4, "a fifth of adam's (own)")),
            (("adadelta",), rate(0.1, 2.0, 1.0, "near 1.0 (own)")),
        ],
    )


def _optimizer_details(optimizer: Choice) -> list[Hyperparameter]:
    adam = "first moment's decay", "second moment's decay", "keeps the division stable"
    details: list[tuple[Sequence[str], Hyperparameter]] = [
        (
            ("momentum", "nesterov", "rmsprop"),
            Float(
                "momentum",
                0.5,
                0.99,
                default=0.9,
                otherwise=0.0,
                help="share of the last step kept",
                source="C, F3",
            ),
        ),
        (
            ("rmsprop", "adadelta"),
            Float("rho", 0.85, 0.99, default=0.9, help="squared gradients' decay", source="G"),
        ),
        (_ADAM_FAMILY, Float("beta_1", 0.8, 0.95, default=0.9, help=adam[0], source="G")),
        (_ADAM_FAMILY, Float("beta_2", 0.9, 0.9999, default=0.999, help=adam[1], source="G")),
        (
            _ADAM_FAMILY,
            Float("epsilon", 1e-8, 1e-3, log=True, default=1e-7, help=adam[2], source="G"),
        ),
    ]
    return [made for options, parameter in details for made in _under(optimizer, options, parameter)]


def _weight_decay(optimizer: Choice) -> list[Hyperparameter]:
    """No weight decay, or one from a logarithmic range, which has no 0: hence the switch."""
    condition = _when(optimizer, "adamw", "lion", "nesterov")
    if condition is None:
        return []
    switch = Boolean(
        "use_weight_decay",
        default=True,
        when=condition,
        help="whether weights decay",
        source="R, T, K",
    )
    decay = tied(
        "weight_decay",
        switch,
        {
            True: Float(
                "weight_decay",
                1e-6,
                1e-1,
                log=True,
                default=1e-4,
                otherwise=0.0,
                help="share of the weights taken off each step, times the learning rate",
                source="R, T, K",
            ),
            False: Choice("weight_decay", (0.0,), help="no weight decay", source="R, T, K"),
        },
    )
    return [switch, *decay]


def _schedule_details(schedule: Choice) -> list[Hyperparameter]:
    """What the schedules need; boundaries, warm-up and cycles are shares of this trial's cap."""
    factors = _by_group(
        "schedule_factor",
        schedule,
        [
            (
                ("piecewise",),
                Float(
                    "schedule_factor",
                    0.05,
                    0.5,
                    log=True,
                    default=0.1,
                    help="multiplies the rate at each boundary",
                    source="P; range own",
                ),
            ),
            (
                ("performance",),
                Float(
                    "schedule_factor",
                    0.1,
                    0.8,
                    default=0.5,
                    help="multiplies the rate when the validation loss stalls",
                    source="G; range own",
                ),
            ),
        ],
    )
    details: list[tuple[Sequence[str], Hyperparameter]] = [
        (
            ("power", "exponential"),
            Int(
                "schedule_decay_epochs",
                5,
                80,
                log=True,
                default=20,
                help="epochs s to half (power) or a tenth (exponential) of the rate",
                source="G; range own",
            ),
        ),
        (
            ("power",),
            Float("schedule_power", 0.5, 2.0, default=1.0, help="exponent c", source="G; range own"),
        ),
        (
            ("piecewise",),
            Float(
                "schedule_first_boundary",
                0.2,
                0.5,
                default=1 / 3,
                help="share of the epochs before the first step down",
                source="P; range own",
            ),
        ),
        (
            ("piecewise",),
            Float(
                "schedule_second_boundary",
                0.55,
                0.9,
                default=2 / 3,
                help="share of the epochs before the second step down",
                source="P; range own",
            ),
        ),
        (
            ("performance",),
            Int(
                "schedule_patience",
                2,
                10,
                default=5,
                help="epochs without a lower validation loss before a step down",
                source="G; range own",
            ),
        ),
        (
            ("one_cycle",),
            Float(
                "schedule_start",
                0.02,
                0.5,
                log=True,
                default=0.1,
                help="first rate as a share of the learning rate",
                source="G, Smith 2018; range own",
            ),
        ),
        (
            ("cosine_restarts",),
            Int(
                "schedule_cycles",
                2,
                5,
                default=3,
                help="cosine cycles in the epochs, each twice as long as the one before",
                source="Loshchilov and Hutter 2017 (arXiv 1608.03983); range own",
            ),
        ),
        (
            ("warmup_cosine",),
            Float(
                "schedule_warmup",
                0.01,
                0.2,
                log=True,
                default=0.05,
                help="share of the steps in which the rate rises from 0",
                source="TP; range own",
            ),
        ),
    ]
    rest = [made for options, made_ in details for made in _under(schedule, options, made_)]
    return [*rest, *factors]


def _clipping() -> list[Hyperparameter]:
    # One choice of kind, so that clipping by value and by norm, which Keras refuses, never meet.
    clipping = Choice(
        "clipping",
        ("none", "value", "norm", "global_norm"),
        help="what keeps single gradients from exploding",
        source="G",
    )
    threshold = Float(
        "clip_threshold",
        0.1,
        10.0,
        log=True,
        default=1.0,
        when=clipping != "none",
        help="greatest value or norm of a gradient",
        source="G 1.0; range own",
    )
    return [clipping, threshold]
