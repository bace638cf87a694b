"""What every engine does with what a driver says to a trial."""

from __future__ import annotations

import math
from dataclasses import replace

from automl.engines.contract import EpochFinished, Job
from automl.testing.engine_trials import ENDLESS, EngineSuite, Seen, make_spec
from automl.trial import CHECKPOINT_FILE, Answer, TrialState


class AnswersConformance(EngineSuite):
    """Answers and interruptions: a trial goes on, is pruned, is paused, or ends."""

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
