"""Which trial to stop early: the pruners, by name.

A decision is a pure function of the record: pruners write nothing and remember nothing but what
can be read again. The driver asks `prune(study, trial)` after an epoch, with a trial whose
intermediate values hold the epochs up to now, counted from 1; not after those of which a pruner of
our own could tell ahead that it would stop nothing (`CurvePruner.thresholds`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from automl.errors import RequestError
from automl.tuning.known_names import check_direction, unknown_name
from automl.tuning.pruners.fold_rules import (
    FOLD_PRUNERS,
    FoldPruningRule,
    ForgivingRule,
    NoRule,
    PairedRule,
)

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

PRUNERS: Mapping[str, str] = MappingProxyType(
    {
        "asha": "successive halving: at epochs that grow threefold, the best third go on",
        "median": "stops a trial that is worse than the median of the completed ones",
        "patient": "as median, but only once a trial has ceased to improve",
        **FOLD_PRUNERS,
        "none": "every trial runs until it stops by itself",
    }
)

# What is no longer: what to use in its place, and why.
REMOVED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "hyperband": (
            "asha",
            "asha, which finds better models for the same epochs, takes its place",
        )
    }
)

# Measured with `python -m benchmarks.pruners --data /path/to/taskset --seeds 60`: 12 tasks x 60
# seeds of real curves of 50 epochs, early stopping after 10, random draws. Mean regret (0 = best
# of 1,000 configurations, 1 = their median) after 500 and 1,000 epochs spent:
# none 0.47 and 0.35, median 0.34 and 0.20, asha 0.28 and 0.16; Hyperband, which was a pruner here
# until then, 0.35 and 0.23.
# At an equal number of trials it is another matter: after 30, none 0.366 in 825 epochs, patient
# 0.369 in 493, median 0.380 in 390, asha 0.397 in 235. So where time is what ends a search, asha
# makes the most of it; where the number of trials does, patient saves two epochs in five and
# leaves hardly more regret than pruning nothing.
DEFAULT_WITH_TIME = "asha"
DEFAULT_WITH_TRIALS = "patient"

# Of successive halving; 2, 3 and 4 were measured as above: 0.185, 0.164 and 0.154 after 1,000
# epochs. 3 is the usual one, and stops less that is good (after 30 trials 0.397, with 4: 0.404).
_ETA = 3


def default_pruner(time_limited: bool) -> str:
    """The pruner that a search gets unless asked otherwise, chosen from the measurement above.

    Args:
        time_limited: Whether the search has a time limit.
    """
    return DEFAULT_WITH_TIME if time_limited else DEFAULT_WITH_TRIALS


def make_pruner(name: str, *, direction: str, epochs: int, patience: int) -> BasePruner:
    """Makes the pruner of a run.

    Args:
        name: One of `PRUNERS`.
        direction: ``"minimize"`` or ``"maximize"``.
        epochs: Most epochs of a trial, at least 1.
        patience: Epochs without an improvement before a trial stops by itself, at least 1.

    Returns:
        A pruner that never writes to the study; Optuna's `NopPruner` for ``"none"`` and for those
        that look at folds only (see `fold_rule`), by which a driver knows that workers need not
        wait for an answer after an epoch.

    Raises:
        RequestError: The name is unknown, or a number is out of range.
    """
    if name in REMOVED:
        raise RequestError(f"There is no pruner '{name}' any more: {REMOVED[name][1]}.")
    if name not in PRUNERS:
        raise unknown_name("pruner", name, PRUNERS)
    check_direction(direction)
    for word, value in (("epochs", epochs), ("patience", patience)):
        if value < 1:
            raise RequestError(f"{word} is {value}; expected an integer of at least 1.")
    from automl.tuning.pruners import rules

    first = protected_epochs(epochs)
    if name == "asha":
        return rules.AshaPruner(direction=direction, epochs=epochs, first=first, eta=_ETA)
    if name in ("median", "patient"):
        median = rules.MedianPruner(direction=direction, warm_up=first)
        if name == "median":
            return median
        # A fifth of the patience: with all of it the trial would have stopped by itself, and of
        # 2 and 5 epochs (of 10) the measurement above prefers 2.
        return rules.PatientPruner(median, direction=direction, patience=max(1, patience // 5))
    from optuna.pruners import NopPruner

    return NopPruner()


def fold_rule(name: str, direction: str) -> FoldPruningRule:
    """What stops trials of a run with folds after one of them.

    The pruners by epoch compare those of the first fold, and then the forgiving rule holds.

    Args:
        name: One of `PRUNERS`.
        direction: ``"minimize"`` or ``"maximize"``.
    """
    if name == "none":
        return NoRule(direction)
    return PairedRule(direction) if name == "wilcoxon" else ForgivingRule(direction)


def protected_epochs(epochs: int) -> int:
    """The first epoch after which a trial may be stopped: 2, or 1/25 of the cap if that is more.

    Successive halving that starts after 1 of 50 epochs is better yet on the measured curves (0.12
    after 1,000 epochs, against 0.16 with 2), but those have no learning-rate warm-up; the
    schedules here reach their full rate after one in twenty steps.
    """
    return max(2, -(-epochs // 25))
