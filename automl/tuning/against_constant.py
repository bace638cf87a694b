"""Whether the best trial has learnt anything: it beside the best constant, on validation rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from automl.data.metrics import Objective, default_objective
from automl.errors import RunError
from automl.results.predictions import ViewPredictions, read_predictions
from automl.results.record import AgainstConstant, RunRecord
from automl.trial import HOLDOUT
from automl.tuning.baselines import constant_prediction
from automl.vocabulary.directions import sign_of

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.results.run_directory import RunDirectory

#: Chance of saying, where nothing can be learnt, that something was: all trials of a run together.
ERROR_RATE = 0.05
#: Least share of the samples that may lie beyond an interval's ends: of 2,000 that is one at each.
LEAST_BEYOND = 0.001
RESAMPLES = 2_000
#: Validation rows that are compared at most, of more a random sample: they tell as much, and a
#: metric that ranks all rows takes seconds on more.
MOST_ROWS = 20_000


def against_constant(
    run: RunDirectory,
    record: RunRecord,
    objective: Objective,
    arrays_of: Callable[[int | str], Path] | None = None,
) -> AgainstConstant | None:
    """Compares the best trial with the best constant, by the paired bootstrap.

    The best of many is the luckiest, so the level is that of all of them together (Bonferroni):
    of 30 trials on noise one would else be told from the constant in every second run.

    Args:
        run: The run, with its prepared rows and the predictions of the best trial.
        record: The run as recorded.
        objective: What trials are ranked by. Where predictions do not tell it, the usual one of
            the task compares.
        arrays_of: Where the rows of a trial are, where each has a division of its own.

    Returns:
        What was found; None where no trial has completed, or the predictions of the best one are
        not kept here.
    """
    best = record.best()
    if best is None or best.trained is None or not isinstance(best.trial, int):
        return None
    kept = best.trained.predictions
    if best.place or not kept or not run.root.is_file(run.path / kept):
        return None
    try:
        views = read_predictions(run.root, run.path / kept)
        folder = run.arrays if arrays_of is None else arrays_of(best.trial)
        pairs = [
            (_opened(folder, view, arrays_of is not None), told) for view, told in views.items()
        ]
    except RunError:
        return None  # nothing is said of what cannot be compared
    return _compared(best.trial, record, objective, pairs)


def _opened(folder: Path, view: str, alone: bool) -> Arrays:
    """The rows of a view; those of a division of its own lie alone in the folder."""
    from automl.data.stored import open_view

    return open_view(folder, HOLDOUT if alone else view)


def _compared(
    trial: int,
    record: RunRecord,
    objective: Objective,
    pairs: Sequence[tuple[Arrays, ViewPredictions]],
) -> AgainstConstant | None:
    from automl.results.bootstrap import bootstrap_difference

    fits = (told.values.shape == (len(rows.validation), rows.task.outputs) for rows, told in pairs)
    if not pairs or not all(fits):
        return None
    task = pairs[0][0].task
    compared = objective if objective.of_predictions else default_objective(task)
    validation = [rows.validation for rows, _ in pairs]
    constants = [
        np.broadcast_to(constant_prediction(task, rows.train), told.values.shape)
        for rows, told in pairs
    ]
    weights = [rows.weight for rows in validation if rows.weight is not None]
    trials = sum(one.is_ranked for one in record.trials)
    truth = np.concatenate([rows.truth for rows in validation])
    chosen = np.random.default_rng(0).permutation(len(truth))[:MOST_ROWS]
    found = bootstrap_difference(
        task,
        compared.metric,
        truth[chosen],
        [np.concatenate([told.values for _, told in pairs])[chosen]],
        np.concatenate(constants)[chosen],
        np.concatenate(weights)[chosen] if len(weights) == len(pairs) else None,
        resamples=RESAMPLES,
        level=1.0 - max(ERROR_RATE / max(1, trials), LEAST_BEYOND),
    )
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return None
    sign = -sign_of(compared.direction)
    low, high = sorted((sign * found.low, sign * found.high))
    return AgainstConstant(trial, compared.name, low, high)
