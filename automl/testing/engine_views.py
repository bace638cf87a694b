"""What every engine does with a trial of several trainings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automl.engines.contract import EpochFinished, Job, TrialEnded
from automl.testing.engine_trials import EngineSuite, Seen, make_spec
from automl.trial import HOLDOUT, Answer, TrialState


class ViewsConformance(EngineSuite):
    """Trials on the views that they name, as a whole and in parts."""

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
