"""What is said of ``keras.applications``' networks is what Keras does."""

from __future__ import annotations

import importlib
from typing import Any

import keras
import numpy as np
import pytest

from automl.models.application import application_pixels
from automl.vocabulary.applications import APPLICATIONS

LIGHT = ("MobileNet", "MobileNetV2", "VGG16")


class _Asked(Exception):
    """The file of weights that Keras asks for."""


def asked_file(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    def stop(fname: str, *args: Any, **kwargs: Any) -> None:
        assert kwargs["cache_subdir"] == "models"
        raise _Asked(fname)

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", stop)
    with pytest.raises(_Asked) as raised:
        getattr(keras.applications, name)(include_top=False)
    return str(raised.value)


@pytest.mark.parametrize("name", LIGHT)
def test_the_file_is_the_one_that_keras_asks_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert asked_file(name, monkeypatch) == APPLICATIONS[name].file


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(APPLICATIONS) - set(LIGHT)))
def test_so_are_those_of_large_networks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_file(name, monkeypatch) == APPLICATIONS[name].file


def test_all_networks_are_known() -> None:
    there = {name for name in vars(keras.applications) if name[0].isupper()}
    assert there == set(APPLICATIONS)


@pytest.mark.parametrize("module", sorted({one.module for one in APPLICATIONS.values()}))
def test_pixels_are_preprocessed_as_keras_does(module: str) -> None:
    name = next(name for name, one in APPLICATIONS.items() if one.module == module)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 80, 80, 3)).astype(np.float32)
    inputs = keras.Input((80, 80, 3))
    outputs = application_pixels(inputs, name)
    expected = importlib.import_module(f"keras.applications.{module}").preprocess_input(
        pixels.copy()
    )
    found = pixels if outputs is inputs else keras.Model(inputs, outputs)(pixels)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-4)


def test_grey_and_small_images_become_what_networks_take() -> None:
    assert application_pixels(keras.Input((8, 8, 1)), "Xception").shape == (None, 71, 71, 3)
    assert application_pixels(keras.Input((40, 20, 4)), "VGG16").shape == (None, 64, 32, 3)
