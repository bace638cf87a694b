"""Why XLA compiles no graph of a model."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from automl.training.xla_refusal import xla_refusal


def raised_by(layer: keras.layers.Layer) -> BaseException:
    images = tf.zeros((4, 8, 8, 1))
    layer(images, training=True)

    @tf.function(jit_compile=True, autograph=False)
    def change(x: object) -> object:
        return layer(x, training=True)

    with pytest.raises(tf.errors.OpError) as caught:
        change(images)
    return caught.value


def test_an_operation_that_is_not_there_is_named_alike_in_every_trial() -> None:
    told = {xla_refusal(raised_by(keras.layers.RandomTranslation(0.1, 0.1))) for _ in range(2)}
    assert told == {"XLA has no ImageProjectiveTransformV3"}


def test_so_is_one_whose_sums_have_no_order() -> None:
    error = tf.errors.UnimplementedError(
        None,
        None,
        "Graph execution error:\n\nDetected at node gradients/core_7/pool_3/MaxPoolGrad defined at "
        "(most recent call last):\n<stack traces unavailable>\nGPU MaxPool gradient ops do not yet "
        "have a deterministic XLA implementation.\n\t [[{{node gradients/core_7/MaxPoolGrad}}]]",
    )
    told = "GPU MaxPool gradient ops have no deterministic XLA implementation"
    assert xla_refusal(error) == told


def test_any_other_error_says_what_it_says() -> None:
    assert xla_refusal(ValueError("the shapes differ")) == "ValueError: the shapes differ"
