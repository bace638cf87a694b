"""How trials run on every engine: their epochs, their order, their ends and failures."""

from __future__ import annotations

import pytest

from automl.engines.contract import Engine, EpochFinished, EpochRunning, TrialEnded
from automl.testing.engine_trials import EngineSuite, Seen, make_spec
from automl.trial import Answer, FailureCause, TrialState


class RunsConformance(EngineSuite):
    """Trials from their submission to their end."""

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
