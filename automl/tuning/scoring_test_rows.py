"""The test rows, scored once, at the end: for the best candidates and the baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.common.carrying import carried
from automl.common.forms import from_form
from automl.common.shell import shown_path
from automl.engines.run_in_child import TookTooLong, run_in_child
from automl.errors import RequestError, RunError
from automl.results.export_request import code_needed, ensemble_arguments, model_folder
from automl.results.record import RunRecord, TrialRecord
from automl.results.scored_rows import ScoredRows, scored_on
from automl.trial import BOOSTING, CHECK_FILE, MODEL_FILE, REFIT, TrialState
from automl.tuning.baselines import LINEAR, constant_name, constant_prediction
from automl.tuning.ending import Ending

if TYPE_CHECKING:
    from automl.tuning.budget import Clock
    from automl.tuning.interruption import Interruption
    from automl.vocabulary.metric import Metric


@dataclass(frozen=True)
class _Asked:
    """A candidate or baseline that is to be scored on the test rows, in a process of its own.

    Attributes:
        trial: Its number or name.
        function: What does it there.
        arguments: Makes what that takes of its own.
    """

    trial: int | str
    function: str
    arguments: Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class TestRowScoring:
    """Opens the test rows of a run.

    Attributes:
        ending: The end of its search.
        record: The run as its study has it.
        best: Number of the best trial.
    """

    ending: Ending
    record: RunRecord
    best: int

    def score(self) -> None:
        """Scores the test rows, or records that there was no time for them."""
        ending = self.ending
        ending.observer.finishing("scoring the test rows")
        late, limit = self._score_models()
        if not late:
            self._score_constant()
            return
        ending.study.record_late_for_test_rows(self.best)
        ending.observer.note(
            f"{late} is not scored on the test rows, for {limit} is over; `automl resume "
            f"{shown_path(ending.run.path)}` scores it."
        )

    def _score_constant(self) -> None:
        arrays, scores = self.ending.arrays, self.ending.study.test_scores()
        if arrays.test is None:
            return
        name = constant_name(arrays.task)
        if name not in scores:
            prediction = constant_prediction(arrays.task, arrays.train)
            named: list[str | Metric] = [*self.record.named, *self.ending.objective.own]
            predictions = np.broadcast_to(prediction, (len(arrays.test), len(prediction)))
            found = scored_on(arrays.test, arrays.task, predictions, self.record.objective, named)
            self._record(name, found)

    def _record(self, trial: int | str, scored: ScoredRows) -> None:
        """Records what a trial or baseline has on the test rows, the interval first.

        Whoever is killed in between scores them again, with the same result.
        """
        study = self.ending.study
        study.record_test_interval(trial, scored.interval)
        study.record_test_scores({**study.test_scores(), str(trial): scored.metrics})

    def _score_models(self) -> tuple[str, str]:
        """Opens the test rows once for each of the run's models that is to be scored on them.

        Returns:
            The model for which there was no time, or "", and the option that limits it.
        """
        ending, own = self.ending, self.ending.objective.own
        again = ending.study.late_for_test_rows() == self.best
        scored_by = {
            "objective": self.record.objective,
            "named": list(self.record.named),
            "own": carried(own) if own else "",
        }
        for one in self._asked():
            name = self.record.find(one.trial).name
            name = name[:1].upper() + name[1:]
            left, limit = _left(None if again else ending.clock, ending.interruption)
            try:
                arguments = {**one.arguments(), **scored_by}
                form = run_in_child(ending.processes, one.function, arguments, timeout=left)
            except TookTooLong:
                return name, limit
            except (RunError, RequestError) as error:
                ending.observer.note(f"{name} is not scored on the test rows: {error}")
            else:
                if form is not None:
                    self._record(one.trial, from_form(ScoredRows, form))
        return "", ""

    def _asked(self) -> Iterator[_Asked]:
        """What has no score on the test rows yet: first what is exported, the longest last.

        An ensemble that there is hardly time for comes after the best trial's model, which else
        would have no score either.
        """
        run, record, scores = self.ending.run, self.record, self.ending.study.test_scores()
        has_test = self.ending.arrays.test is not None
        waiting = [one for one in record.ensembles if self._lacks_score(one, scores)]
        ensembles = [self._ensemble(one) for one in waiting]
        first = [one for one in ensembles if one.trial == record.chosen and self._has_time_for(one)]
        yield from first
        for trial in self._models() if has_test else ():
            folder = model_folder(run, record.find(trial))
            model = run.trial_file(folder, MODEL_FILE)
            if str(trial) not in scores and run.root.is_file(model):
                function = "automl.training.score:score_in_child"
                yield _Asked(trial, function, partial(self._of_model, folder, model))
        yield from (one for one in ensembles if one not in first)
        if has_test and BOOSTING not in scores and self._has_own(BOOSTING):
            function = "automl.training.boosting_in_child:score_boosting_in_child"
            yield _Asked(BOOSTING, function, self._of_boosting)

    def _has_time_for(self, ensemble: _Asked) -> bool:
        """Whether its models, and the best trial's, can be expected to be scored in time."""
        best = self.record.find(self.best).result
        made = self.record.find(ensemble.trial)
        models = len(made.members) * max(1, len(made.test_time_views)) + 1
        left, _ = _left(self.ending.clock, self.ending.interruption)
        return best is None or models * best.test_seconds <= left

    def _lacks_score(self, ensemble: TrialRecord, scores: Mapping[str, Any]) -> bool:
        """Whether an ensemble has no score on the test rows, or nothing to check an export by."""
        run, name = self.ending.run, str(ensemble.trial)
        is_checked = run.root.is_file(run.trial_file(name, CHECK_FILE))
        return not is_checked or (self._is_tested(ensemble) and name not in scores)

    def _is_tested(self, ensemble: TrialRecord) -> bool:
        """Whether an ensemble is to be scored on test rows: of test-time views, if exported."""
        is_candidate = not ensemble.test_time_views or ensemble.trial == self.record.chosen
        return is_candidate and self.ending.arrays.test is not None

    def _ensemble(self, ensemble: TrialRecord) -> _Asked:
        function = "automl.training.score_ensemble:score_ensemble_in_child"
        return _Asked(ensemble.trial, function, partial(self._of_ensemble, ensemble))

    def _models(self) -> list[int | str]:
        """The best trial, the refit and the linear baseline, as far as they are of this run."""
        models: list[int | str] = [self.best] if self.ending.study.owns(self.best) else []
        if self.record.refit is not None and self.ending.refitting is not None:
            models.append(REFIT)
        return [*models, *([LINEAR] if self._has_own(LINEAR) else [])]

    def _has_own(self, baseline: str) -> bool:
        """Whether this run has trained a baseline."""
        found = (one.state for one in self.record.baselines if one.trial == baseline)
        return TrialState.COMPLETED in found and self.ending.study.owns(baseline)

    def _of_model(self, trial: int | str, model: Path) -> dict[str, Any]:
        run = self.ending.run
        code = code_needed(run, run.read_manifest(), trial, self.ending.trust)
        rows = str(self._arrays_of(trial))
        return {"model": str(model), "arrays": rows, "part": "test", "code": code}

    def _arrays_of(self, trial: int | str) -> Path:
        """Where the rows lie that a trial is scored on."""
        refitting, arrays_of = self.ending.refitting, self.ending.arrays_of
        if trial == REFIT and refitting is not None:
            return refitting.arrays()
        return self.ending.run.arrays if arrays_of is None else arrays_of(trial)

    def _of_boosting(self) -> dict[str, Any]:
        """Of gradient boosting, which is trained again.

        Its model is kept nowhere, for what it could be read from again are pickles; the same seed
        and rows give the same one.
        """
        baseline = self.record.find(BOOSTING)
        scaled = {} if baseline.result is None else dict(baseline.result.scaled)
        return {"arrays": str(self.ending.run.arrays), "seed": baseline.seed, "scaled": scaled}

    def _of_ensemble(self, ensemble: TrialRecord) -> dict[str, Any]:
        run = self.ending.run
        told = ensemble_arguments(run, ensemble, run.read_manifest(), self.ending.trust)
        return {**told, "arrays": str(run.arrays), "test": self._is_tested(ensemble)}


def _left(clock: Clock | None, interruption: Interruption) -> tuple[float, str]:
    """Seconds for scoring the test rows, and the option that limits them.

    Where no limit was asked for, there is none here either: large sets may take hours.
    """
    seconds = {
        "--time": None if clock is None else clock.left_for_test_rows(),
        "--grace": interruption.left_for_test_rows(),
    }
    known = [(left, option) for option, left in seconds.items() if left is not None]
    return min(known, default=(math.inf, ""))
