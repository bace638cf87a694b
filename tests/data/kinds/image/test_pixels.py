"""Arrays of any form as images: channels last, bytes where nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from automl.data.kinds.image.pixels import (
    as_pixels,
    as_trained,
    channels_last,
    check_several,
    with_channels,
)
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
    with pytest.raises(DataError, match="of training were bytes of 0 to 255"):
        as_trained(BYTES / 255, "uint8", False)
    with pytest.raises(DataError, match="of training were numbers of 0 to 1"):
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


@pytest.mark.parametrize("bands", [5, 13, 16])
def test_square_images_of_any_number_of_channels_may_have_them_first(bands: int) -> None:
    said: list[str] = []
    x = np.random.default_rng(0).integers(0, 256, (2, 8, 8, bands), np.uint8)
    np.testing.assert_array_equal(channels_last(np.moveaxis(x, 3, 1), said.append), x)
    assert len(said) == 1 and channels_last(x, said.append) is x and len(said) == 1


def test_the_grey_of_bytes_is_that_of_files() -> None:
    image = Image.fromarray(BYTES.reshape(30, 7, 3)).convert("L")
    np.testing.assert_array_equal(with_channels(BYTES, 1).reshape(30, 7), np.asarray(image))


@pytest.mark.parametrize("shape", [(28, 28), (784,), (28, 28, 1), (28, 28, 3), (28, 28, 4)])
def test_one_image_is_not_taken_for_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match=r"give .* of one image x\[np.newaxis\]"):
        check_several(np.zeros(shape, np.uint8), 28)


def test_rows_of_images_are_rows() -> None:
    for shape in ((28, 28, 28), (2, 28, 28), (2, 40, 9), (1, 28, 28, 3)):
        check_several(np.zeros(shape, np.uint8), 28)
    check_several(np.zeros((9, 28, 3), np.uint8), 3)  # images of three pixels a row
