"""TPE: Optuna's arithmetic on a bounded part of the record, the same whoever has followed it."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import RandomSampler, TPESampler
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_gamma, default_weights
from optuna.search_space.group_decomposed import _SearchSpaceGroup
from optuna.trial import FrozenTrial, TrialState, create_trial

from automl.tuning.samplers import tpe
from automl.tuning.samplers.observations import Groups, Observations
from automl.tuning.samplers.parzen import ParzenEstimator
from automl.tuning.samplers.study_view import RandomDraws, draw_seed
from automl.tuning.samplers.tpe import TpeSampler, good_count, recency_weights, thinned

optuna.logging.set_verbosity(optuna.logging.ERROR)

SPACE: dict[str, BaseDistribution] = {
    "choice": CategoricalDistribution(["a", "b", "c"]),
    "real": FloatDistribution(-1, 3),
    "log": FloatDistribution(1e-5, 1e-1, log=True),
    "stepped": FloatDistribution(0, 1, step=0.1),
    "integer": IntDistribution(0, 20),
    "sparse": IntDistribution(3, 30, step=3),
    "log_integer": IntDistribution(1, 500, log=True),
}


def observed(count: int, seed: int) -> dict[str, Any]:
    """Values of `SPACE` as Optuna represents them inside, shape (count,) each."""
    draws = RandomDraws(seed)
    return {
        key: np.array([d.to_internal_repr(draws.draw(n, key, d)) for n in range(count)])
        for key, d in SPACE.items()
    }


@pytest.mark.parametrize("count", [0, 1, 2, 7, 24, 25, 26, 60, 250])
def test_densities_and_draws_are_those_of_optuna(count: int) -> None:
    parameters = _ParzenEstimatorParameters(1.0, True, False, default_weights, True)
    values = observed(count, seed=count)
    theirs = _ParzenEstimator(values, SPACE, parameters)
    ours = ParzenEstimator(SPACE, values, recency_weights(count))
    drawn = theirs.sample(np.random.RandomState(1), 24)
    ours_drawn = ours.sample(np.random.RandomState(1), 24)
    for key in SPACE:
        assert ours_drawn[key] == pytest.approx(drawn[key], rel=1e-7, abs=1e-9)
    points = {key: np.concatenate([drawn[key], observed(40, 99)[key]]) for key in SPACE}
    assert ours.log_density(points) == pytest.approx(theirs.log_pdf(points), abs=1e-7)


@given(count=st.integers(0, 5000))
def test_shares_and_weights_are_those_of_optuna(count: int) -> None:
    assert good_count(count) == default_gamma(count)
    assert recency_weights(count) == pytest.approx(np.array(default_weights(count)))


@given(seed=st.integers(0, 10**6), number=st.integers(0, 10**5), key=st.sampled_from(list(SPACE)))
def test_random_draws_are_those_of_optuna(seed: int, number: int, key: str) -> None:
    theirs: Any = RandomSampler(seed=draw_seed(seed, number, key))
    drawn = theirs.sample_independent(None, None, key, SPACE[key])
    assert RandomDraws(seed).draw(number, key, SPACE[key]) == drawn


@given(keys=st.lists(st.sets(st.sampled_from("abcdefg")), max_size=12), seed=st.integers(0, 99))
def test_groups_are_those_of_optuna_in_whatever_order(keys: list[set[str]], seed: int) -> None:
    theirs, ours = _SearchSpaceGroup(), Groups()
    for trial in keys:
        theirs.add_distributions(dict.fromkeys(trial, SPACE["real"]))
    random.Random(seed).shuffle(keys)
    for trial in keys:
        ours.add(sorted(trial))
    wanted = {tuple(sorted(space)) for space in theirs.search_spaces}
    assert {ours.of(key) for key in set().union(*keys)} == wanted
    assert ours.of("z") == ("z",)


def make_trial(number: int, depth: int, seed: int) -> FrozenTrial:
    """A finished trial of a conditional space, in one of the two ways."""
    rng = random.Random(seed * 1000 + number)
    distributions: dict[str, BaseDistribution] = {
        "depth": IntDistribution(0, 3),
        "rate": FloatDistribution(1e-5, 1e-1, log=True),
    }
    params: dict[str, Any] = {"depth": depth, "rate": 10 ** rng.uniform(-5, -1)}
    if depth > 0:
        distributions |= {"width": IntDistribution(8, 64, log=True), "kind": SPACE["choice"]}
        params |= {"width": rng.randint(8, 64), "kind": rng.choice("abc")}
    complete = rng.random() < 0.7
    score = abs(math.log10(params["rate"]) + 3) + depth
    trial = create_trial(
        state=TrialState.COMPLETE if complete else TrialState.PRUNED,
        value=score if complete else None,
        params=params,
        distributions=distributions,
        intermediate_values={epoch: score + 1 / epoch for epoch in range(1, rng.randint(2, 9))},
    )
    trial.number = number
    return trial


def make_study(trials: list[FrozenTrial], direction: str = "minimize") -> optuna.Study:
    study = optuna.create_study(direction=direction)
    study.add_trials(trials)
    return study


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("count", [12, 40, 120])
def test_proposes_what_optuna_does(count: int, direction: str) -> None:
    """While all bad trials are learnt from, the value is the one that Optuna's TPE takes."""
    study = make_study([make_trial(n, n % 3, seed=1) for n in range(count)], direction)
    asking = study.ask()
    frozen = study.trials[asking.number]
    sampler = TpeSampler(5, direction)
    space = study.trials[1].distributions
    for group in (("depth", "rate"), ("kind", "width")):
        theirs = TPESampler(
            multivariate=True, constant_liar=False, seed=draw_seed(5, asking.number, group[0])
        )
        wanted = theirs._sample(study, frozen, {key: space[key] for key in group})
        for key in group:
            value = sampler.sample_independent(study, frozen, key, space[key])
            close = not isinstance(value, str) and math.isclose(value, wanted[key], rel_tol=1e-7)
            assert close or value == wanted[key]


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(20)))
def test_the_digest_does_not_depend_on_the_order_in_which_trials_end(order: list[int]) -> None:
    def digest(numbers: list[int]) -> Observations:
        found = Observations("minimize", 5, None)
        for number in numbers:
            found.add(make_trial(number, number % 3, seed=2))
        return found

    straight, mixed = digest(list(range(20))), digest(order)
    for key in ("depth", "rate", "width", "kind"):
        assert straight.having(key).tolist() == mixed.having(key).tolist()
        rows = straight.having(key)
        assert straight.values(rows, [key])[key].tolist() == mixed.values(rows, [key])[key].tolist()
        assert straight.groups.of(key) == mixed.groups.of(key)
    assert straight.best(5).tolist() == mixed.best(5).tolist()
    assert straight.distributions == mixed.distributions


