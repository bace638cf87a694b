"""A model averaged over test-time views: its answers are those of NumPy, also loaded again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.image_views import image_views
from automl.models.averaged_views import averaged_over_views

IMAGES = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 2), np.uint8)


@pytest.fixture(scope="module")
def core() -> Any:
    image = keras.Input((6, 5, 2), dtype="uint8", name="image")
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(3, 3, activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dense(4, activation="softmax")(keras.layers.Flatten()(x))
    return keras.Model({"image": image}, x)


def by_hand(core: Any, images: np.ndarray, mirrored: bool) -> np.ndarray:
    """The six views with NumPy: each of the shifts counts a quarter, none of them a half."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
    shifts = ((0.5, images), (0.25, padded[:, :-2, :-2]), (0.25, padded[:, 2:, 2:]))
    total = np.zeros((len(images), 4))
    for weight, moved in shifts:
        answers = [core.predict({"image": moved}, verbose=0)]
        if mirrored:
            answers.append(core.predict({"image": moved[:, :, ::-1]}, verbose=0))
        total += weight * np.mean(answers, axis=0)
    return total


@pytest.mark.parametrize("mirrored", [True, False])
def test_its_answers_are_the_weighted_mean(core: Any, mirrored: bool) -> None:
    model = averaged_over_views(core, image_views(6, mirrored))
    answers = model.predict({"image": IMAGES}, verbose=0)
    np.testing.assert_allclose(answers, by_hand(core, IMAGES, mirrored), atol=1e-6)
    assert not np.allclose(answers, core.predict({"image": IMAGES}, verbose=0), atol=1e-4)


def test_keras_alone_loads_it(core: Any, tmp_path: Path) -> None:
    model = averaged_over_views(core, image_views(6, mirrored=True))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    given = {"image": IMAGES}
    np.testing.assert_array_equal(loaded.predict(given, verbose=0), model.predict(given, verbose=0))
    assert loaded.count_params() == core.count_params()
