"""Building a space's default configuration before a run is made for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from automl.engines.contract import SpaceHandle
from automl.engines.processes import Processes
from automl.engines.task import run_task
from automl.errors import RunError, SpaceError

if TYPE_CHECKING:
    from automl.data.plan import InputSignature
    from automl.data.task import Task
    from automl.space import SearchSpace

#: Spaces of this package, whose defaults its own tests build.
BUILT_IN = "automl.search_spaces."


def check_defaults(
    space: SearchSpace, task: Task, signature: InputSignature, processes: Processes
) -> None:
    """Builds the defaults of a person's own space, so that a wrong builder is told at once.

    Args:
        space: The space as it is searched.
        task: The task.
        signature: The arrays' signature.
        processes: Where TensorFlow is.

    Raises:
        SpaceError: The builder raises, or returns what no model can be made of.
    """
    if getattr(space.build, "__module__", "").startswith(BUILT_IN):
        return
    handle = SpaceHandle.of(space)
    arguments = {
        "reference": handle.reference,
        "carried": handle.carried,
        "config": space.defaults().to_json(),
        "task": task.to_json(),
        "signature": signature.to_json(),
    }
    try:
        problem = run_task(processes, "automl.engines.defaults:build_task", arguments)
    except RunError:
        return  # a builder that kills its process or hangs costs its trial, as any other's
    if problem is not None:
        where = (space.reference or "").rpartition(":")[0]
        check = f", then try it with `automl spaces check {where}`" if where else ""
        raise SpaceError(f"{problem}; correct it{check}.")


def build_task(
    reference: str,
    carried: str,
    config: Mapping[str, Any],
    task: Mapping[str, Any],
    signature: Mapping[str, Any],
) -> str | None:
    """Builds and compiles a configuration, in a process that has TensorFlow.

    Args:
        reference: See `SpaceHandle`.
        carried: See `SpaceHandle`.
        config: The configuration's JSON form.
        task: The task's JSON form.
        signature: The JSON form of the arrays' signature.

    Returns:
        What is wrong, or None; memory that ran out is not the builder's fault.
    """
    from automl.data.plan import InputSignature
    from automl.data.task import Task
    from automl.models.core import build_core, compile_core
    from automl.space.keras_tuner import file_of, line_of

    space = SpaceHandle(reference, carried).load()
    chosen = space.configuration(config, check=False)
    the_task = Task.from_json(task)
    try:
        core = build_core(space, chosen, the_task, InputSignature.from_json(signature))
        compile_core(core, chosen, the_task)
    except MemoryError:
        return None
    except SpaceError as error:
        return str(error).rstrip(".")
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - it is told
        told = f"{line_of(file_of(space.build), error)}{type(error).__name__}: {error}"
        return f"The builder of space {space.name!r} fails with the space's defaults ({told})"
    return None
