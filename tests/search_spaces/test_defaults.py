"""The built-in spaces as they are declared: defaults, counts, sources and forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from automl.space import SearchSpace, find_space

NAMES = ("mlp", "linear", "wide_and_deep", "geron-housing", "handbook", "default-dnn")

MLP_DEFAULTS = {
    "depth": 2,
    "width": 128,
    "width_shape": "constant",
    "activation": "relu",
    "initializer": "auto",
    "normalization": "none",
    "input_normalization": "standardize",
    "dropout_kind": "none",
    "regularizer": "none",
    "kernel_constraint": "none",
    "skip_connections": "none",
    "topology": "sequential",
    "categorical_encoding": "one_hot",
    "embedding_size": "by_categories",
    "numeric_embedding": "piecewise_linear",  # the table has none; RESULTS has what it gains
    "numeric_bins": 48,
    "optimizer": "nadam",
    "learning_rate": 1e-3,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-7,
    "schedule": "performance",
    "schedule_factor": 0.5,
    "schedule_patience": 5,
    "batch_size": 32,
    "clipping": "none",
    "label_smoothing": 0.0,
    "weight_averaging": "none",
}


def test_the_first_trial_of_mlp_is_the_tables_default():
    assert dict(find_space("mlp").defaults()) == MLP_DEFAULTS


def test_conditional_defaults_are_the_tables():
    space = find_space("mlp")
    config = space.configuration(
        {
            "activation": "leaky_relu",
            "normalization": "batch",
            "dropout_kind": "dropout",
            "regularizer": "l2",
            "kernel_constraint": "max_norm",
            "optimizer": "nesterov",
            "clipping": "norm",
            "embedding_size": "fixed",
        }
    )
    assert config.negative_slope == 0.01
    assert config.normalization_placement == "before_activation"
    assert config.batch_norm_momentum == 0.99
    assert config.dropout_rate == 0.2
    assert config.dropout_placement == "every_layer"
    assert config.regularization == 1e-4
    assert config.max_norm == 1.0
    assert config.learning_rate == 1e-2
    assert config.momentum == 0.9
    assert config.weight_decay == 1e-4
    assert config.clip_threshold == 1.0


def test_the_linear_baseline_starts_at_a_rate_for_convex_problems():
    assert find_space("linear").defaults().learning_rate == 1e-2


@pytest.mark.parametrize("name", NAMES)
def test_every_space_is_found_described_sampled_and_rebuilt(name):
    space = find_space(name)
    assert space.name == name
    assert space.description
    assert space.build is not None
    assert "Returns:" in (space.build.__doc__ or "")
    assert all(row.source for row in space.describe())
    assert all(row.help for row in space.describe())
    again = SearchSpace.from_json(space.to_json())
    assert again.hash() == space.hash()
    for seed in range(30):
        config = space.sample(np.random.default_rng(seed))
        assert again.configuration(config.to_json()) == config


def test_handbook_has_90_configurations():
    space = find_space("handbook")
    assert space.count() == 90
    configs = list(space.grid())
    assert len(configs) == len(set(configs)) == 90
    assert {config.optimizer for config in configs} == {"adam", "adagrad", "rmsprop"}
    assert {config.learning_rate for config in configs} == {0.1, 0.01, 0.001, 0.0001, 0.00001}


def test_geron_housing_is_the_books_space():
    space = find_space("geron-housing")
    assert space.count() == math.inf
    assert dict(space.defaults()) == {
        "n_hidden": 1,
        "n_neurons": 30,
        "learning_rate": 3e-3,
        "optimizer": "sgd",
        "schedule": "constant",
        "batch_size": 32,
    }
    configs = [space.sample(np.random.default_rng(seed)) for seed in range(500)]
    assert {config.n_hidden for config in configs} == {0, 1, 2, 3}
    assert all(config.n_hidden == 0 or 1 <= config.n_neurons <= 99 for config in configs)
    assert all(3e-4 <= config.learning_rate <= 3e-2 for config in configs)


def test_default_dnn_is_the_table():
    config = find_space("default-dnn").defaults()
    assert (config.optimizer, config.schedule, config.learning_rate) == (
        "nadam",
        "performance",
        1e-3,
    )
