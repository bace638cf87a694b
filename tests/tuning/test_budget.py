"""The clock of a search: what is kept back for the export."""

from __future__ import annotations

import pytest

from automl.trial import TrialResult, TrialState
from automl.tuning.budget import (
    BOOSTING_SHARE,
    ENSEMBLE_MODELS,
    EXPORT_IMPORTS,
    EXPORT_RESERVE,
    EXPORT_SHARE,
    LEAST_FOR_TEST_ROWS,
    LIKELY_IMPORT,
    TRIAL_SHARE,
    Clock,
    SearchBudget,
)
from automl.tuning.race_time import RaceTime, TimeLeft


def left(seconds: float, imports: float) -> float:
    clock = Clock(
        SearchBudget(None, seconds), started=0.0, now=lambda: 0.0, import_seconds=lambda: imports
    )
    time_left = clock.left_for_trials()
    assert time_left is not None
    return time_left


def test_a_slow_machine_keeps_more_time_back_for_the_export() -> None:
    assert left(60.0, 0.0) == 60.0 - EXPORT_RESERVE
    assert left(60.0, 1.0) == 60.0 - EXPORT_RESERVE
    assert left(60.0, 8.0) == 60.0 - 8.0 * EXPORT_IMPORTS
    assert left(3600.0, 8.0) == pytest.approx(3600.0 * 0.98)


def test_what_the_best_model_needs_is_kept_back() -> None:
    clock = Clock(SearchBudget(None, 60.0), started=0.0, now=lambda: 0.0)
    clock.keep_back_for(None)
    assert (clock.reserve(), clock.kept_for_leader()) == (EXPORT_RESERVE, 0.0)
    clock.keep_back_for(TrialResult(TrialState.COMPLETED, test_seconds=3.0, export_seconds=4.0))
    assert (clock.reserve(), clock.kept_for_leader()) == (EXPORT_RESERVE + 7.0, 7.0)
    clock.keep_back_for(TrialResult(TrialState.COMPLETED, test_seconds=3e9))
    assert (clock.reserve(), clock.kept_for_leader()) == (30.0, 30.0 - EXPORT_RESERVE)
    clock.keep_back_for(TrialResult(TrialState.COMPLETED))
    assert clock.reserve() == EXPORT_RESERVE


def test_an_ensemble_is_kept_more_for_where_its_models_take_long_to_score() -> None:
    time = RaceTime(slots=2, views=1)
    clock = Clock(SearchBudget(None, 600.0), started=0.0, now=lambda: 0.0, finalists=time)
    before = clock.reserve()
    clock.keep_back_for(TrialResult(TrialState.COMPLETED, test_seconds=20.0))
    assert clock.reserve() == before + 20.0 + ENSEMBLE_MODELS * 20.0
    assert clock.kept_for_leader() == 20.0


def test_boosting_is_given_a_small_share_for_being_trained_once_more() -> None:
    clock = Clock(SearchBudget(None, 200.0), started=0.0, now=lambda: 0.0)
    before = clock.reserve()
    clock.keep_back_for_boosting(7.0)
    assert clock.reserve() == before + 7.0
    clock.keep_back_for_boosting(70.0)
    assert clock.reserve() == before + BOOSTING_SHARE * 200.0


def test_the_test_rows_get_what_the_export_leaves() -> None:
    passed = [40.0]
    clock = Clock(SearchBudget(None, 60.0), started=0.0, now=lambda: passed[0])
    clock.keep_back_for(TrialResult(TrialState.COMPLETED, test_seconds=9.0, export_seconds=4.0))
    export = EXPORT_SHARE * (LIKELY_IMPORT * EXPORT_IMPORTS + 4.0)
    assert clock.left_for_test_rows() == 20.0 - export
    passed[0] = 70.0
    assert clock.left_for_test_rows() == LEAST_FOR_TEST_ROWS
    assert Clock(SearchBudget(9)).left_for_test_rows() is None


def test_trials_get_half_of_a_short_time_at_least() -> None:
    assert left(10.0, 30.0) == 5.0


def test_an_import_that_goes_on_is_taken_for_a_slow_one() -> None:
    passed = [0.0]
    clock = Clock(SearchBudget(None, 60.0), started=0.0, now=lambda: passed[0])
    assert clock.reserve() == EXPORT_RESERVE
    passed[0] = 4.0
    assert clock.reserve() == 4.0 * EXPORT_IMPORTS
    passed[0] = 50.0
    assert clock.reserve() < 15.0
    assert clock.slowness() == 1.0
    imports = 3.0 * EXPORT_RESERVE / EXPORT_IMPORTS
    slow = Clock(SearchBudget(None, 60.0), started=0.0, import_seconds=lambda: imports)
    assert slow.slowness() == pytest.approx(3.0)


def test_time_is_kept_for_finalists_and_more_where_the_best_trial_took_longer() -> None:
    time = RaceTime(slots=2, views=1)
    clock = Clock(SearchBudget(None, 100.0), started=0.0, now=lambda: 0.0, finalists=time)
    whole = 100.0 - clock.reserve()
    assert clock.left_for_finalists() == whole

    def left(leader_seconds: float) -> float | None:
        clock.keep_back_for(TrialResult(TrialState.COMPLETED, seconds=leader_seconds))
        return clock.left_for_trials()

    for seconds in (1.0, 10.0):
        assert left(seconds) == whole - time.kept(whole, seconds)
    assert left(90.0) == whole  # no time to train it again: trials have it
    short = Clock(SearchBudget(None, 20.0), started=0.0, now=lambda: 0.0, finalists=time)
    assert short.left_for_trials() == short.left_for_finalists()


def test_time_is_kept_for_the_rival_that_there_is() -> None:
    time, whole = RaceTime(slots=2, views=1), 3400.0
    # 554 s for the best one, 890 for the next: two of the best's length would fit, these do not.
    assert time.kept(whole, 554.0) == pytest.approx(554.0 / 0.75)
    kept = time.kept(whole, 554.0, [890.0])
    assert kept == pytest.approx(890.0 / 0.75)
    costs = [554.0, 890.0]
    assert TimeLeft(kept, 2).has_room_for(costs) and not TimeLeft(kept - 1.0, 2).has_room_for(costs)
    assert time.kept(whole, 554.0, [1200.0, 890.0]) == kept  # another one, which is shorter
    assert time.kept(whole, 554.0, [1200.0]) == 0.0  # there would be no race: trials have it


def test_a_trial_that_becomes_the_best_can_be_trained_again() -> None:
    passed = [0.0]
    time = RaceTime(slots=2, views=1)
    clock = Clock(SearchBudget(None, 80.0), started=0.0, now=lambda: passed[0], finalists=time)
    for begun in (0.0, 20.0, 40.0):
        passed[0] = begun
        share = clock.share_of_a_trial(2, None)
        assert share is not None and 1.0 < share < 80.0 * TRIAL_SHARE * 2
        passed[0] = begun + share
        left = clock.left_for_finalists()
        assert left is not None and time.needed([share] * 2, time.least_rounds) <= left
        clock.keep_back_for(TrialResult(TrialState.COMPLETED, seconds=share))
        kept = (clock.left_for_finalists() or 0.0) - (clock.left_for_trials() or 0.0)
        assert kept >= time.needed([share] * 2, time.least_rounds)
        clock.keep_back_for(None)
    without = Clock(SearchBudget(None, 80.0), started=0.0, now=lambda: 0.0)
    assert without.share_of_a_trial(2, None) == 80.0 * TRIAL_SHARE * 2
