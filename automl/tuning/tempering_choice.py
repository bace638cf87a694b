"""Chooses the temperature that a candidate is exported with, from its stored predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.errors import RunError
from automl.results.asked_threshold import validation_rows
from automl.results.temperatures import temperature_entry

if TYPE_CHECKING:
    from optuna import Study

    from automl.data.kept_temperature import Temperature
    from automl.data.task import Task
    from automl.results.record import TrialRecord
    from automl.results.run_directory import RunDirectory


def temper_candidate(run: RunDirectory, study: Study, candidate: TrialRecord, task: Task) -> None:
    """Records the temperature of a candidate, or that it has none; see `candidate_temperature`."""
    key, form = temperature_entry(candidate.trial, candidate_temperature(run, candidate, task))
    if form != study.user_attrs.get(key):
        study.set_user_attr(key, form)


def candidate_temperature(
    run: RunDirectory, candidate: TrialRecord, task: Task
) -> Temperature | None:
    """The temperature of a candidate, where it helps on rows that it was not fitted on.

    An ensemble over folds has none: a row has been predicted by the models of its fold alone, and
    all of them together are less sure.

    Args:
        run: The run, with the candidate's predictions.
        candidate: A trial or an ensemble.
        task: The task.
    """
    from automl.data.temperature import choose_temperature

    try:
        views = validation_rows(run, candidate.trial, task)
    except RunError:
        return None  # nothing is chosen by what cannot be read
    if not views or (candidate.members and len(views) > 1):
        return None
    return choose_temperature(task, views)
