"""The test-time views that were asked for: whether the rows have them, and which they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from automl.data.image_views import VIEW_COUNTS, ImageView, image_views
from automl.errors import RequestError

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.tuning.search_request import SearchRequest

_FLAG = "--test-time-views"


def asked_views(
    request: SearchRequest, task: Task, signature: InputSignature
) -> tuple[ImageView, ...]:
    """The test-time views that were asked for; none where none were.

    Args:
        request: What was asked.
        task: What is learnt.
        signature: What the rows are.

    Raises:
        RequestError: The rows are no images, or images that have no such views.
    """
    count = request.test_time_views
    if not count:
        return ()
    if not signature.pixel:
        raise RequestError(
            f"{_FLAG} {count} is for images, and the rows are none: leave it out, or choose a "
            "space of images (`automl spaces` lists them)."
        )
    views = image_views(count, request.data.mirrors(task.classes))
    if not views:
        raise RequestError(
            f"{_FLAG} {count} is the image and its mirror, and the classes are called like digits "
            f"or letters ({task.classes[0]} to {task.classes[-1]}): give {VIEW_COUNTS[1]} for "
            "shifts alone, or --symmetric where they mean the same mirrored."
        )
    assert signature.shape is not None  # images have one
    height, width, _ = signature.shape
    if min(height, width) < 2 and any(view.shift for view in views):
        raise RequestError(
            f"{_FLAG} {count} shifts images by a pixel, and these have {height} x {width}: give "
            f"{VIEW_COUNTS[0]} for the image and its mirror."
        )
    return views


def unmirrored_note(request: SearchRequest, views: Sequence[ImageView]) -> str:
    """One sentence where test-time views are shifts alone; else ""."""
    if not views or any(view.mirrored for view in views):
        return ""
    return (
        f"{_FLAG} {request.test_time_views}: the classes are called like digits or letters, so "
        f"the {len(views)} views are the image and its shifts, none of them mirrored (--symmetric "
        "has mirrors too)."
    )
