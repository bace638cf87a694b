"""Lets Keras predict again what the kernel has predicted: the scored model is the saved one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.errors import TrialError

CONFIRMED_ROWS = 32
"""Validation rows that Keras predicts again at the end of each trial; it takes 4 ms."""
CONFIRMED_DIFFERENCE = 1e-4
"""Largest difference allowed, as in the check of an export, which compares the kernel's predictions
with those of the saved model: what passes here must pass there. Usual is below 1e-6."""
ROUNDINGS = 4.0
"""Largest difference that is rounding, in times of what rounding its weights does to a network.

Measured over 288 networks of 2 x 64 and 2 x 300 units (ReLU, tanh and SELU, with and without batch
normalization) whose outputs cancel terms of 1 to 1,000,000: at most 1.8
(`pytest -m slow -rP tests/training/kernel/test_confirmation.py`).
"""
ROUNDED_DRAWS = 3
"""Roundings that are tried; each takes as long as a prediction of the rows."""
SPACING = float(np.finfo(np.float32).eps)
"""Of numbers in single precision, in times of the number."""

Predictions = npt.NDArray[np.float32]


def confirm(model: Any, weights: Sequence[Any], x: Any, outputs: Predictions) -> None:
    """Compares the kernel's predictions with those of Keras.

    Two correct ways to sum up in single precision differ by rounding, and a network that takes
    large terms from each other shows more of it. A difference that is too large is therefore told
    from a defect of the kernel: Keras predicts with each weight moved by the spacing of numbers in
    single precision, the error that any computation with it makes.

    Args:
        model: The ``keras.Model``, with the weights that the kernel had.
        weights: Its variables that the kernel reads; they are as they were when this returns.
        x: The rows as the model takes them.
        outputs: What the kernel predicts for them, float32 (rows, outputs).

    Raises:
        TrialError: The model does not predict what the kernel has scored; the sentence says
            whether that is rounding.
    """
    expected = _predicted(model, x)
    difference = _difference(outputs, expected)
    if difference <= CONFIRMED_DIFFERENCE:
        return
    rounding = _effect_of_rounding(model, weights, x, expected)
    if not difference <= ROUNDINGS * rounding:
        raise TrialError(
            f"The compiled kernel predicts otherwise than Keras (by {difference:.2g}), so "
            "this trial cannot be trusted; please report its configuration."
        )
    raise TrialError(
        f"The model's predictions change by {rounding:.2g} when its weights are rounded, more than "
        f"an exported model may differ ({CONFIRMED_DIFFERENCE:g}): its weights are too large (a "
        "lower learning rate, weight decay or normalization keeps them small)."
    )


def _predicted(model: Any, x: Any) -> Predictions:
    return np.asarray(model(x, training=False))


def _difference(outputs: Predictions, expected: Predictions) -> float:
    """The largest difference: relative where outputs are larger than 1, NaN where one is."""
    scale = np.maximum(1.0, np.abs(expected))
    with np.errstate(invalid="ignore"):  # infinite outputs differ too
        return float(np.max(np.abs(outputs - expected) / scale, initial=0.0))


def _effect_of_rounding(model: Any, weights: Sequence[Any], x: Any, expected: Predictions) -> float:
    """The largest difference that a spacing more or less in every weight makes."""
    kept = [variable.numpy().copy() for variable in weights]
    draws = np.random.default_rng(0)
    largest = 0.0
    try:
        for _ in range(ROUNDED_DRAWS):
            for variable, value in zip(weights, kept, strict=True):
                factor = 1.0 + SPACING * draws.choice((-1.0, 1.0), value.shape)
                variable.assign((value * factor).astype(np.float32))
            largest = max(largest, _difference(_predicted(model, x), expected))
    finally:
        for variable, value in zip(weights, kept, strict=True):
            variable.assign(value)
    return largest
