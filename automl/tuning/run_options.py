"""The options of a search about where it runs and what it leaves.

Each is declared here alone; see `automl.common.option`.
"""

import os
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

from automl.common.option import Option
from automl.common.option_values import (
    above_zero_bytes,
    above_zero_seconds,
    at_least,
    flag_of,
    path,
)
from automl.common.sizes import shown_size
from automl.engines.devices import DEVICES
from automl.engines.limits import LEAST_WORKER_MEMORY
from automl.errors import RequestError
from automl.tuning.interruption import DEFAULT_GRACE

ENGINES = ("local", "ray")
#: Least that a run can be held to on the disk: a small model and its export, logs and the study.
LEAST_DISK = 5 << 20


def _size(least: int, why: str) -> Callable[[str, Any], int]:
    """What reads bytes of a number, or of a text such as ``4G``, and refuses fewer than some."""

    def check(name: str, given: Any) -> int:
        size = above_zero_bytes(name, given)
        if size < least:
            raise RequestError(
                f"{flag_of(name)} is {shown_size(size)}, but {why}; give at least "
                f"{shown_size(least)}."
            )
        return size

    return check


class MachineOptions(TypedDict, total=False):
    """Where trials run."""

    engine: Annotated[
        str,
        Option(
            "Where trials run: local (warm processes on this machine) or ray (a Ray cluster).",
            default="local",
            metavar="NAME",
            names=ENGINES,
        ),
    ]
    address: Annotated[
        str | None,
        Option(
            "Of --engine ray, the cluster. Default: one started on this machine.",
            metavar="ADDRESS",
            on_resume="The run's Ray cluster, where the run was not begun on this machine, or "
            "another one.",
        ),
    ]
    workers: Annotated[
        int | None,
        Option(
            "Trials at once, one thread each: measured faster than many threads a trial. "
            "Default: one on each core that this process may use, or on each GPU; with --address, "
            "of the cluster. With 1, the same seed gives the same leaderboard.",
            letter="w",
            check=at_least(1),
            on_resume="Trials at once.",
            elsewhere=("jobs", "n_jobs", "processes", "num_cpus", "max_concurrent_trials"),
        ),
    ]
    device: Annotated[
        str,
        Option(
            "What trials run on: cpu, gpu, or auto: the cores for models of table rows, the GPUs, "
            "where there are any, for others.",
            default="auto",
            metavar="NAME",
            names=DEVICES,
            on_resume="auto, cpu or gpu.",
        ),
    ]
    memory_per_worker: Annotated[
        int | str | None,
        Option(
            "Memory that a worker may hold, TensorFlow's own 0.3 GB included: 500M, 4G. A trial "
            "that takes more fails as out of memory. Default: no limit, but when the machine has "
            "hardly any memory left, the largest worker is ended. Of --engine local.",
            metavar="SIZE",
            check=_size(LEAST_WORKER_MEMORY, "TensorFlow alone takes about 300 MB of it"),
            in_python="Or bytes.",
            on_resume="Memory that a worker may hold: 500M, 4G.",
        ),
    ]


class RunOptions(TypedDict, total=False):
    """The run itself."""

    keep_models: Annotated[
        int | None,
        Option(
            "How many of the best trials keep their model, for export.",
            default=10,
            check=at_least(1),
        ),
    ]
    max_disk: Annotated[
        int | str | None,
        Option(
            "Space on the disk that the run's directory may take: 500M, 4G. Models of the trials "
            "that rank last go first; what a resumption, the export of the best trial or the "
            "leaderboard needs stays, and where that does not fit the search stops. Default: no "
            "limit but --keep-models.",
            metavar="SIZE",
            check=_size(LEAST_DISK, "a run takes more"),
            in_python="Or bytes.",
            on_resume="Space on the disk that the run may take: 500M, 4G.",
        ),
    ]
    grace: Annotated[
        float | str | None,
        Option(
            "After SIGTERM or SIGHUP: what runs is ended at once, and what is complete is scored "
            "and exported within this time. Give less than whoever sends it waits before it "
            "kills: Docker 10s, Slurm and Kubernetes 30s, systemd 90s. "
            f"Default: {DEFAULT_GRACE:g}s.",
            default=DEFAULT_GRACE,
            metavar="DURATION",
            check=above_zero_seconds,
            in_python='Seconds, or a text such as ``"30s"``.',
            on_resume="After SIGTERM or SIGHUP: what runs is ended at once, and what is complete "
            "is scored and exported within this time: 10s, 30s.",
        ),
    ]
    storage: Annotated[
        str | None,
        Option(
            "Database for Optuna's study, such as sqlite:///studies.db or "
            "postgresql://user@host/name; its password is read from AUTOML_STORAGE_PASSWORD. "
            "Default: study.log in the run's directory, which is measured to be ten times faster "
            "than SQLite.",
            metavar="URL",
            on_resume="Database that the run's study is in, where the run was not begun on this "
            "machine; it is then opened.",
        ),
    ]
    study: Annotated[
        str | None,
        Option(
            "Of --storage, a study to share: every search with the same name, data and space "
            "runs trials of it, each in a directory of its own; --trials counts them all. "
            "Default: a study of this run's own.",
            metavar="NAME",
            elsewhere=("study_name",),
        ),
    ]
    directory: Annotated[
        str | os.PathLike[str] | None,
        Option(
            "The run's directory. Default: results/<name of the data>.",
            metavar="PATH",
            letter="d",
            check=path,
            elsewhere=("out", "output", "output_dir", "run", "name"),
        ),
    ]
