"""The last stage of training: the best trials and the default are trained again and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.engines.absence import Absence
from automl.engines.contract import Engine, EpochFinished, EpochRunning, Event, TrialEnded
from automl.results.scorings import FinalistScoring, scoring_name
from automl.trial import SEARCH_OVER, Answer, TrialResult, TrialSpec, TrialState
from automl.trial_time import TrialTime
from automl.tuning.budget import LEAST_SECONDS
from automl.tuning.driver import STOP_GRACE, TICK
from automl.tuning.failures import check_files_written
from automl.tuning.interruption import Interruption
from automl.tuning.observer import Observer, RaceProgress
from automl.tuning.racing import Race, Start
from automl.tuning.study import trial_seed

if TYPE_CHECKING:
    from automl.tuning.budget import Clock
    from automl.tuning.study import RunStudy

#: Seeds of one round: rounds have as many numbers each.
_VIEWS = 1000


class FinalistDriver:
    """Trains finalists until the race is over, or the search's time.

    Args:
        study: The run's study, in which each training is recorded.
        engine: Where they are trained, open.
        race: Who is trained next.
        seconds: By finalist, how long one training may take; nothing without a limit of time.
        template: What every training has in common: budget and views; its seed is the run's.
        objective: Name of the objective.
        clock: Time spent and left.
        observer: Who watches.
        interruption: What listens to Ctrl-C and SIGTERM.
        busy: Slots of the engine that are not free: trials which have not ended in time.
        start_of: Where one that was cut off can go on; see `automl.trial.TrialSpec`.
    """

    def __init__(
        self,
        study: RunStudy,
        engine: Engine,
        race: Race,
        seconds: Mapping[int, float],
        template: TrialSpec,
        objective: str,
        clock: Clock,
        observer: Observer,
        interruption: Interruption,
        busy: int = 0,
        start_of: Callable[[str], str] = lambda name: "",
    ) -> None:
        self._study = study
        self._engine = engine
        self._race = race
        self._seconds = seconds
        self._template = template
        self._objective = objective
        self._clock = clock
        self._observer = observer
        self._interruption = interruption
        self._slots = max(1, engine.slots - busy)
        self._start_of = start_of
        self._running: dict[str, tuple[Start, int]] = {}
        self._results = study.results()
        self._record_finalists()

    def run(self) -> None:
        """Trains until there is nothing left to train, no time, or the end was asked for."""
        while True:
            if self._interruption.is_asked():
                self._wind_down(Answer.PAUSE)
                return
            left = self._clock.left_for_finalists()
            if left is not None and left <= (0.0 if self._running else LEAST_SECONDS):
                self._wind_down(None)
                return
            self._fill_slots()
            if not self._running:
                return
            self._take_events(TICK if left is None else max(0.0, min(TICK, left)))
            self._observer.race_progressed(self._progress())

    def _progress(self) -> RaceProgress:
        best, score, scorings = self._race.leader() or (None, None, 0)
        return RaceProgress(
            self._race.done,
            self._race.most,
            best,
            score,
            scorings,
            len(self._running),
            self._clock.elapsed(),
            self._objective,
        )

    def _fill_slots(self) -> None:
        for start in self._race.pending():
            if len(self._running) >= self._slots:
                return
            spec = self._spec(start)
            name = str(spec.trial)
            if name in self._running:
                continue
            self._running[name] = (start, spec.seed)
            self._observer.trial_started(name, spec.config)
            self._engine.submit(spec)

    def _spec(self, start: Start) -> TrialSpec:
        place = self._template.views.index(start.view)
        name = scoring_name(start.trial, start.number, start.view)
        return replace(
            self._template,
            trial=name,
            config=self._study.configs[start.trial],
            budget=self._template.budget.planned(self._planned(start.trial)),
            seed=trial_seed(self._template.seed, "scoring", start.number * _VIEWS + place),
            views=(start.view,),
            time=TrialTime(
                left=self._clock.left_for_finalists(), share=self._seconds.get(start.trial)
            ),
            start=self._start_of(name),
            cross_fitted=True,
        )

    def _take_events(self, timeout: float) -> None:
        for event in self._engine.events(timeout):
            self._take(event)

    def _take(self, event: Event) -> None:
        name = str(event.trial)
        if name not in self._running:
            return  # a trial of the search, which has ended too late
        if isinstance(event, EpochFinished):
            self._observer.epoch_finished(name, event.report)
        elif isinstance(event, EpochRunning):
            self._observer.epoch_running(name, event.epoch, event.done)
        elif isinstance(event, TrialEnded):
            self._end(name, event.result)

    def _end(self, name: str, result: TrialResult) -> None:
        start, seed = self._running.pop(name)
        check_files_written(name, result)
        result = replace(result, planned_epochs=self._planned(start.trial))
        is_over = result.state in (TrialState.COMPLETED, TrialState.FAILED)
        if not is_over or self._is_cut_short(start.trial, result):
            return  # cut off, so that it is trained again when the run is resumed
        views = len(self._template.views)
        where = (start.trial, start.number, start.view, views)
        elapsed = round(self._clock.elapsed(), 3)
        scoring = FinalistScoring(*where, seed, result, cross_fitted=True, elapsed=elapsed)
        self._study.record_scoring(scoring)
        self._race.add(scoring)
        self._record_finalists()
        self._observer.trial_ended(name, result)

    def _record_finalists(self) -> None:
        """Records who they are once their scores count: until then those of an earlier race do."""
        if self._race.counts:
            self._study.record_finalists(self._race.finalists)

    def _is_cut_short(self, trial: int, result: TrialResult) -> bool:
        """Whether the end of the time has cut a training off sooner than the search's own ended.

        One that was trained for as many epochs counts with what it has come to.
        """
        if not result.reason.startswith(SEARCH_OVER):
            return False
        is_scored = result.state is TrialState.COMPLETED and result.score is not None
        known = self._results.get(trial)
        return not is_scored or result.epochs < max(1, 1 if known is None else known.epochs)

    def _planned(self, trial: int) -> int:
        """Epochs that the trial was to have, as `automl.trial.TrialResult.planned_epochs`."""
        known = self._results.get(trial)
        return 0 if known is None else known.planned_epochs

    def _wind_down(self, answer: Answer | None) -> None:
        """Ends what runs; a race that is cut off counts with its whole rounds."""
        if answer is not None:
            self._observer.finishing(self._interruption.message())
            if self._interruption.seconds_left() is not None:
                return
        for name in self._running:
            if answer is None:
                self._engine.interrupt(name, SEARCH_OVER)
            else:
                self._engine.answer(name, answer)
        absence = Absence()
        while self._running and absence.waited < STOP_GRACE:
            with absence.waiting(TICK):
                self._take_events(TICK)
