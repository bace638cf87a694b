"""The training fragment: what is in it, which parts belong together, and where they come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.errors import SpaceError
from automl.space import Configuration, SearchSpace, training_hyperparameters
from automl.vocabulary.optimizers import OPTIMIZERS
from automl.vocabulary.schedules import SCHEDULES

# What each optimizer and each schedule brings besides itself.
DETAILS = {
    "momentum": {"momentum", "nesterov", "rmsprop"},
    "rho": {"rmsprop", "adadelta"},
    "beta_1": {"adam", "amsgrad", "adamw", "adamax", "nadam"},
    "beta_2": {"adam", "amsgrad", "adamw", "adamax", "nadam"},
    "epsilon": {"adam", "amsgrad", "adamw", "adamax", "nadam"},
    "weight_decay": {"adamw", "lion", "nesterov"},
}
PARAMETERS = {
    "schedule_decay_epochs": {"power", "exponential"},
    "schedule_power": {"power"},
    "schedule_first_boundary": {"piecewise"},
    "schedule_second_boundary": {"piecewise"},
    "schedule_factor": {"piecewise", "performance"},
    "schedule_patience": {"performance"},
    "schedule_start": {"one_cycle"},
    "schedule_cycles": {"cosine_restarts"},
    "schedule_warmup": {"warmup_cosine"},
}


def build(config: Any, inputs: Any, task: Any) -> Any:
    return inputs


def space_of(**options: Any) -> SearchSpace:
    return SearchSpace("s", training_hyperparameters(**options), build)


def test_the_defaults() -> None:
    assert space_of(label_smoothing=True).defaults() == {
        "optimizer": "nadam",
        "learning_rate": 1e-3,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "schedule": "performance",
        "schedule_patience": 5,
        "schedule_factor": 0.5,
        "batch_size": 32,
        "clipping": "none",
        "label_smoothing": 0.0,
        "weight_averaging": "none",
    }


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_has_its_details_and_no_others(optimizer: str) -> None:
    config = space_of().configuration({"optimizer": optimizer})
    assert "learning_rate" in config
    for name, optimizers in DETAILS.items():
        assert config.active(name) == (optimizer in optimizers), name
    assert config.momentum == (0.9 if optimizer in DETAILS["momentum"] else 0.0)
    assert config.weight_decay == (1e-4 if optimizer in DETAILS["weight_decay"] else 0.0)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_each_schedule_has_its_parameters_and_no_others(schedule: str) -> None:
    config = space_of().configuration({"schedule": schedule})
    expected = {name for name, schedules in PARAMETERS.items() if schedule in schedules}
    assert {name for name in config if name.startswith("schedule_")} == expected


@given(
    st.lists(st.sampled_from(sorted(OPTIMIZERS)), min_size=1, unique=True),
    st.lists(st.sampled_from(SCHEDULES), min_size=1, unique=True),
    st.integers(0, 100),
)
def test_any_part_of_it_is_a_space(optimizers: Any, schedules: Any, seed: int) -> None:
    space = space_of(optimizers=optimizers, schedules=schedules)
    assert space.defaults().optimizer == optimizers[0]
    assert space.defaults().schedule == schedules[0]
    config: Configuration = space.sample(np.random.default_rng(seed))
    assert space.configuration(config) == config
    assert {config.optimizer} <= set(optimizers)
    whole = space_of()
    for parameter in space.hyperparameters:
        assert parameter.name in whole.names


def test_boundaries_are_in_order() -> None:
    space = space_of(schedules=["piecewise"])
    rng = np.random.default_rng(0)
    for config in (space.sample(rng) for _ in range(200)):
        assert 0 < config.schedule_first_boundary < config.schedule_second_boundary < 1


def test_everything_says_where_it_comes_from() -> None:
    for row in space_of(label_smoothing=True).describe():
        assert row.source, row.name
        assert row.help, row.name


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adam", "adadelta"])
def test_large_steps_of_sgd_are_clipped_by_the_norm(optimizer: str) -> None:
    space = space_of()
    is_sgd = optimizer in ("sgd", "momentum", "nesterov")
    seen = set()
    for seed in range(60):
        drawn = dict(space.sample(np.random.default_rng(seed)))
        kept = {k: v for k, v in drawn.items() if k in ("clipping", "schedule")}
        rate = {"sgd": 0.05, "momentum": 0.03, "nesterov": 0.1}.get(optimizer, 0.2)
        large = {"optimizer": optimizer, "learning_rate": rate if optimizer != "adam" else 0.01}
        try:
            space.configuration({**large, **kept})
        except SpaceError:
            continue
        seen.add(kept["clipping"])
    assert seen == ({"norm", "global_norm"} if is_sgd else {"none", "value", "norm", "global_norm"})
    if is_sgd:
        config = space.configuration({"optimizer": optimizer, "learning_rate": 0.05})
        assert (config.clipping, config.clip_threshold) == ("norm", 1.0)
        config = space.configuration({"optimizer": optimizer, "learning_rate": 0.029})
        assert config.clipping == "none"


def test_clipping_that_somebody_sets_is_obeyed() -> None:
    space = space_of().override({"optimizer": "sgd", "clipping": "none"})
    assert {space.sample(np.random.default_rng(seed)).clipping for seed in range(40)} == {"none"}


def test_parts_can_be_left_out() -> None:
    names = space_of(batch_size=False, clipping=False).names
    assert not {"batch_size", "clipping", "clip_threshold", "label_smoothing"} & set(names)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizers": ["adma"]}, "There is no optimizer 'adma'; did you mean 'adam' or 'adamax'"),
        ({"schedules": ["cosin"]}, "There is no schedule 'cosin'; did you mean 'cosine'"),
        ({"optimizers": []}, "optimizers must be a list with at least one name"),
        ({"optimizers": "adam"}, "optimizers must be a list with at least one name, not 'adam'"),
    ],
)
def test_wrong_names_are_named(options: Any, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        training_hyperparameters(**options)
    assert message in str(caught.value)
