"""Permutation importance: how much worse a model is where a column tells nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.data.arrays import open_arrays
from automl.data.metrics import compute_metric
from automl.data.plan import Rows
from automl.errors import RunError
from automl.results.bootstrap import bootstrap_difference
from automl.training.saving import load_saved
from automl.training.score import predict_core

#: Validation rows that are predicted at most, drawn at random: each column is predicted as often
#: as it is shuffled.
MOST_ROWS = 10_000
RESAMPLES = 300


def permuted_in_child(
    model: str,
    arrays: str,
    metric: str,
    repeats: int,
    seed: int,
    code: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Shuffles each column of the validation rows and scores a model, never on test rows.

    A column that became several inputs (a date, a number with its missing values) is shuffled as a
    whole: its places go together (Breiman 2001; Fisher, Rudin and Dominici 2019, JMLR 20).

    Args:
        model: Path of the core model.
        arrays: Folder of the prepared rows of a table.
        metric: A metric of the task.
        repeats: How often each column is shuffled.
        seed: Of the shuffles and of the rows that are drawn.
        code: See `automl.training.saving.load_saved`.

    Returns:
        ``rows``, how many were used, and ``of``, how many there are; ``score``, the metric of the
        model on them; ``columns``, for each its ``column``, the mean ``difference`` that shuffling
        makes to the metric, and ``low`` and ``high``, the ends of its 95 % interval over rows.

    Raises:
        RunError: The model cannot be loaded, or the rows are no table's.
    """
    opened = open_arrays(arrays).without_test()
    places_of = opened.plan.inputs.places()
    if not places_of:
        raise RunError("The rows of the run are no table, so they have no columns to shuffle.")
    loaded = load_saved(Path(model), code)
    generator = np.random.default_rng(seed)
    rows = _drawn(opened.validation, generator)
    task, truth, weight = opened.task, rows.truth, rows.weight

    def predicted(inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        return predict_core(loaded, replace(rows, inputs=dict(inputs)), opened.plan)

    base = predicted(rows.inputs)
    score = compute_metric(metric, task, truth, base, weight)
    columns = []
    for column, places in places_of.items():
        shuffled = [predicted(_shuffled(rows, places, generator)) for _ in range(repeats)]
        scores = [compute_metric(metric, task, truth, one, weight) for one in shuffled]
        interval = bootstrap_difference(
            task, metric, truth, shuffled, base, weight, resamples=RESAMPLES, seed=seed
        )
        difference = float(np.mean(scores)) - score
        columns.append(
            {"column": column, "difference": difference, "low": interval.low, "high": interval.high}
        )
    return {
        "rows": len(rows),
        "of": len(opened.validation),
        "score": score,
        "columns": columns,
    }


def _drawn(rows: Rows, generator: np.random.Generator) -> Rows:
    """The rows, or so many of them as are predicted at most."""
    if len(rows) <= MOST_ROWS:
        return rows.at(np.arange(len(rows)))
    return rows.at(np.sort(generator.choice(len(rows), MOST_ROWS, replace=False)))


def _shuffled(
    rows: Rows, places: Mapping[str, tuple[int, ...]], generator: np.random.Generator
) -> dict[str, npt.NDArray[Any]]:
    """The inputs with some of their columns, together, in another order of rows."""
    order = generator.permutation(len(rows))
    inputs = dict(rows.inputs)
    for name, columns in places.items():
        changed = np.array(inputs[name])
        changed[:, columns] = changed[order][:, columns]
        inputs[name] = changed
    return inputs
