"""A search that runs out of time: what its trials still count for, and what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from automl.common.forms import from_form, to_form
from automl.engines.contract import TrialEnded
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.record import RunRecord
from automl.trial import SEARCH_OVER, TrialResult, TrialSpec, TrialState
from automl.trial_time import TrialTime
from automl.tuning.budget import EXPORT_IMPORTS, Clock, SearchBudget
from automl.tuning.outcome import Outcome, StopReason
from tests.tuning.scripted_engine import ScriptedEngine
from tests.tuning.test_driver import Search


class SlowEngine(ScriptedEngine):
    """A trial whose number is odd gets no epoch done before time is up, but a score."""

    odd = True

    def events(self, timeout: float) -> list[Any]:
        playing = dict(self._playing)
        self._playing = {
            trial: state for trial, state in playing.items() if self._is_fast(trial)
        } or {trial: state for trial, state in playing.items() if trial in self.interrupted}
        events = super().events(timeout)
        waiting = {t: s for t, s in playing.items() if t not in self._playing}
        for event in events:
            if isinstance(event, TrialEnded):
                waiting.pop(event.trial, None)
        self._playing |= waiting
        return events

    def _is_fast(self, trial: int | str) -> bool:
        return isinstance(trial, str) or (self.odd and trial % 2 == 0)

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        if epoch:
            return super()._end(trial, spec, epoch)
        del self._playing[trial]
        score = float(spec.trial) if isinstance(spec.trial, int) else 9.0
        result = TrialResult(
            TrialState.COMPLETED, score=score, reason=f"{SEARCH_OVER} after 3 % of its first epoch"
        )
        return TrialEnded(trial, result)


class NoneFastEngine(SlowEngine):
    """No trial gets an epoch done."""

    odd = False


def run(path: Path, engine: type[ScriptedEngine]) -> tuple[Search, Outcome, RunRecord]:
    search = Search(path, trials=1000, slots=2)
    search.engine_kind = engine
    ticks = iter(range(100_000))  # of half a second, one at each look at the clock
    clock = Clock(SearchBudget(None, 500.0), started=0.0, now=lambda: next(ticks) / 2)
    return search, search.session(clock=clock), read_record(search.run)


def test_a_score_from_inside_the_first_epoch_counts_where_there_is_nothing_else(
    tmp_path: Path,
) -> None:
    _, outcome, record = run(tmp_path / "run", NoneFastEngine)
    assert outcome.stopped_by is StopReason.TIME
    assert not outcome.message
    best = record.best()
    assert best is not None and best.trial == 0
    assert {trial.state for trial in record.trials} == {TrialState.COMPLETED}


def test_it_does_not_count_beside_trials_that_came_further(tmp_path: Path) -> None:
    search, outcome, record = run(tmp_path / "run", SlowEngine)
    assert outcome.stopped_by is StopReason.TIME
    cut = [trial for trial in record.trials if trial.trial == 1]
    assert [trial.state for trial in cut] == [TrialState.RUNNING]
    assert 1 in search.forgotten
    assert record.trials[0].state is TrialState.COMPLETED


def test_all_trials_but_the_first_have_a_share_of_the_time(tmp_path: Path) -> None:
    search, _, _ = run(tmp_path / "run", ScriptedEngine)
    first, *others = [spec.time.share for spec in search.engine.submitted]
    assert first is None and others
    assert all(share is not None and share >= 500.0 / 8 for share in others)


def test_until_one_is_complete_trials_may_take_half_of_the_time(tmp_path: Path) -> None:
    search, _, _ = run(tmp_path / "run", ScriptedEngine)
    first, *others = [spec.time.most for spec in search.engine.submitted]
    assert first is not None and 200.0 < first <= 250.0
    assert others[-1] is None


class HeavyEngine(ScriptedEngine):
    """The models are such that much has to be kept back for the best one."""

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        ended = super()._end(trial, spec, epoch)
        return TrialEnded(trial, replace(ended.result, test_seconds=120.0, export_seconds=80.0))


def test_a_search_ends_earlier_where_its_best_model_needs_more_after_it(tmp_path: Path) -> None:
    light, _, _ = run(tmp_path / "light", ScriptedEngine)
    heavy, outcome, _ = run(tmp_path / "heavy", HeavyEngine)
    assert outcome.stopped_by is StopReason.TIME
    assert len(heavy.engine.submitted) < 0.7 * len(light.engine.submitted)


def test_trials_are_told_what_is_kept_back_for_the_best_one(tmp_path: Path) -> None:
    search, _, _ = run(tmp_path / "run", HeavyEngine)
    told = [spec.time.kept_back for spec in search.engine.submitted]
    assert told[0] == 0.0
    assert told[-1] == pytest.approx(200.0)
    light, _, _ = run(tmp_path / "light", ScriptedEngine)
    assert {spec.time.kept_back for spec in light.engine.submitted} == {0.0}


def test_trials_are_told_how_much_time_the_search_has_left(tmp_path: Path) -> None:
    search, _, _ = run(tmp_path / "run", ScriptedEngine)
    told = [spec.time.left for spec in search.engine.submitted]
    assert all(left is not None and 0.0 < left < 500.0 for left in told)
    assert told == sorted(told, reverse=True)
    unlimited = Search(tmp_path / "unlimited", trials=2)
    unlimited.session()
    assert {spec.time.left for spec in unlimited.engine.submitted} == {None}


def test_a_search_without_a_complete_trial_says_what_took_the_time(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=10)
    clock = Clock(SearchBudget(None, 20.0), started=0.0, now=lambda: 15.0)
    outcome = search.session(clock=clock)
    assert outcome.stopped_by is StopReason.TIME
    assert clock.reserve() == 5.0 * EXPORT_IMPORTS  # an import of 15 s is still taken for 5
    assert outcome.message == (
        "No trial could be completed in --time 20 s: start-up took 15 s, and "
        f"{clock.reserve():.2g} s are kept for the export; give more --time."
    )


def test_a_reserve_never_takes_more_than_half() -> None:
    clock = Clock(SearchBudget(None, 10.0), started=0.0, now=lambda: 0.0)
    assert clock.reserve() == 5.0
    assert clock.left() == 10.0
    assert clock.left_for_trials() == pytest.approx(5.0)


def test_a_specification_with_a_deadline_survives_its_json_form(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=1)
    search.session()
    spec = replace(search.engine.submitted[0], time=TrialTime(left=12.5, kept_back=1.5))
    assert from_form(TrialSpec, to_form(spec)) == spec


class CostlyEngine(ScriptedEngine):
    """Each trial took 80 seconds."""

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        ended = super()._end(trial, spec, epoch)
        return TrialEnded(trial, replace(ended.result, seconds=80.0))


def test_no_trial_is_begun_in_much_less_than_the_best_one_took(tmp_path: Path) -> None:
    costly, outcome, _ = run(tmp_path / "costly", CostlyEngine)
    assert outcome.stopped_by is StopReason.TIME
    assert costly.engine.submitted[-1].time.left > 80.0 / 4
    light, _, _ = run(tmp_path / "light", ScriptedEngine)
    assert light.engine.submitted[-1].time.left < 80.0 / 4


class SlowLater(ScriptedEngine):
    """Of trials from the third on, far too few epochs would fit."""

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        if isinstance(trial, str) or trial < 2:
            return super()._end(trial, spec, epoch)
        del self._playing[trial]
        return TrialEnded(trial, TrialResult(TrialState.PRUNED, reason="it was pruned: too few"))


def test_what_is_given_up_in_its_first_epoch_is_pruned_and_the_search_goes_on(
    tmp_path: Path,
) -> None:
    search, outcome, record = run(tmp_path / "run", SlowLater)
    assert outcome.stopped_by is StopReason.TIME
    later = [trial for trial in record.trials if isinstance(trial.trial, int) and trial.trial > 1]
    assert len(later) > 5
    assert {(trial.state, trial.score) for trial in later} == {(TrialState.PRUNED, None)}
    rows = {row.trial: row for row in leaderboard(record)}
    assert all(rows[trial.trial].rank is None for trial in later)
    told = [spec.time.leader_epochs for spec in search.engine.submitted]
    assert told[0] == 0 and told[-1] > 0
