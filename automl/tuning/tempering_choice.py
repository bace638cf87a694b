"""Chooses the temperature that a candidate is exported with, from its stored predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import RunError
from automl.results.asked_threshold import validation_rows
from automl.results.temperatures import temperature_entry
from automl.vocabulary.metrics import TEMPERED_LOG_LOSS

if TYPE_CHECKING:
    from optuna import Study

    from automl.data.kept_temperature import Temperature
    from automl.data.metrics import Objective
    from automl.data.task import Task
    from automl.results.record import TrialRecord
    from automl.results.run_directory import RunDirectory


def temper_candidate(
    run: RunDirectory, study: Study, candidate: TrialRecord, task: Task, objective: Objective
) -> None:
    """Records the temperature of a candidate, or that it has none; see `candidate_temperature`."""
    found = candidate_temperature(run, candidate, task, objective)
    key, form = temperature_entry(candidate.trial, found)
    if form != study.user_attrs.get(key):
        study.set_user_attr(key, form)


def candidate_temperature(
    run: RunDirectory, candidate: TrialRecord, task: Task, objective: Objective
) -> Temperature | None:
    """The temperature of a candidate, where it helps or is what the candidate was ranked with.

    An ensemble over folds has none: a row has been predicted by the models of its fold alone, and
    all of them together are less sure.

    Args:
        run: The run, with the candidate's predictions.
        candidate: A trial or an ensemble.
        task: The task.
        objective: What candidates are ranked by.
    """
    from automl.data.temperature import choose_temperature

    try:
        views = validation_rows(run, candidate.trial, task)
    except RunError:
        return None  # nothing is chosen by what cannot be read
    if not views or (candidate.members and len(views) > 1):
        return None
    is_ranked_with_one = objective.name == TEMPERED_LOG_LOSS
    return choose_temperature(task, views, is_ranked_with_one=is_ranked_with_one)
