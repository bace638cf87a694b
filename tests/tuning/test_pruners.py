"""Pruners: a decision is a function of the curves, and nothing is left behind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial, TrialState, create_trial

from automl.engines.ask_policy import AskPolicy
from automl.errors import RequestError
from automl.trial import EpochReport, TrialBudget, TrialSpec
from automl.tuning.pruners import PRUNERS, default_pruner, make_pruner, protected_epochs
from automl.tuning.pruners.base import CurvePruner
from automl.tuning.pruners.fold_rules import FOLD_PRUNERS
from automl.tuning.pruners.learning_curve import learning_curve
from automl.tuning.pruners.peers import Peers
from automl.tuning.pruners.rules import AshaPruner, rungs

EPOCHS = 20
RULES = [name for name in PRUNERS if name not in ("none", *FOLD_PRUNERS)]

losses = st.one_of(st.floats(-100, 100), st.sampled_from([math.nan, math.inf]))
curves = st.lists(losses, min_size=1, max_size=EPOCHS)
states = st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING])
records = st.lists(st.tuples(curves, states), max_size=25)


def by_epoch(values: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(values, start=1))


def make_study(
    record: Sequence[tuple[Sequence[float], TrialState]], direction: str = "minimize"
) -> optuna.Study:
    study = optuna.create_study(direction=direction)
    sign = 1 if direction == "minimize" else -1
    for values, state in record:
        study.add_trial(
            create_trial(
                value=0.0 if state == TrialState.COMPLETE else None,
                state=state,
                intermediate_values=by_epoch([sign * value for value in values]),
            )
        )
    return study


def asking(number: int, values: Mapping[int, float]) -> FrozenTrial:
    trial = create_trial(state=TrialState.RUNNING, intermediate_values=dict(values))
    trial.number = number
    return trial


def pruner_for(name: str, direction: str = "minimize", **changes: int) -> optuna.pruners.BasePruner:
    asked = {"epochs": EPOCHS, "patience": 5, **changes}
    return make_pruner(name, direction=direction, **asked)


def answers(
    name: str,
    record: Sequence[tuple[Sequence[float], TrialState]],
    values: Sequence[float],
    direction: str = "minimize",
) -> list[bool]:
    """The answer after each epoch of one more trial, from one pruner."""
    study, pruner = make_study(record, direction), pruner_for(name, direction)
    sign = 1 if direction == "minimize" else -1
    return [
        pruner.prune(
            study, asking(len(record), by_epoch([sign * value for value in values[:epoch]]))
        )
        for epoch in range(1, len(values) + 1)
    ]


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40, deadline=None)
@given(record=records, values=curves)
def test_first_epochs_are_protected_and_answers_repeat(
    name: str, record: list[tuple[list[float], TrialState]], values: list[float]
) -> None:
    found = answers(name, record, values)
    assert not any(found[: protected_epochs(EPOCHS) - 1])
    # One pruner asked after every epoch, and a new one asked once, say the same.
    study = make_study(record)
    last = pruner_for(name).prune(study, asking(len(record), by_epoch(values)))
    assert last == found[-1]


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40, deadline=None)
@given(record=records, values=curves)
def test_direction_is_a_mirror(
    name: str, record: list[tuple[list[float], TrialState]], values: list[float]
) -> None:
    assert answers(name, record, values) == answers(name, record, values, "maximize")


def questions(
    name: str,
    record: Sequence[tuple[Sequence[float], TrialState]],
    values: Sequence[float],
    direction: str = "minimize",
    ahead: int = 4,
) -> list[bool]:
    """After which epochs a worker that is told thresholds ahead has to ask."""
    study, pruner = make_study(record, direction), pruner_for(name, direction)
    assert isinstance(pruner, CurvePruner)
    sign = 1 if direction == "minimize" else -1
    known = by_epoch([sign * value for value in values])
    number, budget = len(record), TrialBudget(EPOCHS, EPOCHS)
    thresholds = pruner.thresholds(study, asking(number, {}), ahead)
    spec = TrialSpec(number, {}, 0, budget, wait_for_answer=True, thresholds=thresholds)
    worker, asked = AskPolicy(spec, direction), []
    for epoch, score in known.items():
        asked.append(worker.has_to_ask(EpochReport(epoch, score, {})))
        if asked[-1]:
            so_far = asking(number, {key: known[key] for key in range(1, epoch + 1)})
            worker.answered(epoch, pruner.thresholds(study, so_far, ahead))
    return asked


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=100, deadline=None)
@given(record=records, values=curves, direction=st.sampled_from(["minimize", "maximize"]))
def test_a_worker_asks_wherever_it_could_be_told_to_stop(
    name: str, record: list[tuple[list[float], TrialState]], values: list[float], direction: str
) -> None:
    asked = questions(name, record, values, direction)
    told = answers(name, record, values, direction)
    assert not any(stop and not ask for stop, ask in zip(told, asked, strict=True))


def test_a_worker_does_not_ask_what_is_known_already() -> None:
    worse = [([9.0 - epoch / EPOCHS for epoch in range(EPOCHS)], TrialState.COMPLETE)] * 6
    good, bad = [1.0] * EPOCHS, [50.0] * EPOCHS
    first = protected_epochs(EPOCHS)
    none = [False] * EPOCHS
    for name in ("median", "patient"):
        assert questions(name, worse[:4], bad, ahead=EPOCHS) == none  # too few to compare with
        assert questions(name, worse, good, ahead=EPOCHS) == none
        assert any(questions(name, worse, bad, ahead=EPOCHS))
    at_rungs = [epoch in rungs(first, 3, EPOCHS) for epoch in range(1, EPOCHS + 1)]
    assert questions("asha", worse, good, ahead=EPOCHS) == at_rungs
    assert sum(questions("median", worse, good, ahead=4)) == EPOCHS // 5


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=40, deadline=None)
@given(record=records)
def test_the_best_trial_is_never_stopped(
    name: str, record: list[tuple[list[float], TrialState]]
) -> None:
    assert not any(answers(name, record, [-1000.0] * EPOCHS))


GOOD = [([1.0 / epoch for epoch in range(1, EPOCHS + 1)], TrialState.COMPLETE)] * 9


@pytest.mark.parametrize("name", RULES)
def test_a_bad_trial_is_stopped_after_the_first_epochs(name: str) -> None:
    found = answers(name, GOOD, [5.0] * EPOCHS)
    assert any(found)
    assert not found[0]


@pytest.mark.parametrize("name", RULES)
def test_a_trial_without_a_finite_value_is_stopped_even_if_alone(name: str) -> None:
    assert any(answers(name, [], [math.nan] * EPOCHS))
    assert any(answers(name, [], [math.nan, math.inf] * (EPOCHS // 2), "maximize"))


@pytest.mark.parametrize("name", RULES)
def test_what_was_given_beforehand_is_trained_to_its_end_unless_it_diverges(name: str) -> None:
    others = make_study([([1.0] * EPOCHS, TrialState.COMPLETE)] * 6)
    pruner = pruner_for(name)
    assert isinstance(pruner, CurvePruner)

    def trial_of(values: Mapping[int, float], given: bool) -> FrozenTrial:
        attributes = {"fixed_params": {"depth": 3}} if given else {}
        trial = create_trial(
            state=TrialState.RUNNING, intermediate_values=dict(values), system_attrs=attributes
        )
        trial.number = 6
        return trial

    def stops(value: float, given: bool) -> bool:
        values = by_epoch([value] * EPOCHS)
        known = [{key: values[key] for key in range(1, epoch + 1)} for epoch in values]
        return any(pruner.prune(others, trial_of(one, given)) for one in known)

    assert pruner.thresholds(others, trial_of({}, given=True), 3) == (math.inf,) * 3
    assert stops(50.0, given=False)
    assert not stops(50.0, given=True)
    assert stops(math.nan, given=True)


@pytest.mark.parametrize("name", RULES)
def test_nan_is_worst_among_the_others(name: str) -> None:
    diverged = [([math.nan] * EPOCHS, TrialState.COMPLETE)] * 9
    assert not any(answers(name, diverged, [5.0] * EPOCHS))


@pytest.mark.parametrize("name", PRUNERS)
@pytest.mark.parametrize("others", range(len(GOOD)))
def test_nothing_is_written_and_the_own_past_is_not_read(name: str, others: int) -> None:
    study = make_study([*GOOD[:others], ([0.0] * 12, TrialState.RUNNING)])
    before = [(t.system_attrs, t.user_attrs, t.intermediate_values) for t in study.trials]
    without = make_study(GOOD[:others])
    for values in ([5.0] * EPOCHS, [0.3] * EPOCHS):
        for epoch in range(1, EPOCHS + 1):
            trial = asking(others, by_epoch(values[:epoch]))
            assert pruner_for(name).prune(study, trial) == pruner_for(name).prune(without, trial)
    assert [(t.system_attrs, t.user_attrs, t.intermediate_values) for t in study.trials] == before
    assert study._storage.get_study_system_attrs(study._study_id) == {}


def test_one_pruner_follows_a_growing_study() -> None:
    pruner, study = pruner_for("asha"), optuna.create_study()
    bad = asking(3, by_epoch([5.0, 5.0]))
    assert not pruner.prune(study, bad)
    for trial in make_study(GOOD[:3]).trials:
        study.add_trial(trial)
    assert pruner.prune(study, bad)


def test_asha_lets_the_best_third_pass_a_rung() -> None:
    pruner = AshaPruner(direction="minimize", epochs=20, first=2, eta=3)
    assert pruner.rungs == (2, 6, 18)
    peers = Peers(
        ended=[
            learning_curve(n, by_epoch([9.0, float(n)]), minimize=True, completed=False)
            for n in range(8)
        ]
    )

    def stops(values: Sequence[float]) -> bool:
        return pruner.stops(
            learning_curve(8, by_epoch(values), minimize=True, completed=False), peers
        )

    assert not stops([9.0])  # no rung yet
    assert not stops([9.0, 1.5])  # third of nine
    assert stops([9.0, 2.5])  # fourth of nine
    assert not stops([1.5, 9.0])  # the best so far counts
    assert not stops([9.0, 9.0, 9.0])  # between two rungs


def test_asha_waits_for_company_at_a_rung() -> None:
    pruner = AshaPruner(direction="minimize", epochs=20, first=2, eta=3)
    better = [learning_curve(0, by_epoch([1.0, 1.0]), minimize=True, completed=True)]
    worse = learning_curve(2, by_epoch([2.0, 2.0]), minimize=True, completed=False)
    assert not pruner.stops(worse, Peers(ended=better))
    assert pruner.stops(worse, Peers(ended=better * 2))
    assert pruner.stops(worse, Peers(ended=better, running=better))


def test_a_trial_that_stopped_by_itself_keeps_its_score_at_later_epochs() -> None:
    done = learning_curve(0, by_epoch([3.0, 1.0, 2.0]), minimize=True, completed=True)
    cut = learning_curve(1, by_epoch([3.0, 1.0, 2.0]), minimize=True, completed=False)
    assert done.best == cut.best == [3.0, 1.0, 1.0]
    assert (done.at(10), cut.at(10), cut.at(2)) == (1.0, None, 1.0)


def test_epochs_without_a_value_carry_the_best_on() -> None:
    curve = learning_curve(0, {2: 0.5, 4: 0.7, 5: math.nan}, minimize=False, completed=False)
    assert curve.best == [math.inf, -0.5, -0.5, -0.7, -0.7]


def test_patient_waits_while_a_trial_improves() -> None:
    slowly = [5.0 - epoch / 100 for epoch in range(EPOCHS)]
    assert any(answers("median", GOOD, slowly))
    assert not any(answers("patient", GOOD, slowly))


@pytest.mark.parametrize("name", PRUNERS)
def test_one_epoch_is_never_stopped(name: str) -> None:
    pruner = pruner_for(name, epochs=1)
    assert not pruner.prune(make_study(GOOD), asking(9, {1: 9.0}))


@given(first=st.integers(1, 9), eta=st.integers(2, 5), epochs=st.integers(1, 500))
def test_rungs_lie_below_the_last_epoch(first: int, eta: int, epochs: int) -> None:
    found = rungs(first, eta, epochs)
    assert all(rung < epochs for rung in found)
    assert all(later == eta * rung for rung, later in pairwise(found))


def test_none_is_a_pruner_that_needs_no_answer() -> None:
    assert isinstance(pruner_for("none"), optuna.pruners.NopPruner)
    assert isinstance(pruner_for(default_pruner(True)), CurvePruner)
    assert isinstance(pruner_for(default_pruner(False)), CurvePruner)


def test_wrong_requests_say_the_way_out() -> None:
    with pytest.raises(RequestError, match=r"did you mean 'median'\?"):
        pruner_for("medain")
    with pytest.raises(RequestError, match=r"no pruner 'xyz'\. Choose one of asha, "):
        pruner_for("xyz")
    with pytest.raises(RequestError, match="epochs is 0"):
        pruner_for("asha", epochs=0)
    with pytest.raises(RequestError, match="patience is 0"):
        pruner_for("asha", patience=0)
    with pytest.raises(RequestError, match="'minimize' or 'maximize'"):
        pruner_for("asha", direction="down")
