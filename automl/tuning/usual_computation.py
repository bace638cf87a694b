"""How trials are computed, where nobody has said: as this machine was measured to be faster."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from automl.engines.devices import Devices
from automl.engines.processes import Processes
from automl.engines.xla_measuring import measured_xla
from automl.tuning.manifest import narrowed_space
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_compilation import (
    seconds_to_measure,
    training_to_gain,
    with_usual_compilation,
)
from automl.tuning.usual_precision import measured_gain, with_usual_precision

if TYPE_CHECKING:
    from automl.data.prepare import PreparedData
    from automl.space import SearchSpace


def with_usual_computation(
    request: SearchRequest,
    space: SearchSpace,
    data: PreparedData,
    devices: Devices,
    processes: Processes,
) -> tuple[SearchRequest, tuple[str, ...]]:
    """Settles the precision of training steps, then whether XLA compiles them in it.

    Args:
        request: What was asked.
        space: The space.
        data: The prepared rows.
        devices: What trials run on.
        processes: Where TensorFlow is.

    Returns:
        The request, and what a person should know.
    """
    gain = partial(measured_gain, devices, processes)
    request, precision_note = with_usual_precision(request, space, gain)

    def measured() -> Mapping[str, Any]:
        searched = narrowed_space(space, request, data)
        training = training_to_gain(request, len(data.train), devices)
        timeout = seconds_to_measure(request)
        signature = data.plan.signature
        return measured_xla(searched, data.task, signature, training, devices, processes, timeout)

    request, compilation_note = with_usual_compilation(request, space, devices, measured)
    return request, (precision_note, compilation_note)
