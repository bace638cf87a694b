"""Device choices are rules, and what they choose is put back."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from automl.training.device import FLAT_MODEL, GraphOptions, Xla, choose_options, xla_saves


def dense(widths=(64, 64), optimizer="sgd", between=lambda x: x, features=64):
    inputs = x = keras.Input((features,))
    for width in widths:
        x = between(keras.layers.Dense(width, activation="relu")(x))
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    model.compile(optimizer, "mse", jit_compile=False)
    return model


class Own(keras.layers.Layer):
    def call(self, x):
        return x


def test_a_short_training_of_a_small_net_is_kept_light():
    options = choose_options(dense(optimizer="nadam"), 32, steps=44, epochs=20)
    assert options == GraphOptions(
        xla=Xla.OFF, single_threaded=True, grappler=False, flat_updates=True
    )


def test_xla_pays_for_long_trainings_of_plain_dense_nets():
    assert not choose_options(dense(), 32, steps=363, epochs=30).xla
    assert choose_options(dense(), 32, steps=1700, epochs=100).xla
    assert choose_options(dense((300, 100), "adam", features=784), 32, steps=1719, epochs=10).xla


@pytest.mark.parametrize(
    "layer",
    [
        lambda x: keras.layers.Dropout(0.1)(x),
        lambda x: keras.layers.BatchNormalization()(x),
        lambda x: Own()(x),
    ],
)
def test_xla_never_for_other_layers(layer):
    assert not choose_options(dense(between=layer), 32, steps=10_000, epochs=100).xla


def test_xla_never_for_large_matrix_products():
    assert not choose_options(dense((512, 512, 512)), 256, steps=10_000, epochs=100).xla


def test_the_single_threaded_executor_only_for_small_known_nets():
    assert choose_options(dense(), 32, 10, 10).single_threaded
    assert not choose_options(dense((300, 300)), 32, 10, 10).single_threaded
    assert not choose_options(dense(), 512, 10, 10).single_threaded
    assert not choose_options(dense(between=Own()), 32, 10, 10).single_threaded
    xla = choose_options(dense(), 32, 10_000, 100)
    assert xla.xla
    assert not xla.single_threaded


def test_flat_updates_only_for_small_known_nets():
    assert choose_options(dense(optimizer="adam"), 32, 10, 10).flat_updates
    assert not choose_options(dense(), 32, 10, 10).flat_updates
    assert not choose_options(dense((300, 300), "adam"), 32, 10, 10).flat_updates
    assert not choose_options(dense(between=Own(), optimizer="adam"), 32, 10, 10).flat_updates


def test_flat_updates_for_the_small_weights_of_any_other_known_net():
    layers = [keras.Input((28, 28, 1)), keras.layers.Conv2D(8, 3), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(64), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    assert model.count_params() > FLAT_MODEL
    assert choose_options(model, 32, 10, 10).flat_updates


@pytest.mark.parametrize("before", [False, True])
def test_options_are_put_back(before):
    name = "disable_meta_optimizer"
    tf.config.optimizer.set_experimental_options({name: before})
    try:
        with GraphOptions(grappler=False, single_threaded=True).applied():
            assert tf.config.optimizer.get_experimental_options()[name]
        with pytest.raises(ZeroDivisionError), GraphOptions(grappler=False).applied():
            raise ZeroDivisionError
        assert tf.config.optimizer.get_experimental_options()[name] is before
    finally:
        tf.config.optimizer.set_experimental_options({name: False})


def test_options_are_given_up_one_at_a_time_and_none_is_added():
    plain = GraphOptions(flat_updates=True, single_threaded=True)
    assert plain.ways(mixed=False, xla=False) == {(False, False): plain}
    both = plain.ways(mixed=True, xla=True)
    assert [(key, one.xla, one.mixed) for key, one in both.items()] == [
        ((True, True), Xla.STEP, True),
        ((True, False), Xla.OFF, True),
        ((False, True), Xla.STEP, False),
        ((False, False), Xla.OFF, False),
    ]
    assert both[False, False] == plain
    assert all(one.flat_updates for one in both.values())
    epoch = GraphOptions(xla=Xla.EPOCH)
    assert epoch.ways(mixed=False, xla=False) == {(False, False): epoch}


def test_a_step_of_xla_is_not_single_threaded_and_named():
    options = GraphOptions(single_threaded=True).with_xla()
    assert not options.single_threaded
    assert "XLA" in options.named()
    assert "XLA" not in GraphOptions().named()


def test_compiling_has_to_be_won_back():
    assert xla_saves(41.0, 10.0)
    assert not xla_saves(39.0, 10.0)
    assert not xla_saves(-100.0, 1.0)
