"""The test rows, scored once, at the end: for the best candidates and the baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.carrying import carried
from automl.common.forms import from_form
from automl.common.shell import shown_path
from automl.engines.processes import Processes
from automl.engines.run_in_child import TookTooLong, run_in_child
from automl.errors import RequestError, RunError
from automl.results.export_request import code_needed, ensemble_arguments, model_folder
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.results.scored_rows import ScoredRows, scored_on
from automl.trial import BOOSTING, CHECK_FILE, MODEL_FILE, REFIT, TrialState
from automl.tuning.baselines import LINEAR, constant_name, constant_prediction
from automl.tuning.observer import Observer

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.tuning.budget import Clock
    from automl.tuning.interruption import Interruption
    from automl.tuning.study import RunStudy
    from automl.vocabulary.metric import Metric

#: Scores a model on the test rows within so many seconds.
_Scorer = Callable[[float], ScoredRows | None]


@dataclass(frozen=True)
class TestRowScoring:
    """Opens the test rows of a run.

    Attributes:
        run: The run.
        study: Its study, which the scores are recorded in.
        arrays: The prepared rows.
        processes: Where TensorFlow is.
        observer: Who watches.
        limits: The clock of a search that has to be over in time, and what may have asked for the
            end; each may be None.
        trust: Whether code that models hold may be run.
        own: Metrics of the search that are functions.
        arrays_of: Where the rows of a trial are that has others than the run; None where all have
            the run's.
        refit_arrays: Where the refit's rows are, written anew where they are gone; None where no
            refit is asked for.
    """

    run: RunDirectory
    study: RunStudy
    arrays: Arrays
    processes: Processes
    observer: Observer
    limits: tuple[Clock | None, Interruption | None]
    trust: bool
    own: Sequence[Metric]
    arrays_of: Callable[[int | str], Path] | None
    refit_arrays: Callable[[], Path] | None

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
        for trial, score in self._waiting(best, record):
            name = record.find(trial).name
            named = name[:1].upper() + name[1:]
            left, limit = _left(limits)
            try:
                found = score(left)
            except TookTooLong:
                return named, limit
            except (RunError, RequestError) as error:
                self.observer.note(f"{named} is not scored on the test rows: {error}")
                continue
            if found is not None:
                self._record(trial, found)
        return "", ""

    def _waiting(self, best: int, record: RunRecord) -> Iterator[tuple[int | str, _Scorer]]:
        """What is to be scored, and how: first what is exported, the longest last."""
        scores = self.study.test_scores()
        ensembles = sorted(record.ensembles, key=lambda one: one.trial != record.chosen)
        waiting = [one for one in ensembles if self._lacks_score(one, scores)]
        if waiting and waiting[0].trial == record.chosen:
            yield record.chosen, partial(self._score_ensemble, waiting.pop(0), record)
        models: list[int | str] = [best] if self.study.owns(best) else []
        if record.refit is not None and self.refit_arrays is not None:
            models.append(REFIT)
        if _completed(record, LINEAR) and self.study.owns(LINEAR):
            models.append(LINEAR)
        for trial in models:
            folder = model_folder(self.run, record.find(trial))
            model = self.run.trial_file(folder, MODEL_FILE)
            is_there = self.arrays.test is not None and self.run.root.is_file(model)
            if str(trial) not in scores and is_there:
                yield trial, partial(self._score_model, folder, model, record)
        for ensemble in waiting:
            yield ensemble.trial, partial(self._score_ensemble, ensemble, record)
        is_trained = _completed(record, BOOSTING) and self.study.owns(BOOSTING)
        if BOOSTING not in scores and is_trained and self.arrays.test is not None:
            yield BOOSTING, partial(self._score_boosting, record)

    def _lacks_score(self, ensemble: TrialRecord, scores: Mapping[str, Any]) -> bool:
        """Whether an ensemble has no score on the test rows, or nothing to check an export by."""
        name = str(ensemble.trial)
        is_checked = self.run.root.is_file(self.run.trial_file(name, CHECK_FILE))
        return not is_checked or (name not in scores and self.arrays.test is not None)

    def _score_ensemble(
        self, ensemble: TrialRecord, record: RunRecord, left: float
    ) -> ScoredRows | None:
        """Scores an ensemble on the test rows, if there are any, and for the check of an export."""
        called = "automl.training.score_ensemble:score_ensemble_in_child"
        arguments = {
            **ensemble_arguments(self.run, ensemble),
            "arrays": str(self.run.arrays),
            "test": self.arrays.test is not None,
            "objective": record.objective,
            "named": list(record.named),
            "own": carried(tuple(self.own)) if self.own else "",
        }
        found = run_in_child(self.processes, called, arguments, timeout=left)
        return None if found is None else from_form(ScoredRows, found)

    def _score_boosting(self, record: RunRecord, left: float) -> ScoredRows:
        """Trains gradient boosting again and scores it on the test rows.

        Its model is kept nowhere, for what it could be read from again are pickles; the same seed
        and rows give the same one.
        """
        baseline = record.find(BOOSTING)
        arguments: dict[str, Any] = {
            "arrays": str(self.run.arrays),
            "seed": baseline.seed,
            "scaled": dict(baseline.result.scaled) if baseline.result is not None else {},
            "objective": record.objective,
            "named": list(record.named),
            "own": carried(tuple(self.own)) if self.own else "",
        }
        called = "automl.training.boosting_in_child:score_boosting_in_child"
        form = run_in_child(self.processes, called, arguments, timeout=left)
        return from_form(ScoredRows, form)

    def _arrays_of(self, trial: int | str) -> Path:
        """Where the rows lie that a trial is scored on."""
        if trial == REFIT and self.refit_arrays is not None:
            return self.refit_arrays()
        return self.run.arrays if self.arrays_of is None else self.arrays_of(trial)

    def _score_model(
        self, trial: int | str, model: Path, record: RunRecord, left: float
    ) -> ScoredRows:
        arguments: dict[str, Any] = {
            "model": str(model),
            "arrays": str(self._arrays_of(trial)),
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
