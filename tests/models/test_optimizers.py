"""Optimizers: every name with every clipping and schedule, and cycled momentum in a graph."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.errors import SpaceError
from automl.models.optimizers import (
    CycledRMSprop,
    CycledSGD,
    SquareRootFtrl,
    make_optimizer,
    momentum_variable,
)
from automl.vocabulary.optimizers import OPTIMIZERS

CLIPPING_ARGUMENTS = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}


def moved(optimizer: Any, gradients: list[list[float]], before: Any = None) -> np.ndarray:
    """Where a weight vector of ones ends after these gradients."""
    weights = keras.Variable(np.ones(len(gradients[0]), np.float32), name="kernel")
    optimizer.build([weights])
    for step, gradient in enumerate(gradients):
        if before is not None:
            before(step)
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weights])
    return np.asarray(weights)


@pytest.mark.parametrize("clipping", ["none", "value", "norm", "global_norm"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_with_every_clipping_takes_steps(name, clipping):
    config = {"optimizer": name, "learning_rate": 0.01, "clipping": clipping, "clip_threshold": 0.5}
    optimizer = make_optimizer(config)
    given = [getattr(optimizer, argument) for argument in CLIPPING_ARGUMENTS.values()]
    expected = [0.5 if kind == clipping else None for kind in CLIPPING_ARGUMENTS]
    assert given == expected
    weights = moved(optimizer, [[1.0, -2.0, 3.0]] * 3)
    assert np.all(np.isfinite(weights))
    assert weights[0] < weights[1]
    assert weights[2] < 1.0


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("sgd", keras.optimizers.SGD, {"momentum": 0.0, "nesterov": False}),
        ("momentum", keras.optimizers.SGD, {"momentum": 0.7, "nesterov": False}),
        ("nesterov", keras.optimizers.SGD, {"momentum": 0.7, "nesterov": True}),
        ("rmsprop", keras.optimizers.RMSprop, {"momentum": 0.7, "rho": 0.95}),
        ("adadelta", keras.optimizers.Adadelta, {"rho": 0.95}),
        ("adagrad", keras.optimizers.Adagrad, {}),
        ("adam", keras.optimizers.Adam, {"amsgrad": False, "beta_1": 0.85, "epsilon": 1e-5}),
        ("amsgrad", keras.optimizers.Adam, {"amsgrad": True, "beta_2": 0.99}),
        ("adamw", keras.optimizers.AdamW, {"weight_decay": 0.01, "beta_1": 0.85}),
        ("adamax", keras.optimizers.Adamax, {"beta_1": 0.85}),
        ("nadam", keras.optimizers.Nadam, {"beta_1": 0.85}),
        ("ftrl", SquareRootFtrl, {}),
        ("lion", keras.optimizers.Lion, {"weight_decay": 0.01, "beta_1": 0.85}),
    ],
)
def test_names_mean_the_fields_optimizers(name, kind, settings):
    config = {
        "optimizer": name,
        "learning_rate": 0.02,
        "momentum": 0.7,
        "rho": 0.95,
        "beta_1": 0.85,
        "beta_2": 0.99,
        "epsilon": 1e-5,
    }
    if "weight_decay" in settings:
        config["weight_decay"] = 0.01
    optimizer = make_optimizer(config)
    assert type(optimizer) is kind
    assert float(optimizer.learning_rate) == pytest.approx(0.02)
    for setting, value in settings.items():
        assert getattr(optimizer, setting) == value


def test_the_default_is_nadam_at_its_default_rate():
    optimizer = make_optimizer({})
    assert type(optimizer) is keras.optimizers.Nadam
    assert float(optimizer.learning_rate) == pytest.approx(1e-3)


def test_adamw_without_decay_does_not_take_kerass_default():
    assert make_optimizer({"optimizer": "adamw", "weight_decay": 0.0}).weight_decay == 0.0


def test_decay_spares_biases_and_normalization():
    optimizer = make_optimizer({"optimizer": "adamw", "weight_decay": 0.5, "learning_rate": 0.1})
    names = ["kernel", "bias", "gamma", "beta", "alpha"]
    weights = [keras.Variable(np.ones(2, np.float32), name=name) for name in names]
    optimizer.build(weights)
    optimizer.apply([keras.ops.zeros(2)] * len(names), weights)
    assert [float(w.numpy()[0]) for w in weights] == pytest.approx([0.95, 1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop"])
def test_cycled_momentum_is_the_same_rule_as_kerass(name):
    config = {"optimizer": name, "learning_rate": 0.05, "momentum": 0.8}
    generator = np.random.default_rng(3)
    gradients = generator.normal(size=(6, 4)).astype(np.float32).tolist()
    plain = make_optimizer(config)
    cycled = make_optimizer({**config, "schedule": "one_cycle"})
    assert type(cycled) in (CycledSGD, CycledRMSprop)
    assert momentum_variable(plain) is None
    assert np.allclose(moved(plain, gradients), moved(cycled, gradients), atol=1e-6)
    assert float(momentum_variable(cycled)) == pytest.approx(0.8)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop"])
def test_a_momentum_assigned_inside_a_graph_takes_effect(name):
    config = {"optimizer": name, "learning_rate": 0.1, "momentum": 0.9, "schedule": "one_cycle"}
    gradients = [[1.0], [1.0], [-0.5]]
    momenta = [0.9, 0.5, 0.1]

    eager = make_optimizer(config)
    weights = moved(
        eager, gradients, before=lambda step: momentum_variable(eager).assign(momenta[step])
    )

    graph = make_optimizer(config)
    variable = keras.Variable(np.ones(1, np.float32), name="kernel")
    graph.build([variable])

    @tf.function
    def run(all_momenta, all_gradients):
        for step in tf.range(3):
            momentum_variable(graph).assign(all_momenta[step])
            graph.apply([all_gradients[step]], [variable])

    run(tf.constant(momenta), tf.constant(gradients))
    assert np.allclose(weights, np.asarray(variable), atol=1e-6)
    assert not np.allclose(weights, moved(make_optimizer(config), gradients))


def test_an_optimizer_without_momentum_has_none_to_cycle():
    for name in OPTIMIZERS:
        optimizer = make_optimizer({"optimizer": name, "schedule": "one_cycle"})
        optimizer.build([keras.Variable(np.ones(2, np.float32))])
        assert (momentum_variable(optimizer) is not None) == (name in ("momentum", "nesterov"))


def test_unknown_names_show_the_nearest():
    with pytest.raises(SpaceError, match="no optimizer 'adamv'; choose adam"):
        make_optimizer({"optimizer": "adamv"})
    with pytest.raises(SpaceError, match="no kind of clipping 'norms'; choose norm"):
        make_optimizer({"clipping": "norms"})


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_ftrl_by_square_roots_steps_as_keras_does(beta: float) -> None:
    generator = np.random.default_rng(3)
    gradients = generator.normal(size=(20, 4)).tolist()
    own = moved(SquareRootFtrl(learning_rate=0.05, beta=beta), gradients)
    keras_own = moved(keras.optimizers.Ftrl(learning_rate=0.05, beta=beta), gradients)
    np.testing.assert_allclose(own, keras_own, rtol=1e-5)
