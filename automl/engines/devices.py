"""How many trials run at once, and on what: cores or GPUs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from automl.common.machine import may_have_gpu, usable_cores
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RequestError

DEVICES = ("auto", "cpu", "gpu")
#: What `automl.space.SearchSpace.inputs` is of models that take a row of a table as one vector:
#: they are small and dense, and train faster in the compiled kernel, one on a core, than on a GPU.
_SUITS_CORES = "vector"
#: Seconds within which a process finds the machine's GPUs.
_ASKING_SECONDS = 120.0


@dataclass(frozen=True)
class Devices:
    """What trials run on.

    Attributes:
        workers: Trials at once.
        gpus: How many GPUs they share out among themselves, each trial on one; 0 for the cores.
        note: What a person should be told of it, or "".
    """

    workers: int
    gpus: int = 0
    note: str = ""

    def of_worker(self, index: int) -> int | None:
        """The GPU of a worker, counted from 0; None where it computes on a core."""
        return index % self.gpus if self.gpus else None


def wants_gpu(asked: str, inputs: str) -> bool:
    """Whether trials are to run on a GPU where there is one."""
    return asked == "gpu" or (asked == "auto" and inputs != _SUITS_CORES)


def choose_devices(asked: str, workers: int | None, inputs: str, cores: int, gpus: int) -> Devices:
    """Decides what trials run on.

    A process of TensorFlow on a GPU takes hundreds of megabytes of it before the first model, and
    two that compute at once wait for each other. So a GPU gets one trial, unless more are asked
    for; and models of table rows, which leave a GPU mostly idle, get the cores.

    Args:
        asked: One of `DEVICES`.
        workers: Trials at once, or None to choose.
        inputs: What the search space's models take; see `automl.space.SearchSpace`.
        cores: Cores there are.
        gpus: GPUs that TensorFlow can use.

    Returns:
        The choice.

    Raises:
        RequestError: A GPU is asked for where there is none.
    """
    if asked == "gpu" and not gpus:
        raise RequestError(
            "--device gpu needs a GPU that TensorFlow can use, and there is none here (see "
            "`nvidia-smi`, and CUDA_VISIBLE_DEVICES); leave --device out to train on the cores."
        )
    if asked == "cpu" or not gpus:
        return Devices(workers or cores)
    shown = f"{gpus} GPUs" if gpus > 1 else "the GPU"
    if not wants_gpu(asked, inputs):
        chosen = workers or cores
        note = f"device: cpu, {chosen} trials at once; {shown} left alone (--device gpu uses it)"
        return Devices(chosen, 0, note)
    chosen = workers or gpus
    note = f"device: gpu, {chosen} trial{'s' if chosen > 1 else ''} at once on {shown}"
    return Devices(chosen, gpus, f"{note} (--workers and --device overrule)")


def find_devices(asked: str, workers: int | None, inputs: str, processes: Processes) -> Devices:
    """Decides what trials run on here; see `choose_devices`.

    Args:
        asked: One of `DEVICES`.
        workers: Trials at once, or None to choose.
        inputs: What the search space's models take.
        processes: Where TensorFlow is, which is asked only where the system shows a GPU.
    """
    gpus = 0
    if asked != "cpu" and may_have_gpu():
        gpus = run_in_child(processes, "automl.training.device:count_gpus", {}, _ASKING_SECONDS)
    return choose_devices(asked, workers, inputs, usable_cores(), gpus)


def joined_devices(
    asked: str, workers: int | None, inputs: str, size: Callable[[], tuple[int, int]]
) -> Devices:
    """Decides what trials run on in a cluster, which has cores and GPUs of its own.

    Args:
        asked: One of `DEVICES`.
        workers: Trials at once, or None for one on each of the cluster's CPUs, or GPUs.
        inputs: What the search space's models take.
        size: Tells how many CPUs and GPUs the cluster has; asked only where it makes a difference.

    Raises:
        RequestError: The cluster has none of what is asked for.
    """
    on_gpu = wants_gpu(asked, inputs)
    if workers is not None and asked != "gpu":
        return Devices(workers, int(on_gpu))
    cpus, gpus = size()
    if asked == "gpu" and not gpus:
        raise RequestError(
            "--device gpu needs a GPU, and the cluster has none; leave --device out to train on "
            "its CPUs."
        )
    if workers is not None:
        return Devices(workers, gpus)
    count, what = (gpus, "GPU") if on_gpu and gpus else (cpus, "CPU")
    if not count:
        raise RequestError(
            "The cluster has no CPUs at present; say with --workers how many trials are to run at "
            "once as soon as it has."
        )
    note = f"workers: {count}, one on each {what} of the cluster (--workers overrules)"
    return Devices(count, int(on_gpu), note)
