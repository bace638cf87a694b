"""What follows the last trial: the test rows scored once, the best model exported, the board."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.carrying import carried
from automl.common.files import is_disk_full
from automl.common.forms import from_form
from automl.common.shell import shown_path
from automl.engines.processes import Processes
from automl.engines.run_in_child import TookTooLong, run_in_child
from automl.errors import RequestError, RunError, TrialError
from automl.results.export_request import (
    code_needed,
    ensemble_arguments,
    export_request,
    model_folder,
)
from automl.results.read_record import read_record
from automl.results.record import RunRecord, TrialRecord, candidate_name
from automl.results.run_directory import RunDirectory
from automl.results.scored_rows import ScoredRows, scored_on
from automl.results.study_content import study_content
from automl.trial import BOOSTING, CHECK_FILE, MODEL_FILE, TrialState
from automl.tuning.against_constant import against_constant
from automl.tuning.baselines import (
    LINEAR,
    constant_name,
    constant_prediction,
)
from automl.tuning.ensembling import Ensembling, chosen_ensemble
from automl.tuning.leaderboard_file import write_leaderboard
from automl.tuning.leftovers import remove_leftovers
from automl.tuning.observer import Observer
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

    Returns:
        What it has come to. A model that cannot be exported costs the search nothing else.
    """
    limits = (clock, interruption)
    ending = _Ending(run, study, arrays, processes, observer, limits, trust, own, arrays_of)
    if ensembling is not None and not (interruption is not None and interruption.is_asked()):
        ending.ensemble(ensembling)
    record = ending.record()
    best = record.best()
    not_exported, number = "", None
    if best is not None and isinstance(best.trial, int):
        number = best.trial
        ending.compare(record)
        if tempering:
            ending.temper(record, best)
        if arrays.test is not None or record.ensembles:
            ending.score(number, record)
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

    def ensemble(self, ensembling: Ensembling) -> None:
        """Makes the ensembles, and records which of them is exported, if any."""
        known, made = self.study.ensembles(), {}
        try:
            made = ensembling.make(self.record())
        except TrialError as error:  # of a metric of a person's own, on some of the rows
            self.observer.note(f"No ensemble is made: {error}")
        for name in dict.fromkeys((*known, *made)):
            if made.get(name) != known.get(name):
                self.run.root.remove(self.run.trial_file(name, CHECK_FILE))  # of the former one
                self.study.record_ensemble(name, made.get(name))
        self.study.record_chosen(chosen_ensemble(made))

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

    def score(self, best: int, record: RunRecord) -> None:
        """Scores the test rows, or records that there was no time for them."""
        self.observer.finishing("scoring the test rows")
        late, limit = self._score_models(best, record)
        if not late:
            self._score_constant(record)
            return
        self.study.record_late_for_test_rows(best)
        self.observer.note(
            f"{late} is not scored on the test rows, for {limit} is over; `automl resume "
            f"{shown_path(self.run.path)}` scores it."
        )

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
            why = _export_best(self.run, self.processes, record.chosen, record, self.trust)
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

    def _score_constant(self, record: RunRecord) -> None:
        arrays, scores = self.arrays, self.study.test_scores()
        if arrays.test is None:
            return
        name = constant_name(arrays.task)
        if name not in scores:
            prediction = constant_prediction(arrays.task, arrays.train)
            named: list[str | Metric] = [*record.named, *self.own]
            predictions = np.broadcast_to(prediction, (len(arrays.test), len(prediction)))
            found = scored_on(arrays.test, arrays.task, predictions, record.objective, named)
            self._record(name, found)

    def _record(self, trial: int | str, scored: ScoredRows) -> None:
        """Records what a trial or baseline has on the test rows, the interval first.

        Whoever is killed in between scores them again, with the same result.
        """
        self.study.record_test_interval(trial, scored.interval)
        self.study.record_test_scores({**self.study.test_scores(), str(trial): scored.metrics})

    def _score_models(self, best: int, record: RunRecord) -> tuple[str, str]:
        """Opens the test rows once for each of the run's models that is to be scored on them.

        Returns:
            The model for which there was no time, or "", and the option that limits it.
        """
        clock, interruption = self.limits
        again = self.study.late_for_test_rows() == best
        limits = (None if again else clock, interruption)
        scores = self.study.test_scores()
        models: list[int | str] = [best] if self.study.owns(best) else []
        if _completed(record, LINEAR) and self.study.owns(LINEAR):
            models.append(LINEAR)
        for trial in models:
            folder = model_folder(self.run, record.find(trial))
            model = self.run.trial_file(folder, MODEL_FILE)
            if str(trial) in scores or not self.run.root.is_file(model):
                continue
            left, limit = _left(limits)
            try:
                self._record(trial, self._score_model(folder, model, record, left))
            except TookTooLong:
                return f"Trial {trial}" if trial == best else f"Baseline {trial}", limit
            except (RunError, RequestError) as error:
                self.observer.note(f"Trial {trial} is not scored on the test rows: {error}")
        late, limit = self._score_boosting(record, limits)
        return (late, limit) if late else self._score_ensembles(record, limits)

    def _score_ensembles(
        self, record: RunRecord, limits: tuple[Clock | None, Interruption | None]
    ) -> tuple[str, str]:
        """Scores the ensembles on the test rows, and for the check of an export; likewise."""
        scores = self.study.test_scores()
        for ensemble in record.ensembles:
            name = str(ensemble.trial)
            is_checked = self.run.root.is_file(self.run.trial_file(name, CHECK_FILE))
            if is_checked and (name in scores or self.arrays.test is None):
                continue
            left, limit = _left(limits)
            called = "automl.training.score_ensemble:score_ensemble_in_child"
            arguments = {
                **ensemble_arguments(self.run, ensemble),
                "arrays": str(self.run.arrays),
                "test": self.arrays.test is not None,
                "objective": record.objective,
                "named": list(record.named),
                "own": carried(tuple(self.own)) if self.own else "",
            }
            try:
                found = run_in_child(self.processes, called, arguments, timeout=left)
            except TookTooLong:
                return f"The {name}", limit
            except (RunError, RequestError) as error:
                self.observer.note(f"The {name} is not scored on the test rows: {error}")
                continue
            if found is not None:
                self._record(name, from_form(ScoredRows, found))
        return "", ""

    def _score_boosting(
        self, record: RunRecord, limits: tuple[Clock | None, Interruption | None]
    ) -> tuple[str, str]:
        """Trains gradient boosting again and scores it on the test rows; as `_score_models`.

        Its model is kept nowhere, for what it could be read from again are pickles; the same seed
        and rows give the same one.
        """
        scores = self.study.test_scores()
        if BOOSTING in scores or not (_completed(record, BOOSTING) and self.study.owns(BOOSTING)):
            return "", ""
        baseline = record.find(BOOSTING)
        arguments: dict[str, Any] = {
            "arrays": str(self.run.arrays),
            "seed": baseline.seed,
            "scaled": dict(baseline.result.scaled) if baseline.result is not None else {},
            "objective": record.objective,
            "named": list(record.named),
            "own": carried(tuple(self.own)) if self.own else "",
        }
        left, limit = _left(limits)
        called = "automl.training.boosting_in_child:score_boosting_in_child"
        try:
            form = run_in_child(self.processes, called, arguments, timeout=left)
        except TookTooLong:
            return f"Baseline {BOOSTING}", limit
        except (RunError, RequestError) as error:
            self.observer.note(f"Baseline {BOOSTING} is not scored on the test rows: {error}")
            return "", ""
        self._record(BOOSTING, from_form(ScoredRows, form))
        return "", ""

    def _score_model(
        self, trial: int | str, model: Path, record: RunRecord, left: float
    ) -> ScoredRows:
        arrays = self.run.arrays if self.arrays_of is None else self.arrays_of(trial)
        arguments: dict[str, Any] = {
            "model": str(model),
            "arrays": str(arrays),
            "part": "test",
            "objective": record.objective,
            "named": list(record.named),
            "own": carried(tuple(self.own)) if self.own else "",
        }
        code = code_needed(self.run, self.run.read_manifest(), trial, self.trust)
        if code is not None:
            arguments["code"] = code
        called = "automl.training.score:score_in_child"
        return from_form(ScoredRows, run_in_child(self.processes, called, arguments, timeout=left))


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


def _left(limits: tuple[Clock | None, Interruption | None]) -> tuple[float, str]:
    """Seconds for scoring the test rows, and the option that limits them.

    Where no limit was asked for, there is none here either: large sets may take hours.
    """
    clock, interruption = limits
    seconds = {
        "--time": None if clock is None else clock.left_for_test_rows(),
        "--grace": None if interruption is None else interruption.left_for_test_rows(),
    }
    known = [(left, option) for option, left in seconds.items() if left is not None]
    return min(known, default=(math.inf, ""))


def _completed(record: RunRecord, baseline: str) -> bool:
    return any(
        entry.trial == baseline and entry.state is TrialState.COMPLETED
        for entry in record.baselines
    )
