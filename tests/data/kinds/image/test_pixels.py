"""Arrays of any form as images: channels last, bytes where nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from automl.data.kinds.image.pixels import as_pixels, as_trained, channels_last, with_channels
from automl.errors import DataError

BYTES = np.random.default_rng(0).integers(0, 256, (6, 5, 7, 3), np.uint8)


def silent(_: str) -> None:
    """Whom nobody tells anything."""


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_shares_of_bytes_come_back_as_bytes(dtype) -> None:
    said: list[str] = []
    pixels, shares = as_pixels((BYTES / 255).astype(dtype), said.append)
    assert shares and pixels.dtype == np.uint8 and "0 to 1" in said[0]
    np.testing.assert_array_equal(pixels, BYTES)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_bytes_of_any_type_are_bytes(dtype) -> None:
    pixels, shares = as_pixels(BYTES.astype(dtype), silent)
    assert not shares and pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, BYTES)


def test_other_numbers_stay_what_they_are() -> None:
    said: list[str] = []
    standardized = np.random.default_rng(0).normal(size=(4, 3, 3, 1))
    pixels, shares = as_pixels(standardized, said.append)
    assert not shares and pixels.dtype == np.float32 and "float32" in said[0]
    np.testing.assert_array_equal(pixels, standardized.astype(np.float32))
    with pytest.raises(DataError, match="missing"):
        as_pixels(np.full((4, 3, 3, 1), np.nan), silent)
    with pytest.raises(DataError, match="not numbers"):
        as_pixels(np.full((4, 3, 3, 1), "a"), silent)


def test_a_trained_model_gets_the_numbers_that_it_knows() -> None:
    np.testing.assert_array_equal(as_trained(BYTES / 255, "uint8", True), BYTES)
    np.testing.assert_array_equal(as_trained(BYTES, "uint8", True), BYTES)
    np.testing.assert_array_equal(as_trained(BYTES.astype(float), "uint8", False), BYTES)
    with pytest.raises(DataError, match="trained on bytes of 0 to 255"):
        as_trained(BYTES / 255, "uint8", False)
    with pytest.raises(DataError, match="trained on numbers of 0 to 1"):
        as_trained(BYTES.astype(float), "uint8", True)


def test_channels_come_last() -> None:
    said: list[str] = []
    first = np.moveaxis(BYTES, 3, 1)
    np.testing.assert_array_equal(channels_last(first, said.append), BYTES)
    assert "channels first" in said[0]
    assert channels_last(BYTES[..., 0], silent).shape == (6, 5, 7, 1)
    assert channels_last(BYTES, silent) is BYTES
    # Where both could be, the last are.
    assert channels_last(np.zeros((2, 3, 8, 3), np.uint8), said.append).shape == (2, 3, 8, 3)
    for shape in ((6, 784), (6, 2, 2, 2, 2), (6, 0, 4)):
        with pytest.raises(DataError, match="models of images take"):
            channels_last(np.zeros(shape), silent)


def test_grey_and_coloured_arrays_become_each_other() -> None:
    grey = with_channels(BYTES, 1)
    assert grey.shape == (6, 5, 7, 1) and grey.dtype == np.uint8
    np.testing.assert_array_equal(with_channels(with_channels(grey, 3), 1), grey)
    with pytest.raises(DataError, match="have 3 channels, and the models take 4"):
        with_channels(BYTES, 4)
