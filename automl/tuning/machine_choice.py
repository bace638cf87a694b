"""How trials are computed, where that is left to what this machine measures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.tuning.search_request import SearchRequest
from automl.vocabulary.inputs import IMAGE

if TYPE_CHECKING:
    from automl.space import SearchSpace


def is_open(name: str, value: Any, request: SearchRequest, space: SearchSpace) -> bool:
    """Whether this machine may give a hyperparameter a value.

    Not what somebody has set, nor where the space is not of images: a builder in KerasTuner's form
    means by a name what its author means. Machines that share a study, or a cluster's, may be of
    another kind; Keras's `fit`, which calls callbacks, computes in its own way; a protocol says all
    that its author wants.

    Args:
        name: The hyperparameter's name.
        value: The value.
        request: What was asked.
        space: The space, which may not offer it.
    """
    settled = {*request.settings, *(form["name"] for form in request.hyperparameters)}
    is_offered = any(
        parameter.name == name and value in getattr(parameter, "options", ())
        for parameter in space.hyperparameters
    )
    elsewhere = request.storage is not None or request.engine == "ray"
    is_settled = name in settled or space.protocol is not None or space.inputs != IMAGE
    return is_offered and not is_settled and not elsewhere and not request.callbacks


def with_choice(request: SearchRequest, name: str, value: Any) -> SearchRequest:
    """The request with what was found, as if somebody had set it.

    So it goes into the run's record: its other trials, also on another machine, are computed alike.

    Args:
        request: What was asked.
        name: The hyperparameter's name.
        value: The value.
    """
    return replace(request, settings={**request.settings, name: value})
