"""Trials compared at equal seconds, and the share of the search that one of them may take."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.trial import TrialResult, TrialState
from automl.tuning.budget import TRIAL_SHARE, Clock, SearchBudget
from automl.tuning.pruners.by_time import LEAST_PEERS, EqualSeconds


def peers(
    direction: str = "minimize", count: int = LEAST_PEERS, least: float = 0.0
) -> EqualSeconds:
    """Trials that have reached 0.5, 0.4, ... after 1, 2, ... s and are over after 5 s."""
    made = EqualSeconds(direction, least)
    sign = 1.0 if direction == "minimize" else -1.0
    for trial in range(count):
        for second in range(1, 6):
            made.report(trial, second, sign * (0.6 - 0.1 * second))
        made.end(trial)
    return made


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_what_is_behind_nearly_all_at_equal_seconds_is_pruned(direction: str) -> None:
    sign = 1.0 if direction == "minimize" else -1.0
    made = peers(direction)
    made.report(9, 2.5, sign * 0.45)  # one slow epoch; the others were at 0.4 by then
    assert made.should_prune(9)
    made = peers(direction)
    made.report(9, 1.5, sign * 0.45)  # as good an epoch in less time: the others were at 0.5
    assert not made.should_prune(9)
    made.report(9, 8.0, sign * 0.15)  # what is over keeps what it has reached, 0.1
    assert made.should_prune(9)


def test_few_peers_or_little_time_decide_nothing() -> None:
    made = peers(count=LEAST_PEERS - 1)
    made.report(9, 2.5, 9.0)
    assert not made.should_prune(9)
    made = peers(least=3.0)
    made.report(9, 2.5, 9.0)
    assert not made.should_prune(9)
    assert not made.should_prune(17)


def test_a_running_peer_counts_only_up_to_where_it_is() -> None:
    made = EqualSeconds("minimize", 0.0)
    for trial in range(LEAST_PEERS):
        made.report(trial, 1.0, 0.1)  # still running: nothing is known of them after 2.5 s
    made.report(9, 2.5, 9.0)
    assert not made.should_prune(9)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=False), min_size=1, max_size=8))
def test_the_best_of_all_is_never_pruned(scores: list[float]) -> None:
    made = EqualSeconds("minimize", 0.0)
    for trial, score in enumerate(scores):
        made.report(trial, 1.0, score)
        made.end(trial)
    known = [score for score in scores if not math.isnan(score)]
    if known:
        assert not made.should_prune(scores.index(min(known)))


def clock(seconds: float | None) -> Clock:
    return Clock(SearchBudget(None if seconds else 5, seconds), now=lambda: 0.0)


def test_one_trial_has_a_share_of_the_worker_seconds() -> None:
    held = clock(100.0)
    assert held.share_of_a_trial(1, None) == 100.0 * TRIAL_SHARE
    assert held.share_of_a_trial(4, None) == 400.0 * TRIAL_SHARE
    assert clock(None).share_of_a_trial(4, None) is None


def test_a_trial_may_take_as_long_as_the_best_has() -> None:
    leader = TrialResult(TrialState.COMPLETED, score=0.1, seconds=40.0)
    assert clock(100.0).share_of_a_trial(1, leader) == 40.0
