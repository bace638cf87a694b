"""An exported model of images reads them as they were prepared, and any other size nearly so."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from automl.data.kinds.image.plan import ImageFeature, ImagePlan
from automl.data.plan import PreprocessingPlan
from automl.models.inputs.builder_images import ImageInputs
from automl.models.preprocessing import core_inputs, model_inputs
from automl.vocabulary.inputs import IMAGE

RNG = np.random.default_rng(0)


def plan_of(channels: int, fit: str = "resize", pixel: str = "uint8") -> ImagePlan:
    mean, std = (100.0,) * channels, (50.0,) * channels
    return ImagePlan(ImageFeature(24, 32, channels, mean, std, pixel, fit=fit))


def in_keras(plan: ImagePlan, folder: Path) -> keras.Model:
    whole = PreprocessingPlan(plan)
    inputs = model_inputs(whole)
    keras.Model(inputs[IMAGE], core_inputs(whole, inputs)[IMAGE]).save(folder / "front.keras")
    return keras.saving.load_model(folder / "front.keras", safe_mode=True)


@pytest.mark.parametrize("fit", ["resize", "pad"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_both_readings_agree(channels: int, fit: str, tmp_path: Path) -> None:
    plan = plan_of(channels, fit)
    front = in_keras(plan, tmp_path)
    same = RNG.integers(0, 256, (3, 24, 32, channels), np.uint8)
    np.testing.assert_array_equal(front.predict(same, verbose=0), same)
    for height, width in ((1, 1), (24, 90), (75, 20), (10, 12), (200, 301)):
        other = RNG.integers(0, 256, (2, height, width, channels), np.uint8)
        found = front.predict(other, verbose=0)
        expected = plan.apply(other)[IMAGE]
        assert found.dtype == expected.dtype == np.uint8
        assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def test_floats_stay_as_they_are(tmp_path: Path) -> None:
    front = in_keras(plan_of(2, pixel="float32"), tmp_path)
    same = RNG.normal(size=(3, 24, 32, 2)).astype(np.float32)
    np.testing.assert_array_equal(front.predict(same, verbose=0), same)


def test_the_core_scales_bytes_by_itself() -> None:
    inputs = ImageInputs(plan_of(3).signature)
    core = keras.Model(inputs.tensors, inputs.scaled())
    x = RNG.integers(0, 256, (2, 24, 32, 3), np.uint8)
    found = core.predict({IMAGE: x}, verbose=0)
    np.testing.assert_allclose(found, (x.astype(np.float32) - 100) / 50, rtol=1e-6)
