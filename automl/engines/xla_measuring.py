"""Measuring in a child process what XLA gains in the steps of a space's default configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.common.forms import from_form, read_form, to_form
from automl.engines.contract import SpaceHandle
from automl.engines.devices import Devices
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child

if TYPE_CHECKING:
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.space import SearchSpace


def measured_xla(
    space: SearchSpace,
    task: Task,
    signature: InputSignature,
    training: Mapping[str, Any],
    devices: Devices,
    processes: Processes,
    timeout: float,
) -> dict[str, Any]:
    """Measures it on one of the devices that trials run on.

    Args:
        space: The space as it is searched.
        task: The task.
        signature: The images' signature.
        training: ``rows``, ``epochs`` and ``seconds`` of `automl.training.xla_times.xla_times`.
        devices: What trials run on.
        processes: Where TensorFlow is.
        timeout: Seconds to wait for it.

    Returns:
        ``pays``, whether a training gains by it; ``gain``, how many times as fast a step is, 0
        where that was not measured; ``compiling``, in seconds; ``problem``, why XLA cannot compile
        a step, or "".

    Raises:
        RunError: It could not be measured.
    """
    arguments = {
        "handle": to_form(SpaceHandle.of(space)),
        "config": space.defaults().to_json(),
        "task": to_form(task),
        "signature": to_form(signature),
        "training": dict(training),
        "gpu": devices.of_worker(0),
    }
    function = "automl.engines.xla_measuring:measure_in_child"
    found: dict[str, Any] = run_in_child(processes, function, arguments, timeout)
    return found


def measure_in_child(
    handle: Mapping[str, Any],
    config: Mapping[str, Any],
    task: Mapping[str, Any],
    signature: Mapping[str, Any],
    training: Mapping[str, Any],
    gpu: int | None,
) -> dict[str, Any]:
    """The child's side of `measured_xla`, the values in their JSON forms.

    Args:
        handle: Of the space's `SpaceHandle`.
        config: Of the configuration.
        task: Of the task.
        signature: Of the images' signature.
        training: See `measured_xla`.
        gpu: Which of the GPUs is to compute; None for a core.
    """
    from automl.data.kinds.signature import InputSignature
    from automl.data.task import Task
    from automl.training.device import configure_device
    from automl.training.xla_times import xla_times

    configure_device(gpu=gpu)
    space = from_form(SpaceHandle, handle).load()
    times = xla_times(
        space,
        space.configuration(config, check=False),
        read_form(Task, task),
        from_form(InputSignature, signature),
        **training,
    )
    return {
        "pays": times.pays,
        "gain": times.gain,
        "compiling": times.compiling,
        "problem": times.problem,
    }
