"""Whitened patches: what they do to the images, in pieces, and of how many images they are."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.models import first_weights
from automl.models.first_weights import (
    PLACES,
    ROWS,
    WHITENING,
    set_first_weights,
    whitening_kernel,
)


def images(count: int = 30, side: int = 9, channels: int = 2) -> Any:
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(count, side, side, channels)).cumsum(axis=1).cumsum(axis=2)
    return smooth.astype(np.float32)


def test_whitened_patches_are_uncorrelated_and_of_one_variance() -> None:
    x = images()
    kernel = whitening_kernel(x, 2)
    half = kernel[..., : kernel.shape[-1] // 2]
    maps = keras.ops.conv(x, half, padding="valid")
    flat = np.asarray(maps, np.float64).reshape(-1, half.shape[-1])
    found = flat.T @ flat / len(flat)
    large = np.diag(found) > 0.9  # of directions that hardly vary it is less
    assert large.sum() >= 4
    np.testing.assert_allclose(found[np.ix_(large, large)], np.eye(large.sum()), atol=0.1)
    np.testing.assert_array_equal(kernel[..., half.shape[-1] :], -half)


def test_pieces_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    x = images()
    whole = whitening_kernel(x, 2)
    monkeypatch.setattr(first_weights, "_AT_ONCE", 100)  # one image at once
    np.testing.assert_allclose(whitening_kernel(x, 2), whole, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("side", [28, 64, 512])
def test_of_large_images_fewer_are_taken(side: int) -> None:
    asked: list[int] = []

    def rows(count: int) -> Any:
        asked.append(count)
        return images(2, side, 1)

    inputs = keras.Input((side, side, 1))
    made = keras.layers.Conv2D(8, 2, name=WHITENING)(inputs)
    set_first_weights(keras.Model(inputs, made), rows)
    assert asked == [min(ROWS, PLACES // side**2)]
    assert asked[0] * side**2 <= PLACES
