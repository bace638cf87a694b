"""The driver: asks the study for trials, hands them to an engine, and records what happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.engines.absence import Absence
from automl.engines.contract import (
    Engine,
    EpochFinished,
    EpochRunning,
    Event,
    ExecutionFinished,
    TrialEnded,
)
from automl.trial import BOOSTING, SEARCH_OVER, Answer, TrialResult, TrialSpec, TrialState
from automl.tuning.driver_settings import DriverSettings
from automl.tuning.failures import FailuresInARow, check_files_written, ends_search
from automl.tuning.fold_pruning import FoldPruning
from automl.tuning.interruption import Interruption
from automl.tuning.objective import with_one_loss
from automl.tuning.observer import Observer, SearchProgress
from automl.tuning.outcome import Outcome, StopReason, interrupted
from automl.tuning.over_limits import OverLimits
from automl.tuning.pruning import Pruning
from automl.tuning.ranking import Ranking
from automl.tuning.search_progress import search_progress

if TYPE_CHECKING:
    from automl.tuning.budget import Clock
    from automl.tuning.disk import DiskBudget
    from automl.tuning.study import Proposal, RunStudy

#: Seconds that running trials get to end by themselves when a search must stop.
STOP_GRACE = 3.0
#: Longest wait for an event; a first Ctrl-C and a deadline are noticed within it.
TICK = 0.25


class Driver:
    """Runs a search to its end.

    Args:
        study: The run's study.
        engine: Where trials run, already open.
        settings: What to decide by.
        clock: Time spent and left.
        observer: Who watches.
        forget_model: Removes the saved model of a trial that can matter no more.
        baselines: Specs of baselines still to be trained.
        disk: What bounds the run's files, or None.
        start_of: Where a trial that was cut off can go on; see `automl.trial.TrialSpec`.
        views_of: The views of a trial, ready when it answers; None for the settings' for all.
        interruption: What listens to Ctrl-C and SIGTERM, or None for one of its own.

    Attributes:
        has_trained: Whether it has begun a trial.
    """

    def __init__(
        self,
        study: RunStudy,
        engine: Engine,
        settings: DriverSettings,
        clock: Clock,
        observer: Observer,
        forget_model: Callable[[int], None],
        baselines: tuple[TrialSpec, ...] = (),
        interruption: Interruption | None = None,
        disk: DiskBudget | None = None,
        start_of: Callable[[int], str] = lambda trial: "",
        views_of: Callable[[int], tuple[str, ...]] | None = None,
    ) -> None:
        self._study = study
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._observer = observer
        self._forget_model = forget_model
        self._baselines = deque(baselines)
        self._interrupted = deque(study.interrupted())
        self._running: dict[int | str, TrialSpec] = {}
        self._failures = FailuresInARow()
        self._over_limits = OverLimits()
        self._ranking = Ranking(settings.objective.direction, settings.keep_models)
        self._pruning = (
            None
            if settings.pruner is None
            else Pruning(
                study, settings.pruner, settings.objective.direction, settings.budget.seconds
            )
        )
        self._fold_pruning = FoldPruning(settings.fold_rule, self._ranking, len(settings.views))
        self._interruption = interruption or Interruption()
        self._disk = disk
        self._start_of = start_of
        self._views_of = views_of or (lambda trial: settings.views)
        self._fatal = ""
        self._said: set[str] = set()
        self._voided = study.voided()
        self.has_trained = False
        self._take_up(study.results())
        if disk is not None:
            # The model of a voided trial stays: who takes that back wants to export it.
            disk.take_up(self._ranking, {*self._interrupted, *self._voided})

    def _take_up(self, results: Mapping[int, TrialResult]) -> None:
        """Goes over the trials of earlier sessions, so that failures in a row count on.

        Failures that stopped an earlier session do not stop this one: it was asked to go on.
        """
        for number in sorted(results):
            if self._failures.are_alike():
                self._failures.clear()
            self._rank(number, results[number])
            self._said.update(results[number].notes)
            if self._study.owns(number):
                self._failures.add(results[number], self._has_completed())
            self._over_limits.add(number, results[number])
        if self._failures.are_alike():
            self._failures.clear()
        self._over_limits.begin_anew()

    def _rank(self, number: int, result: TrialResult) -> None:
        """Takes a trial that is over; the clock hears of the best one that this run exports."""
        if result.is_over_limit:
            return
        counted = replace(result, score=None) if number in self._voided else result
        self._ranking.add(number, counted)
        best = self._ranking.best(1)
        is_own = bool(best) and self._study.owns(best[0][0])
        self._clock.keep_back_for(self._ranking.leader if is_own else None, self._ranking.rivals())

    def run(self) -> Outcome:
        """Runs trials until the budget is spent, the space exhausted or the search stopped.

        Returns:
            Why it ended.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed a second time, or what asked for the end comes
                again.
            RunError: The engine cannot go on.
        """
        with self._interruption:
            while True:
                outcome = self._reason_to_stop()
                if outcome is not None:
                    self._wind_down(outcome)
                    if outcome.stopped_by is StopReason.TIME and not self._ranking.best(1):
                        return replace(outcome, message=self._clock.out_of_time())
                    return outcome
                self._fill_slots()
                if self._running:
                    self._take_events(self._tick())
                    self._observer.progressed(self.progress())
                elif self._reason_to_stop() is None:  # the time may have gone by in between
                    return self._finished()

    @property
    def unfinished(self) -> int:
        """How many trials have not ended, though the search has."""
        return len(self._running)

    def _tick(self) -> float:
        left = self._clock.left_for_trials()
        return TICK if left is None else max(0.0, min(TICK, left))

    def _reason_to_stop(self) -> Outcome | None:
        if self._interruption.is_asked():
            return interrupted(self._interruption)
        left = self._clock.left_for_trials()
        if left is not None and left <= (0.0 if self._running else self._clock.least_of_a_trial()):
            return Outcome(StopReason.TIME)
        too_much = "" if self._disk is None else self._disk.make_room(self._ranking)
        if too_much:
            return Outcome(StopReason.DISK, f"{too_much}.")
        if self._fatal:
            return Outcome(StopReason.FATAL, self._fatal)
        if self._failures.are_alike():
            return Outcome(StopReason.FAILURES, self._failures.message())
        if self._over_limits.are_too_many():
            return Outcome(StopReason.LIMITS, self._over_limits.message())
        return None

    def _finished(self) -> Outcome:
        trials, asked = self._settings.budget.trials, self._study.asked()
        if trials is not None and asked >= trials:
            return Outcome(StopReason.TRIALS)
        tried = f"All {asked} configurations of the search space have been tried"
        return Outcome(StopReason.EXHAUSTED, f"{tried}{self._over_limits.left_out()}.")

    def _fill_slots(self) -> None:
        while len(self._running) < self._engine.slots:
            left = self._clock.left_for_trials()
            if left is not None and left <= self._clock.least_of_a_trial():
                return
            spec = self._next_spec()
            if spec is None:
                return
            spec = self._limited(spec)  # now: rows may have been divided for it
            self._running[spec.trial] = spec
            if self._disk is not None:
                self._disk.begin(spec.trial)
            self.has_trained = True
            self._observer.trial_started(spec.trial, spec.config)
            self._engine.submit(spec)

    def _limited(self, spec: TrialSpec) -> TrialSpec:
        """A trial with what it may take of the time."""
        leader = self._ranking.leader
        time = self._clock.time_of_a_trial(self._engine.slots, leader, spec.budget.seconds)
        if not self.has_trained and leader is None:  # all that there is yet
            time = replace(time, share=None)
        if len(spec.views) * spec.executions > 1:
            time = replace(time, leader_epochs=0)
        return replace(spec, time=time)

    def _next_spec(self) -> TrialSpec | None:
        """The next trial: interrupted ones first, baselines right after the default trial."""
        if self._baselines and self._study.asked():
            return self._baselines.popleft()
        proposal = self._next_proposal()
        if proposal is None:
            return self._baselines.popleft() if self._baselines else None
        return TrialSpec(
            trial=proposal.number,
            config=proposal.config,
            seed=proposal.seed,
            budget=self._settings.trial_budget,
            keep_threshold=self._ranking.keep_threshold(proposal.number),
            wait_for_answer=self._pruning is not None,
            thresholds=(() if self._pruning is None else self._pruning.thresholds(proposal.number)),
            executions=self._settings.executions,
            views=self._views_of(proposal.number),
            start=self._start_of(proposal.number),
            finished=proposal.finished,
            model_room=None if self._disk is None else self._disk.model_room(self._ranking),
            limits=self._settings.limits,
        )

    def _next_proposal(self) -> Proposal | None:
        """What to train next, or None where all that was asked for has been proposed."""
        while self._interrupted:
            proposal = self._study.ask_again(self._interrupted.popleft())
            if proposal is not None:
                return proposal
        with self._study.asking():
            for number, result in self._study.others_results().items():
                self._rank(number, result)
            return self._study.ask() if self._may_ask() else None

    def _may_ask(self) -> bool:
        trials = self._settings.budget.trials
        return (
            trials is None or self._study.asked() < trials
        ) and self._study.proposals_left() != 0

    def _take_events(self, timeout: float) -> None:
        for event in self._engine.events(timeout):
            self._take(event)
        self._study.write_reports()

    def _take(self, event: Event) -> None:
        if isinstance(event, TrialEnded):
            if event.result.state is TrialState.PAUSED or self._came_to_nothing(event):
                del self._running[event.trial]
            else:
                self._end(event)
        elif isinstance(event, EpochFinished):
            self._epoch(event)
        elif isinstance(event, ExecutionFinished):
            self._execution(event)
        elif isinstance(event, EpochRunning):
            self._observer.epoch_running(event.trial, event.epoch, event.done)

    def _epoch(self, event: EpochFinished) -> None:
        trial, report = event.trial, event.report
        self._observer.epoch_finished(trial, report)
        if isinstance(trial, int) and report.execution == 1:
            self._study.report(trial, report)
            if self._pruning is not None and self._pruning.stops(trial, event):
                self._engine.answer(trial, Answer.STOP)
            elif self._pruning is not None and event.waits:
                self._engine.answer(trial, Answer.GO_ON, self._pruning.thresholds(trial))

    def _execution(self, event: ExecutionFinished) -> None:
        trial, report = event.trial, event.report
        self._observer.execution_finished(trial, report)
        answer = Answer.GO_ON
        if isinstance(trial, int):
            answer = self._fold_pruning.answer(trial, report)
            # Not of one that is to stop: cut off before it has, it has to be asked about again.
            if answer is Answer.GO_ON:
                self._study.record_execution(trial, report)
        self._engine.answer(trial, answer)

    def _end(self, event: TrialEnded) -> None:
        spec = self._running.pop(event.trial)
        if self._pruning is not None:
            self._pruning.ended(event.trial)
        result = self._fold_pruning.explained(event.trial, event.result)
        check_files_written(event.trial, result)
        leader, objective = self._ranking.leader, self._settings.objective
        result = with_one_loss(event.trial, result, leader, objective)
        if self._disk is not None:
            result = self._disk.take(spec, result, self._ranking)
        if isinstance(event.trial, str):
            self._study.record_baseline(event.trial, spec.config, spec.seed, result)
            if event.trial == BOOSTING:
                self._clock.keep_back_for_boosting(result.seconds)
        else:
            self._study.tell(event.trial, result, self._clock.elapsed())
            self._rank(event.trial, result)
            self._failures.add(result, self._has_completed())
            self._over_limits.add(event.trial, result)
            for number in self._ranking.without_model(event.trial):
                self._forget_model(number)
        for note in result.notes:
            if note not in self._said:
                self._said.add(note)
                self._observer.note(note)
        if ends_search(result, self._has_completed()):
            self._fatal = f"Trial {event.trial} ended the search ({result.reason})."
        self._observer.trial_ended(event.trial, result)

    def _has_completed(self) -> bool:
        return self._ranking.counts[TrialState.COMPLETED] > 0

    def _wind_down(self, outcome: Outcome) -> None:
        """Ends what runs: a search out of time takes what its trials have reached.

        After Ctrl-C trials that end by themselves within moments are taken, and the others asked
        to pause; after SIGTERM or SIGHUP none, for little time is left. What is not over stays
        running in the record: resuming goes on from its last checkpoint, or runs it again.
        """
        if outcome.stopped_by is StopReason.TIME:
            for trial in self._running:
                self._engine.interrupt(trial, SEARCH_OVER)
        elif outcome.stopped_by is StopReason.INTERRUPTED:
            self._observer.finishing(self._interruption.message())
            if self._interruption.seconds_left() is not None:
                return
            for trial in self._running:
                self._engine.answer(trial, Answer.PAUSE)
        patience = self._clock.slowness() if outcome.stopped_by is StopReason.TIME else 1.0
        absence = Absence()  # stopped meanwhile, it reads what has come
        grace = STOP_GRACE * patience
        while self._running and (absence.waited < grace or self._awaits_first(outcome)):
            with absence.waiting(TICK):
                self._take_events(TICK)
        self._observer.progressed(self.progress())

    def _awaits_first(self, outcome: Outcome) -> bool:
        """Whether a search out of time still has no model, so that some of the reserve is spent."""
        left = self._clock.left()
        out_of_time = outcome.stopped_by is StopReason.TIME and left is not None and left > 0
        return out_of_time and not self._ranking.best(1)

    def _came_to_nothing(self, event: TrialEnded) -> bool:
        """Whether the end of the search has cut a trial off before its first epoch, for nothing.

        Such a trial stays running in the record, and resuming runs it again from its start. What
        was scored inside the first epoch counts only where no trial has come any further: then it
        is all that there is to export.
        """
        result = event.result
        if not result.reason.startswith(SEARCH_OVER):
            return False
        if len(result.folds) < len(self._settings.views) > 1 and self._ranking.best(1):
            return True  # a mean over some of the folds is not compared with one over all
        if result.epochs > 0:
            return False
        if result.state is TrialState.COMPLETED and isinstance(event.trial, int):
            if not self._ranking.has_epochs:
                return False
            self._forget_model(event.trial)
        return True

    def progress(self) -> SearchProgress:
        """Where the search stands now."""
        return search_progress(
            self._ranking,
            self._settings,
            self._clock,
            self._study.configs,
            len(self._running),
            self._over_limits.count,
        )
