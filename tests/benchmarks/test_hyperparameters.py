"""The hp adapters: every tool draws from the same space, and the same draw is the same model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras_tuner
import optuna
import pytest

from benchmarks.catalogue import SHARED_WORKLOADS, SharedWorkload
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.hyperparameters import (
    GivenHyperParameters,
    Numbers,
    Options,
    OptunaHyperParameters,
    RecordedHyperParameters,
    contains,
)
from benchmarks.peers.ray_tune_search import param_space

DRAWS = 200
EACH = pytest.mark.parametrize("workload", SHARED_WORKLOADS.values(), ids=SHARED_WORKLOADS)


def recorded(workload: SharedWorkload) -> dict[str, Any]:
    recorder = RecordedHyperParameters()
    workload.values(recorder)
    return recorder.domains


def optuna_draws(workload: SharedWorkload) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    return [dict(workload.values(OptunaHyperParameters(study.ask()))) for _ in range(DRAWS)]


def keras_tuner_draws(workload: SharedWorkload) -> list[dict[str, Any]]:
    hp = keras_tuner.HyperParameters()
    workload.values(hp)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective="val_loss", seed=1, hyperparameters=hp
    )
    return [oracle._random_values() for _ in range(DRAWS)]


def ray_draws(workload: SharedWorkload) -> list[dict[str, Any]]:
    space = param_space(Assignment("ray", workload.name, "", "", 1, 1, 1, 1))
    return [{name: domain.sample() for name, domain in space.items()} for _ in range(DRAWS)]


TOOLS = {"optuna": optuna_draws, "keras-tuner": keras_tuner_draws, "ray": ray_draws}


@EACH
@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_draws_from_the_whole_of_one_space(workload: SharedWorkload, tool: str) -> None:
    domains = recorded(workload)
    draws = TOOLS[tool](workload)
    for name, domain in domains.items():
        values = [draw[name] for draw in draws]
        assert all(contains(domain, value) for value in values), name
        if isinstance(domain, Options):
            assert set(values) == set(domain.values), name
        elif domain.whole or domain.step is not None:
            # Every end is drawn: whether a tool counts the upper end in is where they differ.
            assert min(values) == pytest.approx(domain.least), name
            if len({*values}) < DRAWS / 10:
                assert max(values) == pytest.approx(domain.most), name


@EACH
def test_the_same_draw_is_the_same_configuration_in_every_tool(workload: SharedWorkload) -> None:
    for draw in optuna_draws(workload)[:20]:
        given = workload.values(GivenHyperParameters(draw))
        hp = keras_tuner.HyperParameters()
        hp.values = dict(draw)
        fixed = optuna.trial.FixedTrial(draw)
        assert given == draw
        assert dict(workload.values(hp)) == draw
        assert dict(workload.values(OptunaHyperParameters(fixed))) == draw


@EACH
def test_layers_of_the_first_draw_make_the_model_of_the_build_function(
    workload: SharedWorkload,
) -> None:
    draw = optuna_draws(workload)[0]
    model = workload.build(GivenHyperParameters(draw))
    assert model.optimizer is not None
    output = 1 if workload.classes is None else workload.classes
    assert model.output_shape == (None, output)
    rate = float(model.optimizer.learning_rate.numpy())
    assert rate == pytest.approx(draw["learning_rate"], rel=1e-6)


def test_a_name_asked_for_twice_keeps_its_value() -> None:
    hp = RecordedHyperParameters()
    assert hp.Int("n", 1, 9, default=4) == 4
    assert hp.Int("n", 5, 6) == 4
    assert hp.get("n") == 4


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": 3, "b": "x", "c": True}, {"a": 3, "b": "x", "c": True, "d": 0.5}),
        ({"a": 1, "b": "y", "c": False}, {"a": 1, "b": "y", "c": False, "d": 0.5}),
    ],
)
def test_conditional_scopes_ask_only_for_what_is_reached(
    given: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    hp = GivenHyperParameters({**given, "d": 0.5})
    hp.Int("a", 1, 3)
    hp.Choice("b", ["x", "y"])
    hp.Boolean("c")
    hp.Fixed("d", 0.5)
    with hp.conditional_scope("b", ["x"]):
        if given["b"] == "z":
            hp.Int("never", 0, 1)
    assert hp.values == expected


@pytest.mark.parametrize("value", [0, 4, 2.5])
def test_a_value_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not in"):
        GivenHyperParameters({"n": value}).Int("n", 1, 3)


def test_a_logarithmic_step_is_refused() -> None:
    with pytest.raises(ValueError, match="step"):
        RecordedHyperParameters().Int("n", 1, 64, step=2, sampling="log")


def test_steps_are_counted_from_the_lower_end() -> None:
    domain = Numbers(0.0, 0.5, 0.1, log=False, whole=False)
    assert contains(domain, 0.30000000000000004)
    assert not contains(domain, 0.35)
