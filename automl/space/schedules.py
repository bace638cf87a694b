"""The hyperparameters of learning-rate schedules, each active for its own schedule only.

Epochs are those of the trial's cap; shares are shares of it.
"""

from __future__ import annotations

from automl.space.choice import Choice
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int
from automl.space.sources import GERON, PLAYBOOK, ZAFAR
from automl.space.tied import tied_where_offered, when_offered

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
_GERON = f"{GERON}, ch. 11; own range"
_ZAFAR = f"{ZAFAR}; own range"


def schedule_hyperparameters(schedule: Choice) -> list[Hyperparameter]:
    """What the schedules that a choice offers need.

    Args:
        schedule: A choice of names out of `SCHEDULES`.

    Returns:
        Hyperparameters named ``schedule_*``; cosine, linear and constant have none.
    """
    return [
        *_decays(schedule),
        *_boundaries(schedule),
        *_steps(schedule),
        *_cycles(schedule),
    ]


def _decays(schedule: Choice) -> list[Hyperparameter]:
    """Of power, lr0 / (1 + t / s) ** c, and exponential, lr0 * 0.1 ** (t / s)."""
    epochs = Int(
        "schedule_decay_epochs",
        5,
        80,
        log=True,
        default=20,
        help="epochs s until the rate is a half (power 1) or a tenth (exponential)",
        source=_GERON,
    )
    power = Float("schedule_power", 0.5, 2.0, default=1.0, help="exponent c", source=_GERON)
    return [
        *when_offered(schedule, ("power", "exponential"), epochs),
        *when_offered(schedule, ("power",), power),
    ]


def _boundaries(schedule: Choice) -> list[Hyperparameter]:
    """Of piecewise: where it steps down. The ranges do not meet, so the first stays first."""
    first = Float(
        "schedule_first_boundary",
        0.2,
        0.5,
        default=1 / 3,
        help="share of the epochs before the first step down",
        source=_ZAFAR,
    )
    second = Float(
        "schedule_second_boundary",
        0.55,
        0.9,
        default=2 / 3,
        help="share of the epochs before the second step down",
        source=_ZAFAR,
    )
    return [
        *when_offered(schedule, ("piecewise",), first),
        *when_offered(schedule, ("piecewise",), second),
    ]


def _steps(schedule: Choice) -> list[Hyperparameter]:
    """Of piecewise and performance, which multiply the rate by a factor now and then."""
    patience = Int(
        "schedule_patience",
        2,
        10,
        default=5,
        help="epochs without a lower validation loss before a step down",
        source=_GERON,
    )
    at_boundaries = Float(
        "schedule_factor",
        0.05,
        0.5,
        log=True,
        default=0.1,
        help="what multiplies the rate at each boundary",
        source=_ZAFAR,
    )
    at_plateaus = Float(
        "schedule_factor",
        0.1,
        0.8,
        default=0.5,
        help="what multiplies the rate when the validation loss stalls",
        source=_GERON,
    )
    return [
        *when_offered(schedule, ("performance",), patience),
        *tied_where_offered(
            "schedule_factor",
            schedule,
            [(("piecewise",), at_boundaries), (("performance",), at_plateaus)],
        ),
    ]


def _cycles(schedule: Choice) -> list[Hyperparameter]:
    """Of one_cycle, cosine_restarts and warmup_cosine, in which the rate also rises."""
    start = Float(
        "schedule_start",
        0.02,
        0.5,
        log=True,
        default=0.1,
        help="the first rate as a share of the learning rate",
        source=f"{GERON}, ch. 11; Smith 2018, arXiv 1803.09820; own range",
    )
    cycles = Int(
        "schedule_cycles",
        2,
        5,
        default=3,
        help="cosine cycles in the epochs, each twice as long as the one before",
        source="Loshchilov and Hutter 2017, arXiv 1608.03983; own range",
    )
    warmup = Float(
        "schedule_warmup",
        0.01,
        0.2,
        log=True,
        default=0.05,
        help="share of the steps in which the rate rises from 0",
        source=f"{PLAYBOOK}; own range",
    )
    return [
        *when_offered(schedule, ("one_cycle",), start),
        *when_offered(schedule, ("cosine_restarts",), cycles),
        *when_offered(schedule, ("warmup_cosine",), warmup),
    ]
