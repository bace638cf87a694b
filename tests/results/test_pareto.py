"""The Pareto front of a leaderboard: what no other model beats in everything asked about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import RequestError
from automl.results.leaderboard import LeaderboardRow
from automl.results.pareto import CRITERIA, pareto_front, read_criteria

ROW = LeaderboardRow(
    rank=1,
    trial=0,
    state="completed",
    score=0.1,
    metrics={},
    config={},
    epochs=3,
    best_epoch=2,
    seconds=1.0,
    parameters=10,
    seed=1,
    verdict=None,
    reason="",
)


def rows_of(values: list[tuple[int, int]]) -> list[LeaderboardRow]:
    """A leaderboard in order, with numbers of weights and seconds."""
    return [
        replace(ROW, rank=rank, trial=rank, parameters=parameters, seconds=float(seconds))
        for rank, (parameters, seconds) in enumerate(values, 1)
    ]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=20))
def test_each_row_is_on_the_front_or_beaten_by_one_that_is(values: list[tuple[int, int]]) -> None:
    rows = rows_of(values)
    front, _ = pareto_front(rows, ("score", "parameters", "seconds"))
    places = {row.trial: (row.rank, row.parameters, row.seconds) for row in rows}
    on_it = {row.trial for row in front}
    for trial, place in places.items():
        beaten = [
            other
            for other in on_it
            if places[other] != place
            and all(a <= b for a, b in zip(places[other], place, strict=True))
        ]
        assert bool(beaten) == (trial not in on_it)


def test_equals_are_on_the_front_together() -> None:
    front, note = pareto_front(rows_of([(7, 3), (7, 3), (8, 3)]), ("parameters", "seconds"))
    assert [row.trial for row in front] == [1, 2]
    assert note == "On the Pareto front of parameters and seconds: 2 of 3 models."


def test_only_networks_with_a_rank_are_compared() -> None:
    rows = [
        replace(ROW, parameters=50),
        replace(ROW, rank=2, trial="majority", parameters=1),
        replace(ROW, rank=3, trial="linear", config={"optimizer": "adam"}, parameters=20),
        replace(ROW, rank=4, trial="ensemble", members={"0": 1.0}, parameters=100),
        replace(ROW, rank=None, trial=7, state="pruned", parameters=2),
    ]
    front, note = pareto_front(rows, ("score", "parameters"))
    assert [row.trial for row in front] == [0, "linear"]
    assert "2 of 3 models" in note


def test_what_has_no_latency_is_not_on_a_front_of_it() -> None:
    rows = [replace(ROW), replace(ROW, rank=2, latency={"1": 2.5})]
    front, _ = pareto_front(rows, ("score", "latency"))
    assert [row.rank for row in front] == [2]


def test_criteria_are_read_from_a_text_or_a_list() -> None:
    assert read_criteria("score, Parameters,score") == ("score", "parameters")
    assert read_criteria(list(CRITERIA)) == tuple(CRITERIA)


@pytest.mark.parametrize(
    ("given_text", "told"),
    [
        ("score,parametres", r"'parametres'; did you mean 'parameters'"),
        ("score", "two criteria or more"),
        ("", "two criteria or more"),
    ],
)
def test_what_cannot_be_criteria(given_text: str, told: str) -> None:
    with pytest.raises(RequestError, match=told):
        read_criteria(given_text)
