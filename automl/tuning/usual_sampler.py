"""The sampler of a search of image models, where nobody has named one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.tuning.search_request import SearchRequest
from automl.vocabulary.inputs import IMAGE

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: The sampler of spaces whose trials are few and costly.
OF_IMAGES = "local"


def with_usual_sampler(
    request: SearchRequest, space: SearchSpace, left_open: Collection[str] = ()
) -> tuple[SearchRequest, str]:
    """Searches near the best trials where each takes minutes and known good ones are tried first.

    Args:
        request: What was asked, the space's protocol included.
        space: The space.
        left_open: Names of the options that were not given.

    Returns:
        The request, and a sentence where another sampler than usual is taken; else "".
    """
    if "sampler" not in left_open or space.inputs != IMAGE or space.protocol is not None:
        return request, ""
    note = (
        f"sampler: {OF_IMAGES}, for trials of image models are few, and good ones are known "
        "(--sampler tpe overrules)"
    )
    return replace(request, sampler=OF_IMAGES), note
