"""What every engine must do: a suite for the authors of engines, to be subclassed.

    class TestMyEngine(EngineConformance):  # and the same with ClosingConformance
        @classmethod
        def make_engine(cls, workers: int) -> Engine:
            return MyEngine(workers)

The trials are real: small networks on the iris data, and builders that fail in every way.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import Objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.stored import save_views
from automl.engines.contract import (
    Engine,
    EpochFinished,
    EpochRunning,
    Event,
    ExecutionFinished,
    Job,
    SpaceHandle,
    TrialEnded,
)
from automl.space.registry import find_space
from automl.trial import (
    CHECKPOINT_FILE,
    HOLDOUT,
    Answer,
    EpochReport,
    ExecutionReport,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)

SPACE = Path(__file__).parent / "faulty_space.py"
ENDLESS = 1_000_000
PATIENCE = 300.0


def make_job(folder: Path) -> Job:
    """A job on the iris data, its run directory below ``folder``."""
    arrays = save_arrays(prepare(DataRequest("iris")), folder / "arrays")
    folds = prepare(DataRequest("iris", cv=3)).folds
    save_views({f"fold-{number}": fold for number, fold in enumerate(folds, 2)}, arrays)
    handle = SpaceHandle.of(find_space(str(SPACE)))
    (folder / "run").mkdir(exist_ok=True)
    objective = Objective("log_loss", "minimize")
    return Job({"search": handle}, arrays, folder / "run", objective, (HOLDOUT, "fold-2", "fold-3"))


def make_spec(
    trial: int | str,
    fault: str = "none",
    epochs: int = 3,
    wait: bool = False,
    keep: float | None = None,
    seconds: float | None = None,
) -> TrialSpec:
    """A trial of a small network, or one that fails as asked."""
    return TrialSpec(
        trial,
        {"fault": fault, "width": 8},
        seed=7,
        budget=TrialBudget(epochs, epochs, seconds=seconds),
        keep_threshold=keep,
        wait_for_answer=wait,
    )


@dataclass
class Seen:
    """What an engine has told so far.

    After an execution a trial goes on, unless something else was said of that one ahead.
    """

    engine: Engine
    events: list[Event] = field(default_factory=list)
    after: dict[tuple[int | str, int], Answer | None] = field(default_factory=dict)

    def one_more(self) -> list[Event]:
        """Waits for at least one event and gives the new ones."""
        deadline = time.monotonic() + PATIENCE
        while not (new := self.engine.events(0.5)):
            assert time.monotonic() < deadline, f"nothing more after {self.events}"
        self.events += new
        for report in (event for event in new if isinstance(event, ExecutionFinished)):
            answer = self.after.get((report.trial, report.report.number), Answer.GO_ON)
            if answer is not None:
                self.engine.answer(report.trial, answer)
        return new

    def until_ended(self, *trials: int | str) -> list[TrialResult]:
        """Waits for the ends of trials and gives their results."""
        while not set(trials) <= set(self.results()):
            self.one_more()
        return [self.results()[trial] for trial in trials]

    def results(self) -> dict[int | str, TrialResult]:
        return {e.trial: e.result for e in self.events if isinstance(e, TrialEnded)}

    def executions(self, trial: int | str) -> list[ExecutionReport]:
        told = [event for event in self.events if isinstance(event, ExecutionFinished)]
        return [event.report for event in told if event.trial == trial]

    def reports(self, trial: int | str) -> list[EpochReport]:
        return [e.report for e in self.events if isinstance(e, EpochFinished) and e.trial == trial]


class EngineConformance(ABC):
    """The contract as tests; see the head of this file."""

    @classmethod
    @abstractmethod
    def make_engine(cls, workers: int) -> Engine:
        """An engine that runs ``workers`` trials at once, not yet open."""

    @pytest.fixture(scope="class")
    @classmethod
    def job(cls, tmp_path_factory: pytest.TempPathFactory) -> Job:
        return make_job(tmp_path_factory.mktemp("job"))

    @pytest.fixture(scope="class")
    @classmethod
    def opened(cls, job: Job) -> Iterator[Engine]:
        with cls.make_engine(2) as engine:
            engine.open(job)
            yield engine

    @pytest.fixture
    def seen(self, opened: Engine) -> Seen:
        return Seen(opened)

    def test_it_says_how_many_trials_run_at_once(self, opened: Engine) -> None:
        assert opened.slots == 2

    def test_nothing_happens_without_a_trial(self, opened: Engine) -> None:
        assert opened.events(0.0) == []

    def test_of_a_trial_epochs_come_in_order_and_the_end_comes_last(self, seen: Seen) -> None:
        for trial in (10, 11, 12):
            seen.engine.submit(make_spec(trial))
        results = seen.until_ended(10, 11, 12)
        assert [result.state for result in results] == [TrialState.COMPLETED] * 3
        for trial in (10, 11, 12):
            assert [report.epoch for report in seen.reports(trial)] == [1, 2, 3]
            assert isinstance([e for e in seen.events if e.trial == trial][-1], TrialEnded)

    def test_scores_are_those_of_the_epochs(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(20))
        (result,) = seen.until_ended(20)
        scores = [report.score for report in seen.reports(20)]
        assert result.score == min(scores)
        assert result.best_epoch == scores.index(min(scores)) + 1

    def test_an_epoch_that_takes_seconds_tells_how_far_it_is(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(25, "slow", epochs=1))
        seen.until_ended(25)
        told = [event for event in seen.events if isinstance(event, EpochRunning)]
        assert {(event.trial, event.epoch) for event in told} == {(25, 1)}
        shares = [event.done for event in told]
        assert 0 < shares[0] < 1
        assert shares == sorted(shares)
        (end,) = seen.reports(25)  # and it comes before the epoch's end
        finished = [event for event in seen.events if isinstance(event, EpochFinished)]
        assert seen.events.index(told[-1]) < seen.events.index(finished[0])
        assert end.epoch == 1

    def test_a_seed_decides_the_result(self, seen: Seen) -> None:
        for trial in (30, 31):
            seen.engine.submit(make_spec(trial))
        one, other = seen.until_ended(30, 31)
        assert (one.score, one.model_hash) == (other.score, other.model_hash)

    def test_a_trials_files_are_in_the_run(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(make_spec(40))
        seen.engine.submit(make_spec(41, keep=0.0))  # a log loss that nothing beats
        seen.until_ended(40, 41)
        kept, unkept = (
            {path.name for path in (job.run / "trials" / name).iterdir()} for name in ("40", "41")
        )
        assert kept == {"history.csv", "model.keras", "check.npy", "predictions.npz"}
        assert unkept == {"history.csv"}

    def test_a_baseline_goes_by_its_name(self, seen: Seen, job: Job) -> None:
        seen.engine.submit(make_spec("linear"))
        (result,) = seen.until_ended("linear")
        assert result.state is TrialState.COMPLETED
        assert (job.run / "trials" / "linear" / "model.keras").exists()

    def test_a_trial_goes_on_where_the_answer_is_yes(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(50, wait=True))
        while 50 not in seen.results():
            for event in seen.one_more():
                if isinstance(event, EpochFinished):
                    seen.engine.answer(50, Answer.GO_ON)
        assert seen.results()[50].state is TrialState.COMPLETED

    def test_a_trial_waits_for_its_answer_and_is_pruned_by_a_no(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(60, epochs=ENDLESS, wait=True))
        while not seen.reports(60):
            seen.one_more()
        assert seen.engine.events(1.0) == []
        seen.engine.answer(60, Answer.GO_ON)
        while len(seen.reports(60)) < 2:
            seen.one_more()
        seen.engine.answer(60, Answer.STOP)
        (result,) = seen.until_ended(60)
        assert (result.state, result.epochs) == (TrialState.PRUNED, 2)
        assert result.score is not None

    def test_a_trial_asks_only_where_its_score_does_not_spare_it(self, seen: Seen) -> None:
        thresholds = (math.inf, math.inf, -math.inf, math.inf)
        spec = replace(make_spec(62, epochs=ENDLESS, wait=True), thresholds=thresholds)
        seen.engine.submit(spec)
        while len(seen.reports(62)) < 3:
            seen.one_more()
        assert seen.engine.events(1.0) == []
        seen.engine.answer(62, Answer.GO_ON, [math.inf])
        while len(seen.reports(62)) < 5:
            seen.one_more()
        assert seen.engine.events(1.0) == []
        waits = [e.waits for e in seen.events if isinstance(e, EpochFinished) and e.trial == 62]
        assert waits == [False, False, True, False, True]
        seen.engine.answer(62, Answer.STOP)
        assert seen.until_ended(62)[0].state is TrialState.PRUNED

    def test_a_trial_that_does_not_ask_is_pruned_by_a_no(self, seen: Seen) -> None:
        spec = make_spec(64, epochs=ENDLESS, wait=True)
        seen.engine.submit(replace(spec, thresholds=(math.inf,) * 100_000))
        while not seen.reports(64):
            seen.one_more()
        seen.engine.answer(64, Answer.STOP)
        (result,) = seen.until_ended(64)
        assert (result.state, result.epochs) == (TrialState.PRUNED, len(seen.reports(64)))

    def test_a_trial_is_paused_and_another_one_goes_on_from_there(
        self, seen: Seen, job: Job
    ) -> None:
        seen.engine.submit(make_spec(66, epochs=6, wait=True))
        while len(seen.reports(66)) < 3:
            for event in seen.one_more():
                if isinstance(event, EpochFinished):
                    said = Answer.PAUSE if event.report.epoch == 3 else Answer.GO_ON
                    seen.engine.answer(66, said)
        (paused,) = seen.until_ended(66)
        assert (paused.state, paused.epochs) == (TrialState.PAUSED, 3)
        assert paused.checkpoint == f"trials/66/{CHECKPOINT_FILE}"
        assert (job.run / paused.checkpoint).exists()
        seen.engine.submit(replace(make_spec(67, epochs=6), start=paused.checkpoint))
        seen.engine.submit(make_spec(68, epochs=6))
        rest, whole = seen.until_ended(67, 68)
        assert rest.state is TrialState.COMPLETED, rest.reason
        assert [report.epoch for report in seen.reports(67)] == [4, 5, 6]
        assert (rest.epochs, rest.score, rest.model_hash) == (6, whole.score, whole.model_hash)
        assert rest.notes == whole.notes

    def test_a_trial_that_does_not_wait_pauses_after_its_epoch(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(69, epochs=ENDLESS))
        while not seen.reports(69):
            seen.one_more()
        seen.engine.answer(69, Answer.PAUSE)
        (paused,) = seen.until_ended(69)
        assert paused.state is TrialState.PAUSED
        assert paused.epochs == len(seen.reports(69))
        assert paused.checkpoint

    def test_a_trial_is_trained_on_the_views_that_it_names(self, seen: Seen) -> None:
        views = ("fold-2", "fold-3")
        for trial, named in ((160, views), (161, views[:1]), (162, views[1:]), (163, (HOLDOUT,))):
            seen.engine.submit(replace(make_spec(trial), views=named))
        both, second, third, holdout = seen.until_ended(160, 161, 162, 163)
        assert both.state is TrialState.COMPLETED, both.reason
        assert both.folds == (second.score, third.score)
        assert len({second.score, third.score, holdout.score}) == 3
        assert (second.folds, holdout.folds) == ((), ())
        assert both.model_hash == second.model_hash

    def test_a_trial_waits_after_each_view_but_the_last(self, seen: Seen, job: Job) -> None:
        spec = replace(make_spec(164), views=(HOLDOUT, "fold-2", "fold-3"))
        seen.after[164, 1] = None
        seen.engine.submit(spec)
        while not seen.executions(164):
            seen.one_more()
        assert seen.engine.events(1.0) == []
        seen.after[164, 2] = Answer.STOP
        seen.engine.answer(164, Answer.GO_ON)
        (result,) = seen.until_ended(164)
        first, second = seen.executions(164)
        assert (result.state, result.folds) == (TrialState.PRUNED, second.folds)
        assert second.folds == (first.result.score, second.result.score)
        assert result.score == pytest.approx(sum(second.folds) / 2)
        assert [(one.execution, one.epoch) for one in seen.reports(164)] == [
            (execution, epoch) for execution in (1, 2) for epoch in (1, 2, 3)
        ]
        assert result.model_hash == ""
        assert not (job.run / "trials" / "164" / "model.keras").exists()

    def test_a_trial_goes_on_with_the_views_that_are_left(self, seen: Seen, job: Job) -> None:
        views = (HOLDOUT, "fold-2", "fold-3")
        seen.after[166, 1] = Answer.PAUSE
        seen.engine.submit(replace(make_spec(166), views=views))
        seen.engine.submit(replace(make_spec(167), views=views))
        paused, whole = seen.until_ended(166, 167)
        assert (paused.state, paused.checkpoint) == (TrialState.PAUSED, "")
        (first,) = seen.executions(166)
        told = len(seen.events)
        seen.engine.submit(replace(make_spec(166), views=views, finished=(first.result,)))
        while not any(isinstance(event, TrialEnded) for event in seen.events[told:]):
            seen.one_more()
        rest = seen.results()[166]
        assert (rest.state, rest.folds) == (TrialState.COMPLETED, whole.folds)
        assert rest.model_hash == whole.model_hash
        later = [event for event in seen.events[told:] if isinstance(event, EpochFinished)]
        assert {event.report.execution for event in later} == {2, 3}
        left = {path.name for path in (job.run / "trials" / "166").iterdir()}
        assert left == {path.name for path in (job.run / "trials" / "167").iterdir()}
        assert "model.keras" in left

    def test_an_interrupted_trial_ends_with_what_it_has(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(70, epochs=ENDLESS))
        while not seen.reports(70):
            seen.one_more()
        seen.engine.interrupt(70, "enough")
        (result,) = seen.until_ended(70)
        assert result.state is TrialState.COMPLETED
        assert result.reason == "enough"
        assert result.epochs == len(seen.reports(70))

    def test_one_trial_can_be_interrupted_while_another_waits(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(80, epochs=ENDLESS))
        seen.engine.submit(make_spec(81, epochs=ENDLESS, wait=True))
        while not (seen.reports(80) and seen.reports(81)):
            seen.one_more()
        seen.engine.interrupt(80, "enough")
        seen.until_ended(80)
        seen.engine.answer(81, Answer.STOP)
        assert seen.until_ended(81)[0].state is TrialState.PRUNED

    def test_an_answer_or_interruption_of_a_trial_that_is_over_is_ignored(self, seen: Seen) -> None:
        seen.engine.submit(make_spec(90))
        seen.until_ended(90)
        seen.engine.answer(90, Answer.STOP)
        seen.engine.interrupt(90, "too late")
        seen.engine.submit(make_spec(91))
        (result,) = seen.until_ended(91)
        assert (result.state, result.reason) == (TrialState.COMPLETED, "")

    @pytest.mark.parametrize(
        ("trial", "fault", "cause"),
        [
            (100, "raise", FailureCause.BUILDER),
            (110, "sys.exit", FailureCause.BUILDER),
            (120, "memory", FailureCause.OUT_OF_MEMORY),
            (130, "exit", FailureCause.CRASHED),
            (140, "kill", FailureCause.CRASHED),
        ],
    )
    def test_a_failure_costs_its_trial_only(
        self, seen: Seen, trial: int, fault: str, cause: FailureCause
    ) -> None:
        seen.engine.submit(make_spec(trial, fault))
        seen.engine.submit(make_spec(trial + 1, epochs=50))
        seen.engine.submit(make_spec(trial + 2))
        failed, beside, behind = seen.until_ended(trial, trial + 1, trial + 2)
        assert (failed.state, failed.cause) == (TrialState.FAILED, cause)
        assert failed.reason
        assert beside.state is behind.state is TrialState.COMPLETED

    def test_trials_start_in_the_order_of_their_submission(self, seen: Seen) -> None:
        trials = list(range(150, 156))
        for trial in trials:
            seen.engine.submit(make_spec(trial, epochs=1, wait=True))
        begun: list[int | str] = []
        while len(seen.results()) < len(trials):
            for event in seen.one_more():
                if isinstance(event, EpochFinished):
                    begun.append(event.trial)
                    if len(begun) % seen.engine.slots == 0:
                        for waiting in begun[-seen.engine.slots :]:
                            seen.engine.answer(waiting, Answer.GO_ON)
        slots = seen.engine.slots
        batches = [sorted(begun[at : at + slots], key=str) for at in range(0, len(begun), slots)]
        assert [trial for batch in batches for trial in batch] == trials


class ClosingConformance(ABC):
    """What closing must do; apart, since two engines at once may lack room for their workers."""

    @classmethod
    @abstractmethod
    def make_engine(cls, workers: int) -> Engine:
        """An engine that runs ``workers`` trials at once, not yet open."""

    @pytest.fixture
    def job(self, tmp_path: Path) -> Job:
        return make_job(tmp_path)

    def test_closing_ends_what_runs_without_a_result(self, job: Job) -> None:
        with self.make_engine(2) as engine:
            engine.open(job)
            seen = Seen(engine)
            engine.submit(make_spec(0, epochs=ENDLESS))
            engine.submit(make_spec(1, epochs=ENDLESS, wait=True))
            while not (seen.reports(0) and seen.reports(1)):
                seen.one_more()
            engine.close()
            assert not seen.results()

    def test_closing_comes_at_any_time(self, job: Job) -> None:
        self.make_engine(1).close()
        with self.make_engine(1) as engine:
            engine.open(job)
            engine.submit(make_spec(0, epochs=ENDLESS))
