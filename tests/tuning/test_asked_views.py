"""Test-time views are refused in one sentence where rows, classes or options leave none."""

from __future__ import annotations

from typing import Any

import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.request import DataRequest
from automl.data.task import Task, TaskKind
from automl.errors import RequestError
from automl.tuning.asked_views import asked_views, unmirrored_note
from automl.tuning.options import SEARCH_OPTIONS
from automl.tuning.search_request import SearchRequest

PHOTOS = Task(TaskKind.MULTICLASS, 3, ("y",), ("cat", "dog", "fox"))
DIGITS = Task(TaskKind.MULTICLASS, 10, ("y",), tuple(range(10)))


def images(height: int = 8, width: int = 8) -> InputSignature:
    return InputSignature(0, mean=(0.0,), std=(1.0,), shape=(height, width, 1), pixel="uint8")


def asked(count: int, symmetric: bool = False, **others: Any) -> SearchRequest:
    data = DataRequest("photos", symmetric=symmetric, **others.pop("data", {}))
    return SearchRequest(data, test_time_views=count, **others)


def test_as_many_as_were_asked_for() -> None:
    assert [len(asked_views(asked(count), PHOTOS, images())) for count in (0, 2, 6)] == [0, 2, 6]
    assert asked_views(asked(0), PHOTOS, InputSignature(3)) == ()
    assert unmirrored_note(asked(6), asked_views(asked(6), PHOTOS, images())) == ""


def test_digits_are_only_shifted_unless_they_are_symmetric() -> None:
    views = asked_views(asked(6), DIGITS, images())
    assert len(views) == 3 and not any(view.mirrored for view in views)
    assert "the 3 views are the image and its shifts" in unmirrored_note(asked(6), views)
    assert len(asked_views(asked(6, symmetric=True), DIGITS, images())) == 6


def test_two_views_of_digits_are_refused() -> None:
    with pytest.raises(RequestError, match=r"classes are called like .* \(0 to 9\): give 6"):
        asked_views(asked(2), DIGITS, images())
    assert len(asked_views(asked(2, symmetric=True), DIGITS, images())) == 2


def test_rows_that_are_no_images_are_refused() -> None:
    with pytest.raises(RequestError, match="is for images, and the rows are none"):
        asked_views(asked(2), PHOTOS, InputSignature(3))


def test_images_of_one_pixel_are_not_shifted() -> None:
    with pytest.raises(RequestError, match="these have 1 x 8: give 2"):
        asked_views(asked(6), PHOTOS, images(1))
    assert len(asked_views(asked(2), PHOTOS, images(1))) == 2


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ({"export": "refit"}, "--export refit"),
        ({"data": {"cv": 3}}, "folds"),
        ({"data": {"holdout": "reshuffle"}}, "--holdout reshuffle"),
        ({"data": {"task": "reconstruction"}}, "--task reconstruction"),
        ({"storage": "sqlite:///x.db"}, "--storage"),
    ],
)
def test_what_leaves_no_one_model_to_average_is_refused(others: dict[str, Any], told: str) -> None:
    with pytest.raises(RequestError, match=f"--test-time-views is not for .*{told}"):
        asked(6, **others)


@pytest.mark.parametrize("count", [1, 3, -2])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(RequestError, match=f"--test-time-views is {count}: give 2 for"):
        SEARCH_OPTIONS["test_time_views"].checked(count)
    with pytest.raises(RequestError, match=f"--test-time-views is {count}: give 2 for"):
        asked(count)
