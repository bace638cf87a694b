"""What a Ray actor needs for every trial, so made that any node of a cluster can use it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import cloudpickle

from automl.common.carrying import carried
from automl.engines.contract import SEARCHED, Job, SpaceHandle
from automl.engines.limits import MEMORY_GROWTH
from automl.errors import SpaceError
from automl.space.keras_tuner import module_of
from automl.space.registry import find_space
from automl.trial import TrialSpec

if TYPE_CHECKING:
    from automl.data.arrays import Arrays
    from automl.data.metrics import Objective
    from automl.data.stored import StoredView
    from automl.space import SearchSpace


@dataclass(frozen=True)
class Workload:
    """What an actor needs for every trial; it reads nothing of it from a file system.

    Attributes:
        spaces: The spaces that specs name, by key.
        arrays: The rows of each view, without the test part.
        objective: The metric that scores a trial, and its direction.
        memory_growth: Bytes by which an actor may grow before it is replaced.
        callbacks: See `automl.engines.contract.Job`.
        on_gpu: Whether actors have a GPU, or a share of one.
    """

    spaces: dict[str, PortableSpace]
    arrays: Mapping[str, Arrays | StoredView]
    objective: Objective
    memory_growth: int = MEMORY_GROWTH
    callbacks: str = ""
    on_gpu: bool = False

    @classmethod
    def of(cls, job: Job, memory_growth: int) -> Workload:
        """Gathers a job's workload on the driver's machine."""
        from automl.data.stored import open_views

        spaces = {key: PortableSpace.of(handle) for key, handle in job.spaces.items()}
        views = open_views(job.arrays, job.views)
        arrays = {name: view.without_test() for name, view in views.items()}
        return cls(spaces, arrays, job.objective, memory_growth, job.callbacks)

    def callbacks_of(self, spec: TrialSpec) -> str:
        """See `Job.callbacks_of`."""
        return self.callbacks if spec.space == SEARCHED else ""


@dataclass(frozen=True)
class PortableSpace:
    """A space that is found on any node of a cluster.

    Attributes:
        handle: How the driver found it. It is found so wherever that is possible: a class that
            its file defines is then known under the same name everywhere.
        carried: The space itself, for nodes that do not have its file.
    """

    handle: SpaceHandle
    carried: SpaceHandle | None = None

    @classmethod
    def of(cls, handle: SpaceHandle) -> PortableSpace:
        """The space of a handle, made portable."""
        if _file_of(handle) is None:
            return cls(handle)
        try:
            space = find_space(handle.reference, _needs_keras)
        except SpaceError:
            return cls(handle)  # this process stays without Keras; every node needs the file
        module = sys.modules[module_of(space.build)]
        cloudpickle.register_pickle_by_value(module)
        try:
            portable = SpaceHandle(carried=carried(space), fit=handle.fit)
        except Exception:  # noqa: BLE001 - whatever a file holds; nodes that have it need no copy
            return cls(handle)
        finally:
            cloudpickle.unregister_pickle_by_value(module)
        return cls(handle, portable)

    def load(self) -> SearchSpace:
        """The space; called in an actor."""
        path = _file_of(self.handle)
        if self.carried is not None and path is not None and not path.is_file():
            return self.carried.load()
        return self.handle.load()


def _file_of(handle: SpaceHandle) -> Path | None:
    """The file that a handle refers to, if it is one."""
    path, _, _ = handle.reference.rpartition(":")
    return Path(path) if path.endswith(".py") else None


def _needs_keras(reference: str) -> NoReturn:
    raise SpaceError(f"{reference} needs Keras to be loaded.")
