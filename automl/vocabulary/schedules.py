"""The learning-rate schedules and the ranges of their hyperparameters.

Epochs are those of the trial's cap; shares are shares of it. What each does is said and done in
`automl.models.schedules`.
"""

from __future__ import annotations

from automl.vocabulary.ranges import Range
from automl.vocabulary.sources import GERON, PLAYBOOK, ZAFAR

CONSTANT, PERFORMANCE, ONE_CYCLE = "constant", "performance", "one_cycle"
DEFAULT_SCHEDULE = PERFORMANCE

SCHEDULES = (
    CONSTANT,
    "power",
    "exponential",
    "piecewise",
    PERFORMANCE,
    ONE_CYCLE,
    "cosine",
    "cosine_restarts",
    "warmup_cosine",
    "linear",
)

_GERON = f"{GERON}, ch. 11; own range"
_ZAFAR = f"{ZAFAR}; own range"

#: What each schedule needs; constant, cosine and linear need nothing.
SCHEDULE_RANGES: tuple[Range, ...] = (
    Range(
        "schedule_decay_epochs",
        ("power", "exponential"),
        *(5, 80, 20),
        help="epochs s until the rate is a half (power 1) or a tenth (exponential)",
        source=_GERON,
        log=True,
    ),
    Range("schedule_power", ("power",), *(0.5, 2.0, 1.0), help="exponent c", source=_GERON),
    # The ranges of the boundaries do not meet, so the first stays first.
    Range(
        "schedule_first_boundary",
        ("piecewise",),
        *(0.2, 0.5, 1 / 3),
        help="share of the epochs before the first step down",
        source=_ZAFAR,
    ),
    Range(
        "schedule_second_boundary",
        ("piecewise",),
        *(0.55, 0.9, 2 / 3),
        help="share of the epochs before the second step down",
        source=_ZAFAR,
    ),
    Range(
        "schedule_patience",
        ("performance",),
        *(2, 10, 5),
        help="epochs without a lower validation loss before a step down",
        source=_GERON,
    ),
    Range(
        "schedule_factor",
        ("piecewise",),
        *(0.05, 0.5, 0.1),
        help="what multiplies the rate at each boundary",
        source=_ZAFAR,
        log=True,
    ),
    Range(
        "schedule_factor",
        ("performance",),
        *(0.1, 0.8, 0.5),
        help="what multiplies the rate when the validation loss stalls",
        source=_GERON,
    ),
    Range(
        "schedule_start",
        ("one_cycle",),
        *(0.02, 0.5, 0.1),
        help="the first rate as a share of the learning rate",
        source=f"{GERON}, ch. 11; Smith 2018, arXiv 1803.09820; own range",
        log=True,
    ),
    Range(
        "schedule_cycles",
        ("cosine_restarts",),
        *(2, 5, 3),
        help="cosine cycles in the epochs, each twice as long as the one before",
        source="Loshchilov and Hutter 2017, arXiv 1608.03983; own range",
    ),
    Range(
        "schedule_warmup",
        ("warmup_cosine",),
        *(0.01, 0.2, 0.05),
        help="share of the steps in which the rate rises from 0",
        source=f"{PLAYBOOK}; own range",
        log=True,
    ),
)


def schedule_default(name: str, schedule: str) -> float:
    """The value of a schedule's hyperparameter where a space has none.

    Args:
        name: Such as ``schedule_factor``.
        schedule: The schedule that needs it.
    """
    return next(one.default for one in SCHEDULE_RANGES if one.name == name and schedule in one.of)
