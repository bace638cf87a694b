"""The eight rules of dense spaces, checked over sampled configurations: none is ever broken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.space import Configuration, SearchSpace, find_space
from automl.space.data_rules import suit_to_data
from automl.vocabulary.activations import ACTIVATIONS, SATURATING

MLP = find_space("mlp")
WIDE = find_space("wide_and_deep")
PRELU_LEAST_ROWS = ACTIVATIONS["prelu"].least_rows
SEEDS = st.integers(0, 2**32 - 1)
MANY = settings(max_examples=200, deadline=None)


def sampled(seed: int, space: SearchSpace = MLP, **fixed: Any) -> Configuration:
    """A sampled configuration, of a space in which some hyperparameters may be fixed."""
    narrowed = space.override(fixed) if fixed else space
    return narrowed.sample(np.random.default_rng(seed))


@MANY
@given(SEEDS)
def test_rule_1_selu_only_where_it_self_normalizes(seed):
    config = sampled(seed, activation="selu")
    if config.depth == 0:
        assert not config.active("activation")
        return
    assert config.activation == "selu"
    assert config.normalization == "none"
    assert config.input_normalization == "standardize"
    assert config.initializer == "auto"
    assert config.dropout_kind in ("none", "alpha")
    assert config.regularizer == "none"
    assert config.kernel_constraint == "none"
    assert config.max_norm is None
    assert config.skip_connections == "none"
    assert config.topology == "sequential"


@MANY
@given(SEEDS)
def test_rule_1_alpha_dropout_only_with_selu(seed):
    config = sampled(seed)
    assert config.dropout_kind != "alpha" or config.activation == "selu"
    assert sampled(seed, WIDE).activation != "selu"
    assert sampled(seed, WIDE).dropout_kind != "alpha"


@pytest.mark.parametrize("space", [MLP, WIDE], ids=["mlp", "wide_and_deep"])
@pytest.mark.parametrize("batch_size", [None, 16, 8])
def test_rule_3_batch_norm_only_in_batches_of_at_least_20(space, batch_size):
    fixed = {} if batch_size is None else {"batch_size": batch_size}
    narrowed = space.override(fixed)
    seen = set()
    for seed in range(400):
        config = narrowed.sample(np.random.default_rng(seed))
        kinds = (config.normalization, config.input_normalization)
        assert "batch" not in kinds or config.batch_size >= 20
        seen.update(kinds)
    assert ("batch" in seen) == (batch_size is None)


@MANY
@given(SEEDS, st.sampled_from([None, *SATURATING]))
def test_rule_4_deep_saturating_stacks_have_batch_norm(seed, activation):
    config = sampled(seed, **({} if activation is None else {"activation": activation}))
    if config.depth > 2 and config.activation in SATURATING:
        assert config.normalization == "batch"


@MANY
@given(SEEDS)
def test_rule_4_holds_for_wide_and_deep(seed):
    config = sampled(seed, WIDE, depth=4)
    if config.activation in SATURATING:
        assert config.normalization == "batch"
        assert config.batch_size >= 20


@MANY
@given(SEEDS)
def test_rule_5_plain_stacks_stay_below_ten_layers(seed):
    assert sampled(seed).depth <= 5
    assert sampled(seed, WIDE).depth <= 5


@MANY
@given(SEEDS)
def test_rule_6_adagrad_for_linear_models_only(seed):
    assert sampled(seed).depth == 0 or sampled(seed).optimizer != "adagrad"
    assert sampled(seed, WIDE).optimizer != "adagrad"


def test_rule_6_adagrad_is_there_for_linear_models():
    linear = MLP.override({"depth": 0})
    seen = {linear.sample(np.random.default_rng(seed)).optimizer for seed in range(200)}
    assert len(seen) == 13


@pytest.mark.parametrize("rows", [PRELU_LEAST_ROWS - 1, PRELU_LEAST_ROWS])
@pytest.mark.parametrize("space", [MLP, WIDE], ids=["mlp", "wide_and_deep"])
def test_rule_6_prelu_only_with_plenty_of_data(space, rows):
    narrowed = space.override(
        {"activation": "relu,prelu,elu,tanh,mish"}
    )  # of its own list it is left out
    suited = suit_to_data(narrowed, rows=rows, cardinalities=(), classification=True)
    configs = [suited.sample(np.random.default_rng(seed)) for seed in range(500)]
    seen = {config.activation for config in configs}
    assert ("prelu" in seen) == (rows >= PRELU_LEAST_ROWS)
    assert seen >= {"relu", "elu", "tanh", "mish"}
    # The split by batch size is still a split.
    assert all(
        config.batch_size >= 20 or config.depth <= 2 or config.activation not in SATURATING
        for config in configs
    )


@MANY
@given(SEEDS)
def test_rule_7_an_initializer_is_searched_only_where_there_is_a_hidden_layer(seed):
    config = sampled(seed)
    assert config.active("initializer") == (config.depth > 0 and config.activation != "selu")


@MANY
@given(SEEDS)
def test_rule_8_one_kind_of_clipping(seed):
    config = sampled(seed)
    assert config.clipping in ("none", "value", "norm", "global_norm")
    assert config.active("clip_threshold") == (config.clipping != "none")


@MANY
@given(SEEDS)
def test_residual_stacks_have_one_width_and_pre_activation_is_theirs(seed):
    config = sampled(seed)
    if config.skip_connections == "residual":
        assert config.depth > 1
        assert config.width_shape == "constant"
    if config.normalization_placement == "pre_activation":
        assert config.skip_connections == "residual"
        assert config.normalization != "none"


@MANY
@given(SEEDS)
def test_a_linear_model_has_nothing_that_belongs_to_hidden_layers(seed):
    config = sampled(seed, depth=0)
    hidden = {
        *("width", "width_shape", "activation", "initializer", "normalization"),
        *("normalization_placement", "dropout_kind", "kernel_constraint", "skip_connections"),
        "topology",
    }
    assert not hidden & set(config)
    assert config.active("regularizer")


def test_every_option_of_every_hyperparameter_is_reached():
    reached: dict[str, set[Any]] = {}
    for seed in range(4000):
        for name, value in MLP.sample(np.random.default_rng(seed)).items():
            reached.setdefault(name, set()).add(value)
    for parameter in MLP.hyperparameters:
        if parameter.kind in ("choice", "boolean"):
            assert set(parameter.options) <= reached[parameter.name], parameter.key
    assert reached["depth"] == set(range(6))


def test_data_without_categories_or_classes_leaves_nothing_to_search_there():
    suited = suit_to_data(MLP, rows=100, cardinalities=(4, 61), classification=False)
    sizes = {parameter.key: parameter.size for parameter in suited.hyperparameters}
    assert sizes["categorical_encoding"] == 1
    assert sizes["label_smoothing"] == 1
    assert sizes["embedding_size"] == 2  # the column of 60 categories is embedded
    assert suit_to_data(suited, rows=100, cardinalities=(4,), classification=False).count() > 1
    asked = ("activation", "batch_size", "weight_averaging")
    full = suit_to_data(
        MLP, rows=10**5, cardinalities=(21,), classification=True, asked=asked, numbers=1
    )
    assert full.hash() == MLP.hash()


def test_a_space_without_these_hyperparameters_stays_as_it_is():
    preset = find_space("handbook")
    suited = suit_to_data(preset, rows=10, cardinalities=(), classification=False)
    assert suited.hash() == preset.hash()
