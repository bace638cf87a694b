"""The ranking of trials that are over: the order, and whose models are kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.data.metrics import better
from automl.trial import TrialResult, TrialState
from automl.tuning.ranking import Ranking

SCORES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), max_size=12)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@given(data=st.data(), scores=SCORES, keep=st.integers(1, 4))
def test_the_best_keep_their_models_in_whatever_order_trials_end(
    direction: str, data: st.DataObject, scores: list[float], keep: int
) -> None:
    ranking = Ranking(direction, keep)
    models: set[int] = set()
    for number in data.draw(st.permutations(range(len(scores)))):
        threshold = ranking.keep_threshold(number)
        if threshold is None or better(scores[number], threshold, direction):
            models.add(number)
        ranking.add(number, TrialResult(TrialState.COMPLETED, score=scores[number]))
        models -= ranking.without_model(number)
    sign = 1 if direction == "minimize" else -1
    ranked = sorted(range(len(scores)), key=lambda number: (sign * scores[number], number))
    assert [number for number, _ in ranking.best(99)] == ranked
    assert models == set(ranked[:keep])


def test_the_leader_is_the_best_trial() -> None:
    ranking = Ranking("maximize", 1)
    assert ranking.leader is None
    results = [TrialResult(TrialState.COMPLETED, score=score) for score in (0.5, 0.9, 0.7)]
    for number, result in enumerate(results):
        ranking.add(number, result)
    assert ranking.leader is results[1]


def test_what_did_not_complete_is_counted_and_keeps_no_model() -> None:
    ranking = Ranking("minimize", 2)
    ranking.add(0, TrialResult(TrialState.COMPLETED, score=1.0))
    ranking.add(1, TrialResult(TrialState.FAILED))
    assert ranking.without_model(1) == {1}
    ranking.add(2, TrialResult(TrialState.PRUNED, score=0.5))
    assert ranking.best(5) == [(0, 1.0)]
    assert ranking.counts == {
        TrialState.COMPLETED: 1,
        TrialState.FAILED: 1,
        TrialState.PRUNED: 1,
    }
