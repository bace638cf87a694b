"""Checks that an exported model is the one that was scored, in a new process with only Keras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from automl.data.plan import PreprocessingPlan
from automl.errors import RunError
from automl.export import keras_only

# Both predictions are float32, which has 7 digits, but their sums run in another order: the
# trial's core in compiled epochs, perhaps by XLA, the bundle in another batch. Sums over a few
# thousand terms lose up to three of the digits. Other weights, another column order or another
# scale move predictions by far more than what is left.
TOLERANCE = 1e-4
# A target far from zero compared with its spread is itself rounded to 7 digits.
RELATIVE_TOLERANCE = 1e-6

SECONDS = 600.0


@dataclass(frozen=True)
class CheckOutcome:
    """What a check found.

    Attributes:
        rows: How many rows were compared.
        difference: The largest difference, in probabilities, or in standard deviations of the
            target.
    """

    rows: int
    difference: float

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {"rows": self.rows, "difference": self.difference, "tolerance": TOLERANCE}


class NewProcess:
    """A new process that refuses this package and predicts with a saved model once.

    It imports Keras, which takes seconds, while its owner goes on, so it is best started before
    the model is ready. Leaving it ends it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", keras_only.__file__],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            cwd=tempfile.gettempdir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with self._process:
            pass  # closes its pipes and waits for its end

    def predict(self, model: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Loads a saved model and predicts.

        Args:
            model: The ``.keras`` file.
            arrays: The model's inputs, as `automl.export.rows.model_inputs_of` gives them.

        Returns:
            The predictions, float32 (n, outputs).

        Raises:
            RunError: The model cannot be loaded or does not predict.
        """
        names = [name for name in arrays if name]
        numbered: dict[str, Any] = {f"input_{i}": a for i, a in enumerate(arrays.values())}
        with tempfile.TemporaryDirectory() as folder:
            inputs, output = Path(folder) / "inputs.npz", Path(folder) / "output.npy"
            np.savez(inputs, names=np.array(names, dtype=np.str_), **numbered)
            orders = {"model": str(model.absolute()), "inputs": str(inputs), "output": str(output)}
            self._carry_out(orders)
            predictions: npt.NDArray[np.float32] = np.load(output, allow_pickle=False)
        return predictions

    def _carry_out(self, orders: Mapping[str, str]) -> None:
        try:
            _, complaint = self._process.communicate(json.dumps(orders) + "\n", timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RunError(
                f"The exported model did not predict within {SECONDS:.0f} seconds in a new process."
            ) from error
        if self._process.returncode != 0 or not Path(orders["output"]).exists():
            raise RunError(
                "The exported model does not load and predict with Keras alone "
                f"({_last_line(complaint)})."
            )


def compare(
    expected: npt.NDArray[Any], given: npt.NDArray[Any], plan: PreprocessingPlan
) -> CheckOutcome:
    """Compares an exported model's predictions with those that were scored.

    Args:
        expected: The trial's predictions (n, outputs): probabilities, or targets' own units.
        given: The bundle's, on the same rows.
        plan: The preprocessing plan, for the targets' scale.

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


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
