"""Pruners that keep their peers in order decide as plain rules that look at every peer."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from statistics import median

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState, create_trial

from automl.results.journal import JournalFile
from automl.tuning.pruners.base import CurvePruner
from automl.tuning.pruners.learning_curve import LearningCurve
from automl.tuning.pruners.peers import Peers, Rivals
from automl.tuning.pruners.rules import AshaPruner, MedianPruner, PatientPruner
from automl.tuning.storage import RunStorage

EPOCHS = 12
Rule = Callable[[LearningCurve, Sequence[LearningCurve]], bool]

losses = st.one_of(st.integers(-3, 3).map(float), st.just(math.inf))
bests = st.lists(losses, min_size=1, max_size=EPOCHS).map(
    lambda values: [min(values[: n + 1]) for n in range(len(values))]
)
# Whether a peer runs, was pruned or has completed.
peers_given = st.lists(st.tuples(bests, st.sampled_from(["running", "pruned", "completed"])))


def at(epoch: int, peers: Sequence[LearningCurve]) -> list[float]:
    return [value for peer in peers if (value := peer.at(epoch)) is not None]


def plain_median(curve: LearningCurve, peers: Sequence[LearningCurve]) -> bool:
    values = at(curve.epoch, [peer for peer in peers if peer.completed])
    return len(values) >= 5 and curve.best[-1] > median(values)


def plain_halving(
    curve: LearningCurve, peers: Sequence[LearningCurve], first: int, start_up: int
) -> bool:
    rungs = [first * 3**n for n in range(5) if first * 3**n < EPOCHS]
    values = sorted([curve.best[-1], *at(curve.epoch, peers)])
    if curve.epoch not in rungs or len(values) < start_up:
        return False
    return curve.best[-1] > values[max(1, len(values) // 3) - 1]


MEDIAN = MedianPruner(direction="minimize", warm_up=2)


CASES: dict[str, tuple[CurvePruner, Rule]] = {
    "median": (MEDIAN, plain_median),
    "patient": (
        PatientPruner(MEDIAN, direction="minimize", patience=2),
        lambda c, p: c.best[-1] >= c.best[-3] and plain_median(c, p),
    ),
    "asha": (
        AshaPruner(direction="minimize", epochs=EPOCHS, first=2, eta=3),
        lambda c, p: plain_halving(c, p, 2, 3),
    ),
}


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=150, deadline=None)
@given(given_peers=peers_given, own=bests, seed=st.integers(0, 99))
def test_decides_as_the_plain_rule(
    case: str, given_peers: list[tuple[list[float], str]], own: list[float], seed: int
) -> None:
    pruner, rule = CASES[case]
    curves = [
        LearningCurve(n, best, kind == "completed") for n, (best, kind) in enumerate(given_peers)
    ]
    running = [c for c, (_, kind) in zip(curves, given_peers, strict=True) if kind == "running"]
    ended = [curve for curve in curves if curve not in running]
    random.Random(seed).shuffle(ended)
    peers = Peers(running=running)
    for epoch in range(1, len(own) + 1):
        # Some peers end between two questions, so orders are begun anew and also kept.
        share = len(ended) * epoch // len(own)
        for curve in ended[len(ended) * (epoch - 1) // len(own) : share]:
            peers.add(curve)
        curve = LearningCurve(len(curves), own[:epoch], completed=False)
        known = [*ended[:share], *running]
        protected = epoch <= pruner.warm_up
        wanted = not protected and (math.isinf(own[epoch - 1]) or rule(curve, known))
        assert pruner.stops(curve, peers) == wanted


@given(ended=st.lists(losses), running=st.lists(losses, max_size=4), loss=losses)
def test_rivals_are_counted_and_halved_as_a_list_is(
    ended: list[float], running: list[float], loss: float
) -> None:
    rivals, both = Rivals(sorted(ended), running), [*ended, *running]
    assert len(rivals) == len(both)
    assert rivals.better_than(loss) == sum(value < loss for value in both)
    if both:
        assert rivals.median() == median(both)


@settings(max_examples=25, deadline=None)
@given(
    record=st.lists(st.tuples(bests, st.sampled_from(["pruned", "completed"])), max_size=15),
    own=bests,
    seed=st.integers(0, 99),
)
@pytest.mark.parametrize("case", CASES)
def test_who_followed_the_run_decides_as_who_opens_it(
    case: str,
    record: list[tuple[list[float], str]],
    own: list[float],
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    follower, rule = CASES[case]
    path = tmp_path_factory.mktemp("run") / "study.log"
    study = optuna.create_study(storage=RunStorage(JournalFile(path)), study_name="run")
    trials = [study.ask() for _ in range(len(record) + 1)]
    order = list(enumerate(record))
    random.Random(seed).shuffle(order)  # trials end in any order
    asking = create_trial(
        state=TrialState.RUNNING, intermediate_values=dict(enumerate(own, start=1))
    )
    asking.number = len(record)
    for number, (best, kind) in order:
        for epoch, value in enumerate(best, start=1):
            study._storage.set_trial_intermediate_value(trials[number]._trial_id, epoch, value)
        follower.prune(study, asking)
        state = TrialState.COMPLETE if kind == "completed" else TrialState.PRUNED
        values = [0.0] if kind == "completed" else None
        study._storage.set_trial_state_values(trials[number]._trial_id, state, values)
    reopened = optuna.load_study(study_name="run", storage=RunStorage(JournalFile(path)))
    in_memory = optuna.create_study()
    in_memory.add_trials(study.trials[:-1])
    answers = {follower.prune(other, asking) for other in (study, reopened, in_memory)}
    peers = [LearningCurve(n, best, kind == "completed") for n, (best, kind) in enumerate(record)]
    curve = LearningCurve(len(record), own, completed=False)
    wanted = len(own) > follower.warm_up and (math.isinf(own[-1]) or rule(curve, peers))
    assert answers == {wanted}
