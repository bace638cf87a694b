"""How a search's time is divided between its trials and the race of its finalists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.tuning.race_time import (
    FINALIST_SHARE,
    LEAST_FINALISTS,
    MOST_FINALIST_SHARE,
    USABLE_SHARE,
    RaceTime,
    TimeLeft,
    seconds_for,
)


def test_trainings_are_shared_by_slots_but_none_is_divided() -> None:
    assert seconds_for([3.0, 3.0, 3.0], 1) == pytest.approx(9.0 / USABLE_SHARE)
    assert seconds_for([3.0, 3.0, 3.0], 3) == pytest.approx(3.0 / USABLE_SHARE)
    assert seconds_for([3.0, 3.0, 3.0], 8) == pytest.approx(3.0 / USABLE_SHARE)
    assert seconds_for([], 2) == 0.0


def test_time_is_kept_for_two_scorings_of_two_finalists() -> None:
    assert RaceTime(2, 1).kept(100.0, 1.0) == FINALIST_SHARE * 100.0
    assert RaceTime(2, 1).kept(100.0, 12.0) == pytest.approx(24.0 / USABLE_SHARE)
    assert RaceTime(4, 1).kept(100.0, 24.0) == pytest.approx(24.0 / USABLE_SHARE)
    assert RaceTime(2, 5).kept(100.0, 24.0) == pytest.approx(24.0 / USABLE_SHARE)  # five each
    # Where there is time for one of each only, that is kept; where for none, nothing is.
    assert RaceTime(2, 1).kept(100.0, 28.0) == pytest.approx(28.0 / USABLE_SHARE)
    assert RaceTime(2, 1).kept(100.0, 31.0) == 0.0


@given(
    st.integers(1, 16),
    st.integers(1, 10),
    st.floats(20.0, 1e5),
    st.floats(0.0, 1.0),
)
def test_the_longest_trial_leaves_time_to_train_it_again(
    slots: int, views: int, whole: float, share: float
) -> None:
    time, left = RaceTime(slots, views), share * whole
    longest = time.longest_trial(whole, left)
    kept = time.kept(whole, longest)
    assert kept <= MOST_FINALIST_SHARE * whole
    costs = [longest / views] * (LEAST_FINALISTS * time.least_rounds * views)
    assert TimeLeft(kept, slots).has_room_for(costs)
    assert TimeLeft(left - longest, slots).has_room_for(costs)
