"""How long a kept model takes to predict, measured on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.training.saving import load_saved

#: Rounds over all models; one slow second of the machine then hits every model alike.
ROUNDS = 5
#: Calls of a round, after one that is not timed.
CALLS = 10


def latency_in_child(
    models: Mapping[str, Mapping[str, Any]], batches: Sequence[int]
) -> dict[str, dict[str, float]]:
    """Times the predictions of core models, for a process that has TensorFlow already.

    Timed is `keras.Model.predict_on_batch` on rows of zeros, which take as long as others: what
    is computed does not depend on the values. What an exported model does before, such as looking
    up texts, is not in it.

    Args:
        models: By the trial, ``model``, the path of its core model, and ``inputs``, by name the
            ``shape`` of a row and the ``dtype`` of each of its inputs.
        batches: How many rows are predicted at once.

    Returns:
        By the trial, by the number of rows as a text, milliseconds of a call: the median over
        `ROUNDS` times `CALLS`, to two digits, for the third differs from one measuring to the next.

    Raises:
        RunError: A model cannot be loaded.
    """
    loaded = {trial: _Timed(form) for trial, form in models.items()}
    seconds: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for rows in batches:
            for trial, model in loaded.items():
                seconds.setdefault((trial, rows), []).extend(model.seconds(rows))
    return {
        trial: {str(rows): _milliseconds(seconds[trial, rows]) for rows in batches}
        for trial in loaded
    }


class _Timed:
    """A model and the rows that it is given."""

    def __init__(self, form: Mapping[str, Any]) -> None:
        self._model = load_saved(Path(form["model"]))
        self._inputs = form["inputs"]

    def seconds(self, rows: int) -> list[float]:
        """The time of each call of a round."""
        inputs = {
            name: np.zeros((rows, *spec["shape"]), spec["dtype"])
            for name, spec in self._inputs.items()
        }
        self._model.predict_on_batch(inputs)
        taken = []
        for _ in range(CALLS):
            start = time.perf_counter()
            self._model.predict_on_batch(inputs)
            taken.append(time.perf_counter() - start)
        return taken


def _milliseconds(seconds: Sequence[float]) -> float:
    return float(f"{statistics.median(seconds) * 1000.0:.2g}")
