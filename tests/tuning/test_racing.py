"""The race of finalists: who is trained again, in which order, and who is out."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from automl.results.scorings import FinalistScoring
from automl.trial import TrialResult, TrialState
from automl.tuning.race_time import USABLE_SHARE, TimeLeft
from automl.tuning.racing import (
    MOST_SCORINGS,
    Entrants,
    Race,
    Start,
    affordable,
    choose_finalists,
    ranked_for_race,
)

FOLDS = tuple(f"fold-{number}" for number in range(1, 6))


def done(start: Start, score: float | None, views: int = 1) -> FinalistScoring:
    state = TrialState.FAILED if score is None else TrialState.COMPLETED
    result = TrialResult(state, score=score)
    where = (start.trial, start.number, start.view, views)
    return FinalistScoring(*where, 0, result, cross_fitted=True)


def run(race: Race, score: object, views: int = 1) -> list[Start]:
    """Trains all that a race asks for; ``score(start)`` says what each comes to."""
    order = []
    while pending := race.pending():
        order.append(pending[0])
        race.add(done(pending[0], score(pending[0]), views))  # type: ignore[operator]
    return order


def test_few_trials_have_no_finalists() -> None:
    assert choose_finalists([3, 1, 0, 2], 4, 4, 0) == ()
    assert choose_finalists([3], 40, 4, 0) == ()
    assert choose_finalists(range(50), 50, 0, 0) == ()


def test_the_default_is_always_among_them() -> None:
    ranked = [*range(20, 0, -1), 0]
    assert choose_finalists(ranked, 21, 4, 0) == (20, 19, 18, 17, 0)
    assert choose_finalists([0, *range(1, 20)], 20, 3, 0) == (0, 1, 2)
    assert choose_finalists(list(range(1, 7)), 9, 4, 0) == (1, 2)  # it has not completed


def test_pruned_trials_count_among_how_many_the_best_was_chosen() -> None:
    assert choose_finalists([5, 0, 3], 5, 4, 0) == (5, 0)
    assert choose_finalists([5, 0, 3], 30, 4, 0) == (5, 0, 3)


def test_there_are_as_many_finalists_as_their_first_round_has_time_for() -> None:
    results = {
        number: TrialResult(TrialState.COMPLETED, score=1.0, seconds=10.0) for number in range(5)
    }
    results[3] = TrialResult(TrialState.PRUNED, score=1.0, folds=(1.0,), seconds=10.0)
    chosen = (4, 0, 1, 2)

    def kept(finalists: tuple[int, ...], seconds: float | None, slots: int = 1) -> tuple[int, ...]:
        left = TimeLeft(None if seconds is None else seconds / USABLE_SHARE, slots)
        return affordable(finalists, results, 5, left, default=0).finalists

    assert kept(chosen, None) == chosen
    assert kept(chosen, 40.01) == chosen
    assert kept(chosen, 39.0) == (4, 0, 1)
    assert kept(chosen, 25.0) == (4, 0)
    assert kept(chosen, 12.51, slots=2) == (4, 0)
    assert kept(chosen, 19.0) == kept(chosen, -5.0) == ()
    assert kept((4, 3), 59.0) == ()  # four more folds
    assert kept((4, 3), 60.01) == (4, 3)


def test_fewer_finalists_with_an_error_are_preferred_to_more_without() -> None:
    results = {
        number: TrialResult(TrialState.COMPLETED, score=1.0, seconds=10.0) for number in range(4)
    }

    def kept(seconds: float) -> tuple[int, ...]:
        left = TimeLeft(seconds / USABLE_SHARE, slots=2)
        return affordable((3, 2, 1, 0), results, 1, left, default=0).finalists

    assert kept(40.01) == (3, 2, 1, 0)
    assert kept(30.01) == (3, 2, 0)
    assert kept(20.01) == (3, 0)
    assert kept(19.0) == (3, 2, 0)  # no time for two of each of two: one of each of three
    assert kept(10.01) == (3, 0)
    assert kept(9.0) == ()


def test_what_is_trained_already_takes_no_time() -> None:
    results = {
        number: TrialResult(TrialState.COMPLETED, score=1.0, seconds=10.0) for number in (0, 1)
    }
    trained = [done(Start(trial, 1, "holdout"), 0.5) for trial in (0, 1)]
    assert affordable((1, 0), results, 1, TimeLeft(-1.0, 2), 0) == Entrants()
    assert affordable((1, 0), results, 1, TimeLeft(-1.0, 2), 0, trained) == Entrants((1, 0))


def test_one_long_training_is_not_shared_by_workers() -> None:
    results = {
        0: TrialResult(TrialState.COMPLETED, score=1.0, seconds=1.0),
        1: TrialResult(TrialState.COMPLETED, score=1.0, seconds=100.0),
    }
    assert affordable((1, 0), results, 1, TimeLeft(80.0, 8), 0) == Entrants()


def test_each_training_may_take_as_much_longer_as_all_of_them_can() -> None:
    results = {
        0: TrialResult(TrialState.COMPLETED, score=1.0, seconds=2.0),
        1: TrialResult(TrialState.COMPLETED, score=1.0, seconds=6.0),
    }
    assert affordable((1, 0), results, 1, TimeLeft(12.0, 2), 0).seconds == {0: 3.0, 1: 9.0}
    assert affordable((1, 0), results, 1, TimeLeft(None, 2), 0) == Entrants((1, 0))


def test_trials_pruned_between_folds_are_compared_on_the_folds_that_they_have() -> None:
    def over(*folds: float, state: TrialState = TrialState.COMPLETED) -> TrialResult:
        return TrialResult(state, score=sum(folds) / len(folds), folds=folds)

    pruned = TrialState.PRUNED
    results = {
        0: over(0.5, 0.1),
        1: over(0.9, 0.9),
        2: over(0.52, state=pruned),  # hardly behind on the fold that is hard for all
        3: TrialResult(pruned, score=0.2),  # in its first fold
        4: TrialResult(TrialState.FAILED),
        5: over(math.inf, state=pruned),
    }
    assert ranked_for_race(results, "minimize") == [0, 2, 1]
    assert ranked_for_race({4: results[4], 2: results[2]}, "minimize") == []


def test_rounds_go_on_until_the_leader_is_alone() -> None:
    floor = {1: 0.0, 2: 5.0, 3: 0.01}
    order = run(
        Race([1, 2, 3], ["holdout"], "minimize"),
        lambda start: floor[start.trial] + 0.001 * (start.number * start.trial) ** 2,
    )
    rounds = {trial: sum(start.trial == trial for start in order) for trial in floor}
    assert rounds == {1: MOST_SCORINGS, 2: 3, 3: MOST_SCORINGS}


def test_who_is_alone_is_trained_no_more() -> None:
    order = run(Race([1, 2], ["holdout"], "maximize"), lambda start: start.trial + start.number)
    assert len(order) == 2 * 3


def test_rounds_before_which_nobody_is_told_apart_are_trained_together() -> None:
    race = Race([1, 2], ["holdout"], "minimize")
    starts = [Start(trial, number, "holdout") for number in (1, 2, 3) for trial in (1, 2)]
    assert race.pending() == starts
    race.add(done(starts[0], 0.5))
    race.add(done(starts[3], 0.4))
    assert race.pending() == [starts[1], starts[2], *starts[4:]]
    assert race.leader() == (2, 0.4, 1)
    assert (race.done, race.most) == (2, 2 * MOST_SCORINGS)


def test_scores_count_once_each_finalist_has_a_whole_round_or_has_failed() -> None:
    race = Race([1, 2], FOLDS[:2], "minimize")
    assert not race.counts
    for trial, view in ((1, FOLDS[0]), (1, FOLDS[1]), (2, FOLDS[0])):
        race.add(done(Start(trial, 1, view), 0.5, views=2))
        assert not race.counts
    race.add(done(Start(2, 1, FOLDS[1]), None, views=2))
    assert race.counts


def test_five_folds_are_one_round() -> None:
    order = run(Race([1, 2], FOLDS, "minimize"), lambda start: float(start.trial), views=5)
    assert order == [Start(trial, 1, view) for trial in (1, 2) for view in FOLDS]


def test_a_finalist_that_fails_is_out() -> None:
    order = run(
        Race([1, 2, 3], ["holdout"], "minimize"),
        lambda start: None if start.trial == 2 else start.trial + (start.number % 2) * 9.0,
    )
    assert [start.trial for start in order].count(2) == 1
    assert [start.trial for start in order].count(3) >= 3


@given(st.data(), st.integers(2, 4), st.sampled_from([("holdout",), FOLDS[:2], FOLDS]))
def test_a_race_that_is_cut_off_goes_on_as_if_it_had_not_been(
    data: st.DataObject, finalists: int, views: tuple[str, ...]
) -> None:
    scores = st.one_of(st.none(), st.floats(0, 10))
    table: dict[Start, float | None] = {}

    def score(start: Start) -> float | None:
        if start not in table:
            table[start] = data.draw(scores)
        return table[start]

    whole = run(Race(range(finalists), views, "minimize"), score, len(views))
    cut = data.draw(st.integers(0, len(whole)))
    kept = [done(start, table[start], len(views)) for start in whole[:cut]]
    rest = run(Race(range(finalists), views, "minimize", kept), score, len(views))
    assert rest == whole[cut:]
    assert len(whole) <= finalists * len(views) * max(1, math.ceil(MOST_SCORINGS / len(views)))
