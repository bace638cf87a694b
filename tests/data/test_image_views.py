"""Test-time views: where each pixel stands, and what each view counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from automl.data.image_views import ImageView, image_views, views_text

IMAGE = np.arange(20).reshape(4, 5)
PADDED = np.pad(IMAGE, 1, mode="reflect")


def seen(view: ImageView) -> np.ndarray:
    return IMAGE[np.ix_(view.rows(4), view.columns(5))]


@pytest.mark.parametrize(
    ("shift", "moved"), [(0, IMAGE), (1, PADDED[:-2, :-2]), (-1, PADDED[2:, 2:])]
)
def test_a_view_is_the_image_shifted_with_reflection_and_mirrored(
    shift: int, moved: np.ndarray
) -> None:
    np.testing.assert_array_equal(seen(ImageView(1.0, shift=shift)), moved)
    np.testing.assert_array_equal(seen(ImageView(1.0, True, shift)), moved[:, ::-1])


def test_six_views_count_as_in_airbench() -> None:
    views = image_views(6, mirrored=True)
    assert [(one.weight, one.mirrored, one.shift) for one in views] == [
        (0.25, False, 0),
        (0.25, True, 0),
        (0.125, False, -1),
        (0.125, True, -1),
        (0.125, False, 1),
        (0.125, True, 1),
    ]


def test_images_that_mean_another_thing_mirrored_are_only_shifted() -> None:
    views = image_views(6, mirrored=False)
    assert [(one.weight, one.mirrored, one.shift) for one in views] == [
        (0.5, False, 0),
        (0.25, False, -1),
        (0.25, False, 1),
    ]
    assert image_views(2, mirrored=False) == () == image_views(0, mirrored=True)


def test_two_views_are_the_image_and_its_mirror() -> None:
    assert image_views(2, mirrored=True) == (ImageView(0.5), ImageView(0.5, True))


def test_views_are_told_apart_in_words() -> None:
    told = [views_text(image_views(*one)) for one in ((2, True), (6, True), (6, False))]
    assert all(a != b for a, b in pairwise(told))
    assert "mirror" not in told[2]


@pytest.mark.parametrize("wrong", [{"weight": 0.0}, {"weight": 1.0, "shift": 2}])
def test_a_stranger_s_view_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no view"):
        ImageView(**wrong)  # type: ignore[arg-type]
