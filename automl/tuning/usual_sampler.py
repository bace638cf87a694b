"""The sampler of a search, where nobody has named one and the usual one would learn too late."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from automl.tuning.search_request import SearchRequest
from automl.vocabulary.inputs import IMAGE

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: The sampler of spaces whose trials are few and costly, and of which good ones are known.
OF_FEW_TRIALS = "local"


def with_usual_sampler(
    request: SearchRequest, space: SearchSpace, left_open: Collection[str] = ()
) -> tuple[SearchRequest, str]:
    """Searches near the best trials where each takes minutes and known good ones are tried first.

    Of 19 trials behind the portfolio of `image` (80 hyperparameters; 4,000 images of Fashion-MNIST,
    8 epochs, one search each) the median log loss was 0.32 so and 1.38 with TPE, the best 0.277 and
    0.311 ("Image models near the best ones" in benchmarks/RESULTS.md).

    Args:
        request: What was asked, the space's protocol included.
        space: The space.
        left_open: Names of the options that were not given.

    Returns:
        The request, and a sentence where another sampler than usual is taken; else "".
    """
    is_suited = space.inputs == IMAGE and bool(space.portfolio) and space.protocol is None
    if "sampler" not in left_open or not is_suited:
        return request, ""
    note = (
        f"sampler: {OF_FEW_TRIALS}, for trials of image models are few, and good ones are known "
        "(--sampler tpe overrules)"
    )
    return replace(request, sampler=OF_FEW_TRIALS), note
