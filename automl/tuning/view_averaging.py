"""The best single model with its answers averaged over test-time views: a candidate of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from automl.common.averages import mean_of
from automl.common.carrying import carried
from automl.common.forms import from_form, to_form
from automl.common.shell import shown_path
from automl.engines.run_in_child import TookTooLong, run_in_child
from automl.errors import RequestError, RunError, TrialError
from automl.results.board_columns import number
from automl.results.ensembles import PLANS_FILE, TEST_TIME_VIEWS, EnsembleForm, MemberForm
from automl.results.export_request import code_needed, model_folder
from automl.results.record import TrialRecord
from automl.results.scored_views import ScoredViews
from automl.trial import HOLDOUT, MODEL_FILE, PREDICTIONS_FILE, trial_named
from automl.tuning.ensemble import PARTS, gain_of
from automl.tuning.ensembling import write_plans
from automl.vocabulary.directions import sign_of

if TYPE_CHECKING:
    from automl.tuning.ending import Ending


class _NoViews(RunError):
    """The best model's answers cannot be averaged over views; the message says why."""


def mean_over_views(ending: Ending) -> EnsembleForm | None:
    """Scores the best model with its answers averaged over test-time views.

    Args:
        ending: The end of the search.

    Returns:
        What it has come to, of an earlier session where that was of the same model; None where
        no views are asked for, or there is no model of this run or no time, which is said.
    """
    record = ending.record()
    best = record.best()
    if not ending.test_time_views or best is None or not ending.study.owns(best.trial):
        return None
    try:
        return _made(ending, best)
    except TookTooLong:
        why = f"there was no time, which `automl resume {shown_path(ending.run.path)}` takes"
    except (RunError, RequestError, TrialError) as error:  # TrialError: of a metric of one's own
        why = str(error).rstrip(".")
    ending.observer.note(f"No answers are averaged over test-time views: {why}.")
    return None


def _made(ending: Ending, best: TrialRecord) -> EnsembleForm:
    if not ending.objective.of_predictions:
        name = ending.objective.name
        raise _NoViews(f"{name} is told by each model, and not by what it predicts")
    run, folder = ending.run, str(model_folder(ending.run, best))
    if not run.root.is_file(run.trial_file(trial_named(folder), MODEL_FILE)):
        raise _NoViews(f"the model of trial {best.trial} was not kept")
    scored = _scored_models(ending, best) or [folder]
    known = ending.study.ensembles().get(TEST_TIME_VIEWS)
    if known is not None and _is_of(known, ending, best, folder, scored):
        return known
    ending.observer.finishing(f"averaging trial {best.trial} over test-time views")
    form = run_in_child(
        ending.processes,
        "automl.training.score_views:score_views_in_child",
        _arguments(ending, folder, scored),
        timeout=_seconds_left(ending),
    )
    plan = ending.arrays.plan
    write_plans(run.trial_file(TEST_TIME_VIEWS, PLANS_FILE), {HOLDOUT: plan}, plan)
    made = _form(ending, best, folder, from_form(ScoredViews, form))
    ending.observer.note(_gain_note(made, best, ending.objective.name))
    return made


def _gain_note(made: EnsembleForm, best: TrialRecord, objective: str) -> str:
    """One sentence on what the views have come to."""
    gain, error = made.gain or 0.0, made.gain_error or 0.0
    return (
        f"Averaged over {len(made.test_time_views)} test-time views trial {best.trial}'s "
        f"{objective} is {number(abs(gain))} {'worse' if gain < 0 else 'better'} (standard error "
        f"{number(error)})."
    )


def _scored_models(ending: Ending, best: TrialRecord) -> list[str]:
    """The trainings that a finalist's score is the mean of, where all their models are there."""
    names = [one.name for one in best.scorings] if best.is_finalist else []
    files = [ending.run.trial_file(name, MODEL_FILE) for name in names]
    return names if all(map(ending.run.root.is_file, files)) else []


def _is_of(
    known: EnsembleForm, ending: Ending, best: TrialRecord, folder: str, scored: Sequence[str]
) -> bool:
    """Whether what is recorded is of the same model, views and trainings, and is still there."""
    root, kept = ending.run.root, (PREDICTIONS_FILE, PLANS_FILE)
    return (
        [one.name for one in known.members] == [folder]
        and known.test_time_views == ending.test_time_views
        and known.model_hash == _hash(best)
        and len(known.parts) == (len(scored) if len(scored) > 1 else PARTS)
        and all(root.is_file(ending.run.trial_file(TEST_TIME_VIEWS, name)) for name in kept)
    )


def _arguments(ending: Ending, folder: str, scored: Sequence[str]) -> dict[str, Any]:
    """What the process is told that scores the views."""
    run, own = ending.run, ending.objective.own
    named = [one for one in ending.objective.named if isinstance(one, str)]

    def file_of(name: str) -> str:
        return str(run.trial_file(trial_named(name), MODEL_FILE))

    return {
        "folder": str(run.trial_directory(TEST_TIME_VIEWS)),
        "model": file_of(folder),
        "scored": [file_of(name) for name in scored],
        "views": [to_form(view) for view in ending.test_time_views],
        "arrays": str(run.arrays),
        "parts": PARTS,
        "objective": ending.objective.name,
        "named": named,
        "own": carried(own) if own else "",
        "code": code_needed(run, run.read_manifest(), trial_named(folder), ending.trust),
    }


def _seconds_left(ending: Ending) -> float:
    """How long it may take; infinity where the search has no limit of time."""
    left = None if ending.clock is None else ending.clock.left_for_test_rows()
    return math.inf if left is None else left


def _form(ending: Ending, best: TrialRecord, folder: str, scored: ScoredViews) -> EnsembleForm:
    sign = sign_of(ending.objective.direction)
    pairs = zip(scored.plain, scored.parts, strict=True)
    gain, error = gain_of([sign * (plain - seen) for plain, seen in pairs])
    if not math.isfinite(score := mean_of(scored.scores)):
        raise _NoViews("they have no score")
    return EnsembleForm(
        members=(MemberForm(folder, HOLDOUT, 1.0),),
        score=score,
        metrics=scored.metrics,
        parts=scored.scores if len(scored.scores) > 1 else scored.parts,
        gain=gain,
        gain_error=error,
        parameters=0 if best.result is None else best.result.parameters,
        model_hash=_hash(best),
        test_time_views=ending.test_time_views,
    )


def _hash(best: TrialRecord) -> str:
    """The hash of the model that is exported."""
    return "" if best.result is None else best.result.model_hash
