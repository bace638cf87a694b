"""The Ray that an engine works on: started on this machine or joined, kept quiet, and left."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import ray

from automl.common.texts import first_line
from automl.engines.child import CHILD_ENVIRONMENT
from automl.engines.limits import LOG_BYTES
from automl.engines.ray_folder import ray_folder
from automl.engines.ray_health import Health
from automl.engines.ray_private import found_cluster, on_loopback
from automl.engines.ray_quiet import quiet, unheard
from automl.errors import RequestError, RunError

#: Read by Ray in this process and by those it starts: no report to its makers, no files of its
#: own loggers, no state saved for a resumption that goes by our own record, no lines on the
#: console. Ctrl-C is the driver's.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_INSUFFICENT_RESOURCE_THRESHOLD_S": "1e9",
}
#: Of a Ray of our own only: when memory runs out, the kernel ends the process that asks for more,
#: as it does with local workers. Ray's own guard would end one that may be innocent.
#: What its workers print goes to files that begin anew at this size: a builder that prints without
#: end must not fill the disk.
OWN_ENVIRONMENT = {
    "RAY_memory_monitor_refresh_ms": "0",
    "RAY_ROTATION_MAX_BYTES": str(LOG_BYTES),
    "RAY_ROTATION_BACKUP_COUNT": "1",
    # As local workers: at Ray's own 15 two other busy processes let a trial starve (one of seconds
    # took six minutes).
    "RAY_worker_niceness": "0",
    # Its processes listen to this machine only, as they do on macOS and Windows.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
#: Seconds within which a machine answers the door.
KNOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Cluster:
    """A Ray that this process is connected to.

    Attributes:
        folder: Temporary folder for what Ray must write.
        is_left: Whether the connection ends with the engine, and every actor with it. A Ray
            that this process was connected to before stays.
        gpus: GPUs for each trial.
        health: Tells whether it still works.
    """

    folder: Path
    is_left: bool
    gpus: float
    health: Health


@contextmanager
def connect(address: str | None, workers: int, on_gpu: bool = False) -> Iterator[Cluster]:
    """Connects to Ray, or starts one on this machine.

    Args:
        address: A cluster's ``host:port``, or ``auto``; None for one of our own. A Ray that this
            process is connected to already is used as it is.
        workers: Trials at once.
        on_gpu: Whether they are to share the cluster's GPUs.

    Raises:
        RequestError: No cluster answers there.
        RunError: Ray cannot be started here.
    """
    if address is not None:
        _check_address(address)
    with ExitStack() as stack:
        own = address is None and not ray.is_initialized()
        stack.enter_context(quiet({**ENVIRONMENT, **(OWN_ENVIRONMENT if own else {})}))
        folder = stack.enter_context(ray_folder())
        if own:
            stack.enter_context(on_loopback())
        is_joined = ray.is_initialized()
        health = Health()
        if not is_joined:
            stack.callback(health.leave)
            _init(address, workers, folder)
        if not own:
            health.follow(ray.get_runtime_context().gcs_address)
        gpus = float(ray.cluster_resources().get("GPU", 0.0)) if on_gpu else 0.0
        yield Cluster(folder, not is_joined, min(1.0, gpus / workers), health)


def cluster_size(address: str | None) -> tuple[int, int]:
    """How many CPUs and GPUs a cluster has, busy ones included.

    Args:
        address: See `connect`.

    Raises:
        RequestError: No cluster answers there.
    """
    with connect(address, workers=1):
        resources = ray.cluster_resources()
    return int(resources.get("CPU", 0)), int(resources.get("GPU", 0))


def is_connected() -> bool:
    """Whether this process is connected to a Ray, which a search then uses."""
    return bool(ray.is_initialized())


def _check_address(address: str) -> None:
    """Refuses at once what Ray would take minutes and many lines to refuse."""
    if address.startswith("ray://"):
        raise RequestError(
            f"The address {address} is one of a Ray client, which a search cannot use; start it on "
            "a machine of the cluster and give the head's host:port (such as 10.0.0.1:6379), or "
            "`auto`."
        )
    where = _found_by_ray() if address == "auto" else address
    if where is None:
        return
    host, _, port = where.rpartition(":")
    if not (host and port.isdigit()):
        raise RequestError(
            f"{address} is not the address of a Ray cluster; give the head's host:port, such as "
            "10.0.0.1:6379, or `auto`."
        )
    try:
        socket.create_connection((host, int(port)), KNOCK_SECONDS).close()
    except (OSError, OverflowError) as error:
        said = str(error) if where == address else f"{where} is written down, but {error}"
        raise _no_cluster(address, said) from error


def _found_by_ray() -> str | None:
    """Where ``auto`` leads, which may be a cluster that has ended; None where Ray is to say."""
    try:
        return None if ray.is_initialized() else found_cluster()
    except (ConnectionError, ValueError):
        return None


def _no_cluster(address: str, said: str) -> RequestError:
    return RequestError(
        f"There is no Ray cluster at {address} that this machine can join ({said}); give the "
        "head's host:port, with the same versions of Python and Ray as here, and set "
        "RAY_AUTH_MODE=token where the cluster asks for a token."
    )


def _init(address: str | None, workers: int, folder: Path) -> None:
    where = (
        # "local": without it, Ray would look for a cluster that somebody else has started.
        {"address": "local", "num_cpus": workers, "include_dashboard": False}
        | {"_temp_dir": str(folder)}
        if address is None
        else {"address": address}
    )
    in_main = threading.current_thread() is threading.main_thread()
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        # What is wrong comes as an exception as well; a cluster that asks for a token, say, makes
        # Ray's core complain every second before.
        with unheard():
            ray.init(
                **where,
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                runtime_env={"env_vars": CHILD_ENVIRONMENT},
            )
    except Exception as error:
        said = first_line(error)
        if address is None:
            raise RunError(f"Ray cannot be started on this machine ({said}).") from error
        raise _no_cluster(address, said) from error
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, on_sigterm)