def test_the_good_trials_are_those_of_optuna() -> None:
    from optuna.samplers._tpe.sampler import _split_trials

    for seed, count in itertools.product(range(5), (11, 40, 260)):
        trials = [make_trial(n, n % 4, seed) for n in range(count)]
        seen = Observations("minimize", 25, None)
        for trial in trials:
            seen.add(trial)
        good, _ = _split_trials(make_study([]), trials, default_gamma(count))
        assert seen.best(good_count(count)).tolist() == [trial.number for trial in good]


def test_a_proposal_learns_from_a_bounded_number_of_trials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []

    class Counting(ParzenEstimator):
        def __init__(self, space: Any, values: Any, weights: Any) -> None:
            sizes.append(len(weights))
            super().__init__(space, values, weights)

    monkeypatch.setattr(tpe, "ParzenEstimator", Counting)
    for count in (100, 400, 900):
        study = make_study([make_trial(n, n % 3, seed=3) for n in range(count)])
        sampler = TpeSampler(0, "minimize", most_bad=150)
        number, rate = study.ask().number, FloatDistribution(1e-5, 1e-1, log=True)
        sampler.sample_independent(study, study.trials[number], "rate", rate)
    assert sizes == [10, 90, 25, 150, 25, 150]


def test_what_no_trial_has_yet_is_drawn_from_its_whole_range() -> None:
    study = make_study([make_trial(n, n % 3, seed=4) for n in range(30)])
    sampler, found = TpeSampler(0, "minimize"), []
    for _ in range(60):
        trial = study.ask()
        frozen = study.trials[trial.number]
        sampler.infer_relative_search_space(study, frozen)
        found.append(sampler.sample_independent(study, frozen, "new", FloatDistribution(0, 1)))
    assert min(found) < 0.2
    assert max(found) > 0.8


def test_hyperparameters_that_are_not_to_be_learnt_are_drawn_at_random() -> None:
    study = make_study([make_trial(n, n % 3, seed=5) for n in range(30)])
    sampler = TpeSampler(7, "minimize", only={"kind"})
    number = study.ask().number
    drawn = sampler.sample_independent(study, study.trials[number], "real", SPACE["real"])
    assert drawn == RandomDraws(7).draw(number, "real", SPACE["real"])
    assert sampler._memory.of(study).groups.of("kind") == ("kind",)


def test_what_is_drawn_of_the_bad_trials_stands_for_all() -> None:
    rows, generator = np.arange(400), np.random.RandomState(0)
    chosen = np.zeros(400)
    for _ in range(300):
        drawn, weights = thinned(rows, 40, generator)
        assert len(set(drawn.tolist())) == 40
        assert drawn.tolist() == sorted(drawn)
        assert weights.sum() == pytest.approx(recency_weights(400).sum())
        chosen[drawn] += weights
    # By tenths of the run, what was chosen weighs what all do.
    wanted = recency_weights(400).reshape(10, 40).sum(axis=1)
    assert (chosen / 300).reshape(10, 40).sum(axis=1) == pytest.approx(wanted, rel=0.2, abs=2)
    few, weights = thinned(rows[:40], 40, generator)
    assert few.tolist() == list(range(40))
    assert weights == pytest.approx(recency_weights(40))
