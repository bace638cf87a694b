"""Checks that an exported model is the one that was scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.plan import PreprocessingPlan
from automl.data.task import Task
from automl.data.temperature import tempered
from automl.errors import RunError

# Both predictions are float32, which has 7 digits, but their sums run in another order: the
# trial's core in compiled epochs, perhaps by XLA, the bundle in another batch. Sums over a few
# thousand terms lose up to three of the digits. Other weights, another column order or another
# scale move predictions by far more than what is left.
TOLERANCE = 1e-4
# A target far from zero compared with its spread is itself rounded to 7 digits.
RELATIVE_TOLERANCE = 1e-6
#: Steps of float32 by which the probabilities of two executions may differ near 1.
DIGITS = 4


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        rows: How many rows were compared.
        difference: The largest difference, in probabilities, or in standard deviations of the
            target.
        tolerance: By how much they may differ.
    """

    rows: int
    difference: float
    tolerance: float = TOLERANCE


def compare(
    expected: npt.NDArray[Any],
    given: npt.NDArray[Any],
    plan: PreprocessingPlan,
    task: Task | None = None,
    temperature: float = 1.0,
) -> CheckOutcome:
    """Compares an exported model's predictions with those that were scored.

    Args:
        expected: The trial's predictions (n, outputs): probabilities, or targets' own units.
        given: The bundle's, on the same rows.
        plan: The preprocessing plan, for the targets' scale.
        task: The task, where there is a temperature.
        temperature: What the bundle tempers its probabilities with, and the trial did not.

    Returns:
        What was found.

    Raises:
        RunError: They differ by more than the tolerance.
    """
    if expected.shape != given.shape:
        raise RunError(
            f"The exported model answers {given.shape} for the check rows, but the trial's "
            f"predictions have the shape {expected.shape}; nothing was exported."
        )
    scale = np.asarray(plan.target_scale.std or (1.0,), np.float64)
    expected, given = expected.astype(np.float64), given.astype(np.float64)
    slack = RELATIVE_TOLERANCE * np.abs(expected) / scale
    if task is not None and temperature != 1.0:
        # Near 1 a probability of float32 has few digits left of its distance from 1, which the
        # temperature shows.
        digits = DIGITS * np.spacing(expected.astype(np.float32)).astype(np.float64)
        ends = [tempered(task, expected + sign * digits, temperature) for sign in (-1.0, 1.0)]
        slack = slack + np.abs(ends[1] - ends[0])
        expected = tempered(task, expected, temperature)
    difference = np.abs(given - expected) / scale
    # Written so that a NaN on either side is a failure.
    if not bool((difference <= TOLERANCE + slack).all()):
        shown = "not a number" if np.isnan(difference).any() else f"{difference.max():.3g}"
        unit = "standard deviations of the target" if plan.target_scale.std else "probability"
        raise RunError(
            f"The exported model is not the one that was scored: its predictions on "
            f"{len(expected)} check rows differ by up to {shown} ({unit}; allowed: {TOLERANCE:g}); "
            "nothing was exported."
        )
    return CheckOutcome(len(expected), float(difference.max(initial=0.0)))
