"""What image models are trained in, where nobody has said: what this machine is faster in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from automl.engines.devices import Devices
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RunError
from automl.tuning.machine_choice import is_open, with_choice
from automl.tuning.search_request import SearchRequest
from automl.vocabulary.dtype_policies import DTYPE_POLICY, FLOAT32, MIXED_BFLOAT16

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: How many times as fast two convolutions have to be for whole steps to gain too, of which they
#: are 50 to 90 hundredths: where they are 2.5 times as fast, steps of the families that a search
#: tries are 1.1 to 2.8 times (`benchmarks/precision_steps.py`).
LEAST_GAIN = 1.3
#: Seconds within which a process measures it.
_SECONDS = 120.0


def with_usual_precision(
    request: SearchRequest, space: SearchSpace, gain: Callable[[], float]
) -> tuple[SearchRequest, str]:
    """Trains in bfloat16 where that was measured to be faster and nobody has said otherwise.

    Args:
        request: What was asked.
        space: The space.
        gain: Measures how many times as fast convolutions are in bfloat16 as in float32.

    Returns:
        The request, and a sentence where bfloat16 is taken or could not be measured; else "".
    """
    if not is_open(DTYPE_POLICY, MIXED_BFLOAT16, request, space):
        return request, ""
    try:
        times = gain()
    except RunError as error:
        return request, f"{DTYPE_POLICY}: {FLOAT32}, for bfloat16 could not be measured: {error}"
    if times < LEAST_GAIN:
        return request, ""
    note = (
        f"{DTYPE_POLICY}: {MIXED_BFLOAT16}, for convolutions were measured to be {times:.1f} times "
        f"as fast in it here as in float32 (--set {DTYPE_POLICY}=float32 overrules)"
    )
    return with_choice(request, DTYPE_POLICY, MIXED_BFLOAT16), note


def measured_gain(devices: Devices, processes: Processes) -> float:
    """Measures it on one of the devices that trials run on.

    Args:
        devices: What they run on.
        processes: Where TensorFlow is.
    """
    function = "automl.training.bfloat16_gain:gain_in_child"
    return float(run_in_child(processes, function, {"gpu": devices.of_worker(0)}, _SECONDS))
