"""What follows the last trial: the test rows scored once, the best model exported, the board."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from automl.common.files import is_disk_full
from automl.common.shell import shown_path
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RequestError, RunError, TrialError
from automl.results.ensembles import TEST_TIME_VIEWS, EnsembleForm
from automl.results.export_request import export_request
from automl.results.record import RunRecord, TrialRecord, candidate_name
from automl.results.run_directory import RunDirectory
from automl.trial import CHECK_FILE, MODEL_FILE, REFIT
from automl.tuning.against_constant import against_constant
from automl.tuning.ending import Ending
from automl.tuning.ensembling import Ensembling, NoEnsemble, chosen_ensemble
from automl.tuning.leaderboard_file import write_leaderboard
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.refitting import NotRefitted, Refitting
from automl.tuning.scoring_test_rows import TestRowScoring
from automl.tuning.tempering_choice import temper_candidate
from automl.tuning.view_averaging import mean_over_views


@dataclass(frozen=True)
class Finished:
    """What a search has come to.

    Attributes:
        best: Number of the best trial, or None where no trial has completed.
        not_exported: Why ``best/`` does not hold its model, as a sentence; "" where it does, and
            where another run holds it.
    """

    best: int | None
    not_exported: str = ""


def finish(ending: Ending) -> Finished:
    """Scores the test rows for the best candidates and the baselines, and exports the best one.

    Returns:
        What it has come to. A model that cannot be exported costs the search nothing else.
    """
    if not ending.interruption.is_asked():
        _make(ending)
    record = ending.record()
    best = record.best()
    not_exported, number = "", None
    if best is not None and isinstance(best.trial, int):
        number = best.trial
        _compare(ending, record)
        if ending.tempering:
            _temper(ending, record, best)
        if ending.arrays.test is not None or record.ensembles:
            TestRowScoring(ending, record, number).score()
        not_exported = _export(ending, best, number)
    write_leaderboard(ending.run, ending.study.study)
    return Finished(number, not_exported)


def _make(ending: Ending) -> None:
    """Makes the candidates of trials' models, and records which of them is exported, if any."""
    made = {} if ending.ensembling is None else _ensembles(ending, ending.ensembling)
    if (averaged := mean_over_views(ending)) is not None:
        made[TEST_TIME_VIEWS] = averaged
    _record_made(ending, made)
    chosen = chosen_ensemble(made)
    if ending.refitting is not None and _refit(ending, ending.refitting):
        chosen = REFIT
    ending.study.record_chosen(chosen)


def _ensembles(ending: Ending, ensembling: Ensembling) -> dict[str, EnsembleForm]:
    """Makes the ensembles."""
    try:
        return ensembling.make(ending.record())
    except (NoEnsemble, TrialError) as error:  # also a person's own metric, on some of the rows
        ending.observer.note(f"No ensemble is made: {str(error).rstrip('.')}.")
    return {}


def _record_made(ending: Ending, made: Mapping[str, EnsembleForm]) -> None:
    """Records what was made in place of what an earlier session has made."""
    known = ending.study.ensembles()
    for name in dict.fromkeys((*known, *made)):
        if made.get(name) != known.get(name):
            ending.run.root.remove(ending.run.trial_file(name, CHECK_FILE))  # of the former one
            ending.study.record_ensemble(name, made.get(name))


def _refit(ending: Ending, refitting: Refitting) -> bool:
    """Trains the refit of the best trial, unless that was done; whether there is one."""
    record = ending.record()
    best = record.best()
    if best is None or not isinstance(best.trial, int):
        return False
    known, model = record.refit, ending.run.trial_file(REFIT, MODEL_FILE)
    if known is not None and known.refit_of == best.trial and ending.run.root.is_file(model):
        return True
    ending.observer.finishing(f"training trial {best.trial} again on all rows but the test rows")
    left = None if ending.clock is None else ending.clock.left_for_refit()
    try:
        seed = ending.study.refit_seed(best.trial)
        form = refitting.train(best, seed, left, ending.interruption)
    except NotRefitted as error:
        ending.observer.note(f"{error} What is best is exported in its place.")
        return False
    said = () if best.trained is None else best.trained.notes
    for note in form.result.notes:
        if note not in said:
            ending.observer.note(note)
    ending.study.record_refit(form)
    return True


def _compare(ending: Ending, record: RunRecord) -> None:
    """Records how the best trial compares with the best constant, where that is known."""
    found = against_constant(ending.run, record, ending.objective, ending.arrays_of)
    if found is not None and found != record.against_constant:
        ending.study.record_against_constant(found)


def _temper(ending: Ending, record: RunRecord, best: TrialRecord) -> None:
    """Records the temperatures of what may be exported: of an ensemble, and of the best trial.

    Their scores stay those without.
    """
    for candidate in (record.exported, best):
        if candidate is not None and not candidate.place:
            told = (candidate, ending.arrays.task, ending.objective)
            temper_candidate(ending.run, ending.study.study, *told)


def _export(ending: Ending, best: TrialRecord, number: int) -> str:
    """Exports the best trial, where the run trained it; why it is not exported, or ""."""
    if not ending.study.owns(number):
        ending.observer.note(
            f"The best trial of the study, {number}, was trained by the run {best.place}, "
            "which holds its model and exports it."
        )
        return ""
    ending.observer.finishing("exporting the best model and checking the export")
    record = ending.record()
    if record.chosen:
        why = _export_chosen(ending, record)
        if not why:
            return ""
        ending.observer.note(f"{why} The best trial, {number}, is exported in its place.")
        ending.study.record_chosen("")
    if best.result is not None and best.result.unsaved:
        return (
            f"The best model, trial {number}, is not exported: "
            f"{best.result.unsaved.rstrip('.')}; correct that and search again."
        )
    return _export_best(ending.run, ending.processes, number, ending.record(), ending.trust)


def _export_chosen(ending: Ending, record: RunRecord) -> str:
    """Exports an ensemble or a refit; why it is not exported, or ""."""
    checked = ending.run.trial_file(record.chosen, CHECK_FILE)
    if record.chosen != REFIT and not ending.run.root.is_file(checked):
        return (
            f"There was no time to score {candidate_name(record.chosen)}, which `automl resume "
            f"{shown_path(ending.run.path)}` scores and exports."
        )
    return _export_best(ending.run, ending.processes, record.chosen, record, ending.trust)


def _export_best(
    run: RunDirectory,
    processes: Processes,
    number: int | str,
    record: RunRecord | None = None,
    trust: bool = False,
) -> str:
    """Puts the best candidate's bundle into ``best/``; one that is there stays until it is ready.

    Returns:
        Why it is not there, or "".
    """
    fresh, name = run.path / ".best", candidate_name(number)
    remove_leftovers(run)
    try:
        arguments = export_request(run, number, fresh, record, trust)
    except (RequestError, RunError) as error:
        return f"The best model, {name}, is not exported: {str(error).rstrip('.')}."
    try:
        run_in_child(processes, "automl.export.in_child:export_in_child", arguments)
    except (RequestError, RunError) as error:
        if isinstance(error, RunError) and not is_disk_full(error):
            return f"The best model, {name}, is not exported: {str(error).rstrip('.')}."
        # such as a full disk, wherever it was met: no fault of what was asked
        why = str(error).partition(";")[0].rstrip(".")
        return (
            f"The best model is not exported yet: {why}; make room or mend it, then "
            f"`automl resume {shown_path(run.path)}` exports it."
        )
    run.root.remove_tree(run.best)
    run.root.replace(fresh, run.best)
    return ""
