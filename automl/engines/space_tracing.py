"""Search spaces that only a process with Keras can describe: asked from a child."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from automl.engines.contract import SpaceHandle
from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from automl.engines.warm_processes import warm_processes
from automl.errors import RunError, SpaceError
from automl.space.keras_tuner import BuiltElsewhere, is_untraced
from automl.space.registry import find_space
from automl.space.search_space import SearchSpace

TRACING_SECONDS = 300.0


def locate_space(reference: str, processes: Processes | None = None) -> SearchSpace:
    """Finds a search space without importing Keras into this process.

    Args:
        reference: See `automl.space.registry.find_space`.
        processes: Where Keras is; None to start it only where it is needed.

    Returns:
        The space. A builder in KerasTuner's form whose file could be loaded here is not traced
        yet; see `with_hyperparameters_traced`.

    Raises:
        SpaceError: There is no such space, or it cannot be loaded.
    """
    return find_space(reference, lambda whole: _traced(SpaceHandle(whole), processes))


def with_hyperparameters_traced(
    space: SearchSpace, processes: Processes | None = None
) -> SearchSpace:
    """The space with its hyperparameters, traced in a child where they are not known yet.

    Args:
        space: Any space.
        processes: Where Keras is; None to start it only where it is needed.

    Returns:
        The space, its builder as it is here.

    Raises:
        SpaceError: The builder fails with its defaults, or declares what no space can have.
    """
    if not is_untraced(space):
        return space
    whole = _traced(SpaceHandle.of(space), processes)
    return space.extended(whole.hyperparameters)


def _traced(handle: SpaceHandle, processes: Processes | None) -> SearchSpace:
    if processes is None:
        with closing(warm_processes()) as own:
            return _traced(handle, own)
    arguments = {"reference": handle.reference, "carried": handle.carried}
    try:
        form = run_in_child(
            processes,
            "automl.engines.space_tracing:describe_in_child",
            arguments,
            TRACING_SECONDS,
            # Its workers need KerasTuner too.
            preload=("automl.models.hyper_tracing",),
        )
    except RunError as error:
        raise SpaceError(
            f"The search space {handle.reference or 'given'} could not be described by building "
            f"its models: {error}"
        ) from error
    found = form["reference"] or handle.reference
    return SearchSpace.from_json(form["space"], BuiltElsewhere(found)).with_reference(found)


def describe_in_child(reference: str, carried: str) -> Mapping[str, Any]:
    """Describes a space, in a process that has Keras.

    Args:
        reference: See `SpaceHandle`.
        carried: See `SpaceHandle`.

    Returns:
        ``space``, its JSON form, traced where need be; ``reference``, in full.
    """
    from automl.models.hyper_tracing import traced

    space = SpaceHandle(reference, carried).load()
    whole = traced(space) if is_untraced(space) else space
    return {"space": whole.to_json(), "reference": space.reference}
