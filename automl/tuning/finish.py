"""What follows the last trial: the test rows scored once, the best model exported, the board."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from automl.common.files import is_disk_full
from automl.common.shell import shown_path
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RequestError, RunError, TrialError
from automl.results.export_request import export_request
from automl.results.read_record import read_record
from automl.results.record import RunRecord, TrialRecord, candidate_name
from automl.results.run_directory import RunDirectory
from automl.results.study_content import study_content
from automl.trial import CHECK_FILE, MODEL_FILE, REFIT
from automl.tuning.against_constant import against_constant
from automl.tuning.ensembling import Ensembling, NoEnsemble, chosen_ensemble
from automl.tuning.leaderboard_file import write_leaderboard
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.observer import Observer
from automl.tuning.refitting import NotRefitted, Refitting
from automl.tuning.scoring_test_rows import TestRowScoring
from automl.tuning.tempering_choice import temper_candidate

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.tuning.budget import Clock
    from automl.tuning.interruption import Interruption
    from automl.tuning.study import RunStudy
    from automl.vocabulary.metric import Metric


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


def finish(
    run: RunDirectory,
    study: RunStudy,
    arrays: Arrays,
    processes: Processes,
    observer: Observer,
    clock: Clock | None = None,
    interruption: Interruption | None = None,
    *,
    trust: bool,
    own: Sequence[Metric] = (),
    arrays_of: Callable[[int | str], Path] | None = None,
    ensembling: Ensembling | None = None,
    tempering: bool = True,
    refitting: Refitting | None = None,
) -> Finished:
    """Scores the test rows for the best candidates and the baselines, and exports the best one.

    Args:
        run: The run.
        study: Its study, which the test scores are recorded in.
        arrays: The prepared rows.
        processes: Where TensorFlow is.
        observer: Who watches.
        clock: Of a search that has to be over in time; else None. Where it has no time left for
            the test rows they stay unopened, for finishing the run once more.
        interruption: What may have asked for the end, and then leaves only so much time.
        trust: Whether code that models hold may be run: they are this machine's own.
        own: Metrics of the search that are functions.
        arrays_of: Where the rows of a trial are, where each has a division of its own.
        ensembling: Makes ensembles of the run's models; None for none.
        tempering: Whether probabilities may be tempered in what is exported.
        refitting: Trains the refit that is to be exported; None for none.

    Returns:
        What it has come to. A model that cannot be exported costs the search nothing else.
    """
    limits = (clock, interruption)
    ending = _Ending(run, study, arrays, processes, observer, limits, trust, own, arrays_of)
    if interruption is None or not interruption.is_asked():
        ending.make(ensembling, refitting)
    record = ending.record()
    best = record.best()
    not_exported, number = "", None
    if best is not None and isinstance(best.trial, int):
        number = best.trial
        ending.compare(record)
        if tempering:
            ending.temper(record, best)
        if arrays.test is not None or record.ensembles:
            ending.score(number, record, refitting)
        not_exported = ending.export(best, number)
    write_leaderboard(run, study.study)
    return Finished(number, not_exported)


@dataclass(frozen=True)
class _Ending:
    """The end of a search; the attributes are the arguments of `finish`."""

    run: RunDirectory
    study: RunStudy
    arrays: Arrays
    processes: Processes
    observer: Observer
    limits: tuple[Clock | None, Interruption | None]
    trust: bool
    own: Sequence[Metric]
    arrays_of: Callable[[int | str], Path] | None

    def record(self) -> RunRecord:
        """The run as its study has it now."""
        return read_record(self.run, study_content(self.study.study))

    def make(self, ensembling: Ensembling | None, refitting: Refitting | None) -> None:
        """Makes the ensembles and the refit, and records which of them is exported, if any."""
        chosen = "" if ensembling is None else self._ensemble(ensembling)
        if refitting is not None and self._refit(refitting):
            chosen = REFIT
        self.study.record_chosen(chosen)

    def _ensemble(self, ensembling: Ensembling) -> str:
        """Makes the ensembles; which of them is better than the best trial, or ""."""
        known, made = self.study.ensembles(), {}
        try:
            made = ensembling.make(self.record())
        except (NoEnsemble, TrialError) as error:  # also a person's own metric, on some of the rows
            self.observer.note(f"No ensemble is made: {str(error).rstrip('.')}.")
        for name in dict.fromkeys((*known, *made)):
            if made.get(name) != known.get(name):
                self.run.root.remove(self.run.trial_file(name, CHECK_FILE))  # of the former one
                self.study.record_ensemble(name, made.get(name))
        return chosen_ensemble(made)

    def _refit(self, refitting: Refitting) -> bool:
        """Trains the refit of the best trial, unless that was done; whether there is one."""
        record, (clock, interruption) = self.record(), self.limits
        best = record.best()
        if best is None or not isinstance(best.trial, int):
            return False
        known, model = record.refit, self.run.trial_file(REFIT, MODEL_FILE)
        if known is not None and known.refit_of == best.trial and self.run.root.is_file(model):
            return True
        self.observer.finishing(f"training trial {best.trial} again on all rows but the test rows")
        left = None if clock is None else clock.left_for_refit()
        try:
            form = refitting.train(best, self.study.refit_seed(best.trial), left, interruption)
        except NotRefitted as error:
            self.observer.note(f"{error} What is best is exported in its place.")
            return False
        said = () if best.trained is None else best.trained.notes
        for note in form.result.notes:
            if note not in said:
                self.observer.note(note)
        self.study.record_refit(form)
        return True

    def score(self, best: int, record: RunRecord, refitting: Refitting | None) -> None:
        """Scores the test rows, or records that there was no time for them."""
        TestRowScoring(
            self.run,
            self.study,
            self.arrays,
            self.processes,
            self.observer,
            self.limits,
            self.trust,
            self.own,
            self.arrays_of,
            None if refitting is None else refitting.arrays,
        ).score(best, record)

    def compare(self, record: RunRecord) -> None:
        """Records how the best trial compares with the best constant, where that is known."""
        found = against_constant(self.run, record, self.own, self.arrays_of)
        if found is not None and found != record.against_constant:
            self.study.record_against_constant(found)

    def temper(self, record: RunRecord, best: TrialRecord) -> None:
        """Records the temperatures of what may be exported: of an ensemble, and of the best trial.

        Their scores stay those without.
        """
        for candidate in (record.exported, best):
            if candidate is not None and not candidate.place:
                temper_candidate(self.run, self.study.study, candidate, self.arrays.task)

    def export(self, best: TrialRecord, number: int) -> str:
        """Exports the best trial, where the run trained it; why it is not exported, or ""."""
        if not self.study.owns(number):
            self.observer.note(
                f"The best trial of the study, {number}, was trained by the run {best.place}, "
                "which holds its model and exports it."
            )
            return ""
        self.observer.finishing("exporting the best model and checking the export")
        record = self.record()
        if record.chosen:
            why = self._export_chosen(record)
            if not why:
                return ""
            self.observer.note(f"{why} The best trial, {number}, is exported in its place.")
            self.study.record_chosen("")
        if best.result is not None and best.result.unsaved:
            return (
                f"The best model, trial {number}, is not exported: "
                f"{best.result.unsaved.rstrip('.')}; correct that and search again."
            )
        return _export_best(self.run, self.processes, number, self.record(), self.trust)

    def _export_chosen(self, record: RunRecord) -> str:
        """Exports an ensemble or a refit; why it is not exported, or ""."""
        checked = self.run.trial_file(record.chosen, CHECK_FILE)
        if record.chosen != REFIT and not self.run.root.is_file(checked):
            return (
                f"There was no time to score the {record.chosen}, which `automl resume "
                f"{shown_path(self.run.path)}` scores and exports."
            )
        return _export_best(self.run, self.processes, record.chosen, record, self.trust)


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
