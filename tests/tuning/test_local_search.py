"""Local search: the best trials with a few hyperparameters changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from automl.space import Choice, Float, Int, SearchSpace
from automl.tuning.samplers import make_sampler
from automl.tuning.samplers.local_search import LEADERS, changed

FAMILY = Choice("family", ["narrow", "wide"], default="narrow")
SPACE = SearchSpace(
    "families",
    [
        FAMILY,
        Int("width", 8, 256, default=32, log=True, when=FAMILY == "narrow"),
        Int("cardinality", 1, 64, default=16, when=FAMILY == "wide"),
        *(Float(f"x{i}", 0.0, 1.0, default=0.25) for i in range(20)),
    ],
    None,
)


def study_of(seed: int = 0) -> optuna.Study:
    sampler = make_sampler("local", seed=seed, space=SPACE, workers=1, direction="minimize")
    return optuna.create_study(sampler=sampler)


def proposed(study: optuna.Study) -> dict[str, Any]:
    trial = study.ask()
    SPACE.suggest(trial)
    return dict(trial.params)


def differences(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    return {key for key in one.keys() & other.keys() if one[key] != other[key]}


def test_the_defaults_are_varied_before_a_trial_has_finished() -> None:
    study = study_of()
    defaults = SPACE.optuna_params(SPACE.defaults())
    counts = [len(differences(proposed(study), defaults)) for _ in range(40)]
    assert set(counts) <= set(range(1, 8))
    assert 1.5 < np.mean(counts) < 2.5


def test_what_is_not_active_by_default_is_not_varied() -> None:
    rest = [Int(f"n{i}", 0, 9, default=5, when=FAMILY == "wide") for i in range(30)]
    space = SearchSpace("mostly inactive", [FAMILY, Float("x", 0.0, 1.0, default=0.5), *rest], None)
    sampler = make_sampler("local", seed=0, space=space, workers=1, direction="minimize")
    study = optuna.create_study(sampler=sampler)
    for _ in range(20):
        trial = study.ask()
        space.suggest(trial)
        assert differences(trial.params, {"family": "narrow", "x": 0.5})


def test_the_best_trials_are_varied_the_best_most_often() -> None:
    study = study_of()
    places = {}
    for number in range(LEADERS + 2):
        params = SPACE.optuna_params(SPACE.configuration({"x19": number / 10}))
        study.enqueue_trial(params)
        trial = study.ask()
        SPACE.suggest(trial)
        study.tell(trial, float(number))
        places[number] = params
    nearest = []
    for _ in range(60):
        params = proposed(study)
        apart = [len(differences(params, place)) for place in places.values()]
        nearest.append(int(np.argmin(apart)))
    counts = np.bincount(nearest, minlength=LEADERS + 2)
    assert counts[0] > counts[1] >= counts[2] > 0
    assert counts[LEADERS:].sum() <= 6  # a change of x19 alone may end near another one


def test_what_a_change_makes_active_gets_its_default() -> None:
    study = study_of(1)
    defaults = SPACE.optuna_params(SPACE.defaults())
    study.enqueue_trial(defaults)
    trial = study.ask()
    SPACE.suggest(trial)
    study.tell(trial, 0.0)
    wide = [params for _ in range(80) if (params := proposed(study))["family"] == "wide"]
    assert wide
    assert {params["cardinality"] for params in wide} == {16}


@pytest.mark.parametrize("seed", [0, 1])
def test_a_minimum_far_from_the_defaults_is_found(seed: int) -> None:
    def loss(params: dict[str, Any]) -> float:
        away = sum((params[f"x{i}"] - 0.6) ** 2 for i in range(20))
        return float(away + (params["family"] == "narrow"))

    study = study_of(seed)
    for _ in range(250):
        trial = study.ask()
        SPACE.suggest(trial)
        study.tell(trial, loss(trial.params))
    assert study.best_value < 0.2 * loss(SPACE.optuna_params(SPACE.defaults()))
    assert study.best_params["family"] == "wide"


NUMBERS = st.integers(1, 500)


@st.composite
def distributions(draw: Any) -> BaseDistribution:
    low, more = draw(NUMBERS), draw(NUMBERS)
    log = draw(st.booleans())
    match draw(st.sampled_from("cfi")):
        case "c":
            return CategoricalDistribution([f"o{i}" for i in range(1 + min(more, 5))])
        case "f":
            step = None if log else draw(st.sampled_from([None, more / 7, float(more)]))
            return FloatDistribution(float(low), float(low + more), log=log, step=step)
        case _:
            return IntDistribution(low, low + more, log=log)


@given(distributions(), st.floats(0.0, 1.0), st.integers(0, 100))
def test_a_change_is_another_value_within_the_range(
    distribution: BaseDistribution, share: float, seed: int
) -> None:
    from automl.tuning.samplers.unit_cube import from_unit

    value = from_unit(distribution, share)
    found = changed(distribution, value, np.random.default_rng(seed))
    assert found != value
    assert distribution._contains(distribution.to_internal_repr(found))


@pytest.mark.parametrize("value", [-3, 0, 64])
@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("kind", [IntDistribution, FloatDistribution])
def test_a_value_out_of_the_range_is_changed_to_one_within(
    kind: Any, log: bool, value: int
) -> None:
    found = changed(kind(1, 8, log=log), value, np.random.default_rng(0))
    assert 1 <= found <= 8


def test_a_step_is_another_one_however_it_is_summed() -> None:
    rng, steps = np.random.default_rng(0), FloatDistribution(0.0, 1.0, step=0.1)
    assert all(abs(changed(steps, 0.3, rng) - 0.3) > 0.05 for _ in range(100))


def test_numbers_change_by_little() -> None:
    rng = np.random.default_rng(0)
    found = [changed(FloatDistribution(0.0, 1.0), 0.5, rng) for _ in range(500)]
    assert 0.15 < np.std(found) < 0.25
    assert abs(np.mean(found) - 0.5) < 0.03
