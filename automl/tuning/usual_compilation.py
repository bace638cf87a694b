"""Whether XLA compiles training steps, where nobody has said: on a GPU where that pays here.

On cores it never does: a step that it compiles takes 1.4 to 2 times as long ("What bounds a
training step of images" in `benchmarks/RESULTS.md`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from automl.engines.devices import Devices
from automl.errors import RunError
from automl.tuning.budget import TRIAL_SHARE, least_of
from automl.tuning.machine_choice import is_open, with_choice
from automl.tuning.search_request import SearchRequest
from automl.vocabulary.jit_compilation import JIT_COMPILE

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: Seconds of a search from which on it is measured (own choice): building a model and compiling it
#: may take half a minute, and in shorter ones no trial is long enough to gain that.
LEAST_TIME = 600.0
#: Seconds that measuring may take at most, and share of a search's time (own choices).
MOST_SECONDS, MOST_SHARE = 180.0, 0.05


def with_usual_compilation(
    request: SearchRequest,
    space: SearchSpace,
    devices: Devices,
    measured: Callable[[], Mapping[str, Any]],
) -> tuple[SearchRequest, str]:
    """Has XLA compile the steps of trials on a GPU where that was measured to pay.

    Args:
        request: What was asked.
        space: The space.
        devices: What trials run on.
        measured: See `automl.engines.xla_measuring.measured_xla`.

    Returns:
        The request, and a sentence where XLA is taken, cannot be or could not be measured; else "".
    """
    seconds = request.budget.seconds
    is_short = seconds is not None and seconds < LEAST_TIME
    if not devices.gpus or is_short or not is_open(JIT_COMPILE, True, request, space):
        return request, ""
    try:
        found = measured()
    except RunError as error:
        return request, f"{JIT_COMPILE}: false, for what XLA gains could not be measured: {error}"
    if found["problem"]:
        told = f"XLA cannot compile the default configuration: {found['problem']}"
        return request, f"{JIT_COMPILE}: false, for {told}"
    if not found["pays"]:
        return request, ""
    note = (
        f"{JIT_COMPILE}: true, for XLA was measured to make a step {found['gain']:.1f} times as "
        f"fast here, and to take {found['compiling']:.0f} s to compile it "
        f"(--set {JIT_COMPILE}=false overrules)"
    )
    return with_choice(request, JIT_COMPILE, True), note


def training_to_gain(request: SearchRequest, rows: int, devices: Devices) -> dict[str, Any]:
    """How long a training of a search may be, by which compiling it has to pay.

    Args:
        request: What was asked.
        rows: Training rows.
        devices: What trials run on.

    Returns:
        ``rows``, ``epochs`` and ``seconds`` of `automl.training.xla_times.xla_times`.
    """
    whole, own = request.budget.seconds, request.trial_budget.seconds
    share = None if whole is None else TRIAL_SHARE * whole * devices.workers
    most = least_of(share, own)
    return {
        "rows": rows,
        "epochs": request.trial_budget.epochs,
        "seconds": None if most is None else most / len(request.data.views),
    }


def seconds_to_measure(request: SearchRequest) -> float:
    """Seconds within which it is to be measured: some models take XLA minutes."""
    whole = request.budget.seconds
    return MOST_SECONDS if whole is None else min(MOST_SECONDS, MOST_SHARE * whole)
