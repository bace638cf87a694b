"""Training images are changed in the training graph alone, and a saved model has no trace of it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.plan import TargetScale
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.augmented_images import augmented, without_augmentation
from automl.models.core import Core, build_core, compile_core
from automl.space import SearchSpace, find_space
from automl.space.augmentation import augmentation_hyperparameters
from automl.space.convolutional import image_training_hyperparameters
from automl.vocabulary.augmentations import STRENGTHS
from automl.vocabulary.inputs import IMAGE

BYTES = (0.0, 255.0)
TWO = Task(TaskKind.MULTICLASS, 2, ("y",), ("a", "b"))
RNG = np.random.default_rng(0)


def build(config: Any, inputs: Any, task: Task) -> Any:
    return keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3)(inputs))


SPACE = SearchSpace(
    "small",
    [*augmentation_hyperparameters(), *image_training_hyperparameters()],
    build,
    inputs=IMAGE,
)


def signature(channels: int = 1, pixel: str = "uint8") -> InputSignature:
    return InputSignature(
        64 * channels,
        *((), (100.0,) * channels, (50.0,) * channels, (8, 8, channels)),
        pixel=pixel,
    )


def core(channels: int = 1, pixel: str = "uint8", **values: Any) -> Core:
    config = SPACE.configuration(values)
    made = build_core(SPACE, config, TWO, signature(channels, pixel))
    compile_core(made, config, TWO)
    return made


def changed(config: dict[str, Any], channels: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, what training makes of them, and what predicting does."""
    keras.utils.set_random_seed(0)
    x = RNG.integers(0, 256, (32, 8, 8, channels)).astype(np.float32)
    inputs = keras.Input((8, 8, channels))
    model = keras.Model(inputs, augmented(inputs, config, BYTES))
    return x, np.asarray(model(x, training=True)), np.asarray(model(x, training=False))


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_kind_changes_training_images_alone(name: str) -> None:
    strength = STRENGTHS[name].strengths[-1]
    x, train, predict = changed({"augmentation": "parts", "flip": "none", name: strength})
    assert np.array_equal(predict, x)
    assert not np.allclose(train, x)
    assert train.shape == x.shape
    assert train.min() >= -1e-3 and train.max() <= 255 + 1e-3


@pytest.mark.parametrize(("flip", "axis"), [("horizontal", 2), ("vertical", 1)])
def test_half_of_the_images_are_mirrored(flip: str, axis: int) -> None:
    x, train, predict = changed({"augmentation": "parts", "flip": flip})
    assert np.array_equal(predict, x)
    kept = np.all(train == x, axis=(1, 2, 3))
    mirrored = np.all(train == np.flip(x, axis), axis=(1, 2, 3))
    assert np.all(kept | mirrored)
    assert 5 < kept.sum() < 27


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_rand_augment_changes_grey_and_colours(channels: int) -> None:
    config = {"augmentation": "rand_augment", "rand_strength": 0.8}
    x, train, predict = changed(config, channels)
    assert np.allclose(predict, x)
    assert not np.allclose(train, x)
    assert train.shape == x.shape
    assert channels < 4 or np.array_equal(train[..., 3], x[..., 3])


def test_two_channels_are_refused() -> None:
    with pytest.raises(SpaceError, match="these have 2 channels"):
        changed({"augmentation": "rand_augment", "rand_strength": 0.2}, 2)


def test_without_it_nothing_is_in_the_graph() -> None:
    plain = [type(layer).__name__ for layer in core().model.layers]
    off = core(augmentation="parts", flip="none", shift=0.0)
    assert [type(layer).__name__ for layer in off.model.layers] == plain
    assert not any(name.startswith("Random") for name in plain)


@pytest.mark.parametrize("pixel", ["uint8", "float32"])
@pytest.mark.parametrize(
    "values",
    [
        {"augmentation": "parts", "flip": "horizontal", "shift": 0.1, "brightness": 0.4},
        {"augmentation": "rand_augment"},
    ],
)
def test_it_is_saved_without(values: Any, pixel: str, tmp_path: Any) -> None:
    made = core(pixel=pixel, **values)
    x = RNG.integers(0, 256, (8, 8, 8, 1)).astype(pixel)
    losses = made.model.train_on_batch({IMAGE: x}, np.arange(8) % 2)
    assert np.all(np.isfinite(losses))
    saved = made.in_contract(TargetScale())
    names = [type(layer).__name__ for layer in saved.layers]
    assert not any(name.startswith("Rand") for name in names)
    assert saved.get_layer("head") is made.model.get_layer("head")
    saved.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    expected = made.model.predict_on_batch({IMAGE: x})
    assert np.allclose(again.predict_on_batch({IMAGE: x}), expected, atol=1e-6)
    assert again.count_params() == made.model.count_params()


def test_a_model_without_it_is_saved_as_it_is() -> None:
    model = core().model
    assert without_augmentation(model) is model


def test_strengths_are_active_where_each_kind_has_its_own() -> None:
    space = find_space("plain_cnn")
    parts = space.configuration({"augmentation": "parts"})
    assert (parts.flip, parts.shift, parts.rotation) == ("none", 0.05, 0.0)
    assert not space.defaults().active("shift")
    whole = space.configuration({"augmentation": "rand_augment"})
    assert whole.active("rand_strength") and not whole.active("flip")
