"""The layers of an exported model, taken over: the same answers to the same rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.plan import TargetScale
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.errors import SpaceError
from automl.models.backbone import bundle_backbone, bundle_inputs, placed
from automl.models.inputs.builder import TableInputs
from automl.models.inputs.builder_images import ImageInputs
from automl.models.own_model import OWN_UNITS, ArrayForm, contract_core
from automl.models.preprocessing import WeightedCore, raw_ensemble, raw_model
from automl.training.stages import freeze
from tests.export.run_maker import make_core


@pytest.fixture(scope="module")
def iris() -> PreparedData:
    return prepare(DataRequest("iris"))


def features(core: Any) -> Any:
    """What stands in front of a core's outputs."""
    return keras.Model(core.inputs, core.layers[-1].input)


def test_numbers_reach_it_as_they_did_in_its_training(iris: PreparedData) -> None:
    core = make_core(iris)
    taken = bundle_backbone(raw_model(core, iris.plan, iris.task), "model")
    known = iris.plan.signature
    # Rows of other means and deviations: of the same flower, another standardized number.
    own = replace(
        known,
        mean=tuple(mean + 1.0 for mean in known.mean),
        std=tuple(2.0 * std for std in known.std),
    )
    inputs = TableInputs(own)
    model = keras.Model(inputs.tensors, placed(taken, bundle_inputs(inputs, known, {}), ""))
    there = iris.validation.inputs["numeric"]
    raw = there * np.asarray(known.std) + np.asarray(known.mean)
    here = ((raw - np.asarray(own.mean)) / np.asarray(own.std)).astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(model({"numeric": here})), np.asarray(features(core)(there)), atol=1e-4
    )


def image_core(signature: InputSignature) -> Any:
    inputs = ImageInputs(signature)
    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs.scaled())
    x = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(x))
    x = keras.layers.Dense(6, name="hidden")(keras.layers.GlobalAveragePooling2D()(x))
    outputs = keras.layers.Activation("softmax")(keras.layers.Dense(3)(x))
    return keras.Model(inputs.tensors, outputs, name="core")


def test_images_reach_it_with_the_scaling_of_its_training() -> None:
    known = InputSignature(0, mean=(100.0,), std=(50.0,), shape=(8, 8, 1), pixel="uint8")
    core = image_core(known)
    taken = bundle_backbone(keras.Sequential([core]), "model")
    inputs = ImageInputs(replace(known, mean=(7.0,), std=(3.0,)))
    model = keras.Model(inputs.tensors, placed(taken, bundle_inputs(inputs, known, {}), ""))
    pixels = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), np.uint8)
    hidden = keras.Model(core.input, core.get_layer("hidden").output)
    np.testing.assert_allclose(
        np.asarray(model({"image": pixels})), np.asarray(hidden({"image": pixels})), atol=1e-5
    )
    # In training too, once it is frozen: neither dropout nor other moving averages.
    freeze(model, 1.0)
    before = [np.array(weight) for weight in taken.weights]
    np.testing.assert_allclose(
        np.asarray(model({"image": pixels}, training=True)),
        np.asarray(model({"image": pixels}, training=False)),
        atol=1e-6,
    )
    assert all(np.array_equal(*pair) for pair in zip(before, taken.weights, strict=True))
    scratch = placed(taken, bundle_inputs(inputs, known, {}), "random")
    anew = keras.Model(inputs.tensors, scratch).get_layer("backbone")
    assert not np.array_equal(anew.weights[0], taken.weights[0])


def own_core(outputs: Any, inputs: Any, target_shape: tuple[int, ...] = ()) -> tuple[Any, Any]:
    """A person's own model of images in an array, and the core that it is saved as."""
    own = keras.Model(inputs, outputs)
    units = int(np.prod(outputs.shape[1:]))
    form = ArrayForm((8, 8, 1), OWN_UNITS, units, target_shape=target_shape)
    known = InputSignature(64, (), (0.0,), (1.0,), (8, 8, 1))
    scale = TargetScale((3.0,) * units, (2.0,) * units)
    return own, contract_core(own, form, known, scale)


def test_an_encoder_within_a_model_of_ones_own_is_found() -> None:
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(inputs)
    code = keras.layers.Dense(6, name="encoder")(keras.layers.Flatten()(x))
    x = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16, activation="relu")(code))
    again = keras.layers.Conv2DTranspose(1, 3, strides=2, padding="same")(x)
    own, core = own_core(again, inputs, target_shape=(8, 8, 1))
    taken = bundle_backbone(keras.Sequential([core]), "model")
    images = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype(np.float32)
    expected = keras.Model(own.input, own.get_layer("encoder").output)(images)
    np.testing.assert_allclose(taken([images.reshape(3, 64)]), expected, atol=1e-6)


def test_layers_up_to_the_outputs_of_a_model_of_ones_own_are_taken() -> None:
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.Dense(5, activation="relu")(keras.layers.Flatten()(inputs))
    own, core = own_core(keras.layers.Dense(2)(hidden), inputs)
    taken = bundle_backbone(keras.Sequential([core]), "model")
    images = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype(np.float32)
    expected = keras.Model(own.input, own.layers[-2].output)(images)
    np.testing.assert_allclose(taken([images.reshape(3, 64)]), expected, atol=1e-6)


def test_what_has_no_layers_to_take_over_is_refused(iris: PreparedData) -> None:
    member = WeightedCore(make_core(iris), iris.plan, 0.5)
    ensemble = raw_ensemble([member, member], iris.plan, iris.task)
    with pytest.raises(SpaceError, match="it is an ensemble"):
        bundle_backbone(ensemble, "model")
    inputs = {"numeric": keras.Input((4,), name="numeric")}
    outputs = keras.layers.Dense(3, activation="softmax")(inputs["numeric"])
    linear = keras.Model(inputs, outputs, name="core")
    with pytest.raises(SpaceError, match="is linear"):
        bundle_backbone(raw_model(linear, iris.plan, iris.task), "model")
