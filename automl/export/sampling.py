"""How sure an exported model is: its predictions over many passes with dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.task import Task, TaskKind
from automl.errors import RequestError

if TYPE_CHECKING:
    import pandas as pd


def check_samples(samples: int | None, seed: int) -> None:
    """Checks what is asked of passes with dropout.

    Raises:
        RequestError: There are too few of them for a standard deviation, or there is no such seed.
    """
    if samples is not None and samples < 2:
        raise RequestError(
            f"--samples is {samples}; expected 2 or more, for a standard deviation needs two."
        )
    if seed < 0:
        raise RequestError(f"--seed is {seed}; expected 0 or more.")


def spread_frame(task: Task, mean: npt.NDArray[Any], deviation: npt.NDArray[Any]) -> pd.DataFrame:
    """Names the mean and the standard deviation of a model's outputs over many passes.

    Args:
        task: The task.
        mean: (n, outputs).
        deviation: (n, outputs).

    Returns:
        What `predict` adds with ``samples``.
    """
    import pandas as pd

    names: Sequence[Any] = task.classes if task.classes else task.targets
    if task.kind is TaskKind.BINARY:
        mean = np.concatenate([1.0 - mean, mean], axis=1)
        deviation = np.concatenate([deviation, deviation], axis=1)
    suffixes = [f"_{name}" for name in names] if len(names) > 1 else [""]
    columns: dict[str, Any] = {}
    for i, suffix in enumerate(suffixes):
        columns[f"mean{suffix}"] = mean[:, i]
        columns[f"std{suffix}"] = deviation[:, i]
    return pd.DataFrame(columns)


def sampled_outputs(
    model: Any, place: Path, arrays: Mapping[str, npt.NDArray[Any]], samples: int, seed: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation of a model's outputs over many passes with dropout.

    A few rows are given many times in one pass, for each row draws for itself.

    Args:
        model: The ``keras.Model``, which draws from then on.
        place: Where it comes from, for the error.
        arrays: Its inputs, as `InputPlan.exported` gives them.
        samples: How many passes, at least 2.
        seed: Of the passes.

    Returns:
        float64 (n, outputs), twice.

    Raises:
        RequestError: There is no dropout in it.
    """
    from automl.export.input_rows import keras_inputs
    from automl.models.mc_dropout import draw_dropout
    from automl.models.passes import predict_rows, rows_at_once

    if not draw_dropout(model, seed):
        raise RequestError(
            f"The model {place} has no dropout layer, so all passes of --samples would be alike; "
            "leave --samples out."
        )
    rows, outputs = len(next(iter(arrays.values()))), model.output_shape[-1]
    mean, squares = np.zeros((rows, outputs)), np.zeros((rows, outputs))
    at_once = rows_at_once(model)
    together = max(1, min(samples, at_once // max(1, rows)))
    for done in range(0, samples if rows else 0, together):
        copies = min(together, samples - done)
        repeated = {name: np.concatenate([array] * copies) for name, array in arrays.items()}
        passes = predict_rows(model, keras_inputs(repeated), rows * copies, at_once)
        for count, one in enumerate(passes.reshape(copies, rows, outputs), done + 1):
            # Welford's update, so that no pass is kept
            difference = one.astype(np.float64) - mean
            mean += difference / count
            squares += difference * (one - mean)
    return mean, np.sqrt(squares / (samples - 1))
