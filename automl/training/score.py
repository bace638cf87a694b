"""Scores a saved model on one part of the prepared rows; how the test rows are opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.carrying import unpacked
from automl.common.forms import to_form
from automl.data.arrays import open_arrays
from automl.data.plan import PreprocessingPlan, Rows
from automl.errors import RunError
from automl.models.passes import rows_at_once
from automl.results.scored_rows import scored_on
from automl.training.saving import load_saved


def predict_core(model: Any, rows: Rows, plan: PreprocessingPlan) -> npt.NDArray[Any]:
    """Predicts prepared rows with a core model.

    Args:
        model: The core ``keras.Model``.
        rows: The rows.
        plan: The plan that they were prepared by.

    Returns:
        Probabilities, or values in the targets' own units, (n, outputs).
    """
    at_once = rows_at_once(model)
    outputs = [
        np.asarray(
            model.predict_on_batch(
                {
                    name: np.asarray(array[start : start + at_once])
                    for name, array in rows.inputs.items()
                }
            )
        )
        for start in range(0, len(rows), at_once)
    ]
    return plan.restore_target(np.concatenate(outputs))


def score_in_child(
    model: str,
    arrays: str,
    part: str,
    objective: str,
    named: Sequence[str] = (),
    code: Mapping[str, Any] | None = None,
    own: str = "",
) -> dict[str, Any]:
    """Scores a saved core model, with JSON arguments, in a process that has TensorFlow already.

    Args:
        model: Path of the core model.
        arrays: Folder of the prepared arrays.
        part: ``train``, ``validation`` or ``test``.
        objective: Name of what trials are ranked by, which gets an interval.
        named: Metrics beside those that are always computed.
        code: See `automl.training.saving.load_saved`.
        own: Metrics that are functions, serialized; "" for none.

    Returns:
        JSON form of the `ScoredRows` of that part.

    Raises:
        RunError: There are no such rows.
    """
    opened = open_arrays(arrays)
    rows: Rows | None = getattr(opened, part)
    if rows is None:
        raise RunError(f"The run has no {part} rows to score.")
    asked = (*named, *(unpacked(own) if own else ()))
    predictions = predict_core(load_saved(Path(model), code), rows, opened.plan)
    return to_form(scored_on(rows, opened.task, predictions, objective, asked))
