"""A division of its own for each trial: which rows train and which validate, anew each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from automl.data.dataset import Dataset
from automl.data.request import DataRequest
from automl.data.views.divide import LEAST_ROWS, divide
from automl.data.views.splits import Split
from automl.data.views.strata import Strata
from automl.errors import DataError, RequestError

#: Sets the seeds of these divisions apart from others made from a run's seed.
_RESHUFFLE = 5
#: The part of rows that are of none.
_LEFT_OUT = 3
#: Divisions that are drawn for a trial at most, until one can be learnt from.
MOST_DRAWS = 50


def check_reshuffle(dataset: Dataset, request: DataRequest) -> None:
    """Checks that the rows can be divided in many ways, where that is asked for.

    Raises:
        RequestError: They are in the order of time, or rows for validation were given.
    """
    if not request.is_reshuffled:
        return
    if dataset.time is not None:
        raise RequestError(
            "Rows in the order of time are divided in one way only: leave --holdout out, or "
            "shuffle them with --split-by-time none."
        )
    if (dataset.part == 1).any():
        raise RequestError(
            "Rows for validation are given, so there is nothing to reshuffle: leave --holdout out."
        )


def reshuffled(
    dataset: Dataset,
    split: Split,
    request: DataRequest,
    strata: Strata,
    trial: int,
    draw: int = 0,
) -> Split:
    """Divides the rows that are learnt from anew; test rows stay.

    Args:
        dataset: All rows.
        split: How they are divided for the baselines.
        request: How they should be divided.
        strata: By what rows are divided alike.
        trial: The trial's number: with the run's seed it tells the division.
        draw: Which of the divisions that may be drawn for the trial.

    Returns:
        Stratified and with groups and equal rows together, as any division.

    Raises:
        DataError: There are too few rows.
    """
    rows = len(split.train) + len(split.validation)
    if rows < LEAST_ROWS:
        raise DataError(
            f"--holdout reshuffle divides anew what the test rows leave, and {rows} rows are too "
            f"few: give rows so that {LEAST_ROWS} are left (--test 0 leaves all), or leave it out."
        )
    part = np.full(len(dataset.part), _LEFT_OUT)
    part[split.train] = part[split.validation] = 0
    part[split.test] = 2
    drawn = (request.seed, _RESHUFFLE, trial, *([draw] if draw else []))
    seed = int(np.random.SeedSequence(drawn).generate_state(1)[0])
    own = replace(dataset, part=part)
    return divide(own, replace(request, seed=seed), strata, lambda _: None)
