"""How models of a person's own want their numbers, kind by kind."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from automl.models.wanted_input import RAW, STANDARDIZE, wanted_input


def model(make: Any, shape: tuple[int, ...] = (8,), dtype: str = "float32") -> keras.Model:
    inputs = keras.Input(shape, dtype=dtype)
    return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(make(inputs))))


class Own(keras.Model):
    def __init__(self, first: Any) -> None:
        super().__init__()
        self.first, self.last = first, layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.last(self.first(x))


RAW_MODELS = {
    "int32": model(lambda x: x, dtype="int32"),
    "Embedding": model(layers.Embedding(64, 4)),
    "CategoryEncoding": model(layers.CategoryEncoding(9)),
    "OneHot": model(lambda x: ops.one_hot(x, 9)),
    "Rescaling": model(layers.Rescaling(1 / 255), (4, 4, 3)),
    "Normalization": model(layers.Normalization(mean=3.0, variance=2.0)),
    "BatchNormalization": model(layers.BatchNormalization()),
    "arithmetic": model(lambda x: x / 255.0),
    "arithmetic of an application": model(
        lambda x: keras.applications.mobilenet_v2.preprocess_input(x), (4, 4, 3)
    ),
    "Random": model(lambda x: layers.RandomFlip()(x), (4, 4, 3)),
    "Embedding behind a Reshape": model(
        lambda x: layers.Embedding(64, 4)(layers.Reshape((4, 2))(x))
    ),
    "Rescaling in a model": model(
        keras.Sequential([keras.Input((8,)), layers.Rescaling(2.0), layers.Dense(2)])
    ),
    "Embedding on one of two ways": model(
        lambda x: layers.Concatenate()(
            [layers.Flatten()(layers.Embedding(64, 2)(x)), layers.Dense(2)(x)]
        )
    ),
    "Sequential": keras.Sequential([keras.Input((8,)), layers.Embedding(9, 2), layers.Flatten()]),
    "a call of its own": Own(layers.Rescaling(0.5)),
    "a Lambda": model(layers.Lambda(lambda x: x / 255.0, output_shape=(8,))),
}
ADAPTED = layers.Normalization()
ADAPTED.adapt(np.arange(16.0).reshape(2, 8))
RAW_MODELS["an adapted Normalization"] = model(ADAPTED)
STANDARDIZED_MODELS = {
    "a Normalization that nobody adapted": model(layers.Normalization()),
    "one before an axis": model(layers.Normalization(axis=None)),
    "Dense": model(layers.Dense(3)),
    "Conv2D": model(layers.Conv2D(2, 2), (4, 4, 3)),
    "a late normalization": model(lambda x: layers.BatchNormalization()(layers.Dense(3)(x))),
    "Dropout and Dense": model(lambda x: layers.Dense(3)(layers.Dropout(0.1)(x))),
    "a sum of branches": model(lambda x: layers.Add()([layers.Dense(8)(x), x])),
    "an activation": model(layers.ReLU()),
    "a call of its own": Own(layers.Dense(3)),
}


@pytest.mark.parametrize("name", RAW_MODELS)
def test_what_scales_or_takes_codes_gets_raw_numbers(name: str) -> None:
    assert wanted_input(RAW_MODELS[name]).mode == RAW


@pytest.mark.parametrize("name", STANDARDIZED_MODELS)
def test_all_others_get_standardized_numbers(name: str) -> None:
    assert wanted_input(STANDARDIZED_MODELS[name]).mode == STANDARDIZE


def test_the_room_of_an_embedding_is_known() -> None:
    found = wanted_input(RAW_MODELS["Embedding"])
    assert (found.codes, found.below) == (True, 64)
    assert "Embedding" in found.why
