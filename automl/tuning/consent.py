"""What a resumed run may run and connect to: only what the person who resumes it has named.

The run's directory may come from a stranger. Its ``run.json`` names a search space, which is code,
a database, which gets a password, a Ray cluster, which gets code and data, and files that layers
come from, which are read. Each is used only where it is installed, named in this call, or noted by
this machine when the run was begun here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from automl.common.shell import option, quoted, shown_path
from automl.errors import AutoMLError, RequestError, RunError
from automl.results.run_directory import RunDirectory
from automl.results.storage_url import named_storage
from automl.space.origin import APPLICATION, Origin, origin_of
from automl.space.registry import is_built_in, is_found_anywhere, is_installed, place_of
from automl.tuning.known_runs import known_run, remember
from automl.tuning.pretrained import cached_weights
from automl.tuning.search_request import SearchRequest

if TYPE_CHECKING:
    from automl.space import SearchSpace

#: The command that asks for consent, unless another does.
RESUME = ("resume",)


def consented_request(
    run: RunDirectory,
    manifest: Mapping[str, Any],
    request: SearchRequest,
    storage: str | None,
    address: str | None,
    asking: Sequence[str] = RESUME,
) -> SearchRequest:
    """The recorded request with the database and the cluster that it may connect to.

    Args:
        run: The run's directory.
        manifest: The content of ``run.json``.
        request: What is recorded of what was asked.
        storage: The database as named in this call, or None.
        address: The Ray cluster as named in this call, or None.
        asking: The command that asks, and what follows the run in it.

    Raises:
        RequestError: The run records one that nobody has named here.
        RunError: ``run.json`` names two databases.
    """
    known = known_run(run)
    recorded = manifest.get("storage")
    if recorded != request.storage:
        raise RunError(
            f"{run.manifest_file} names two databases, {recorded} and {request.storage}; restore "
            "it from a copy."
        )
    if recorded and storage is None and known.storage != recorded:
        raise RequestError(
            f"The run {run.path} records that its study is in the database {recorded}, which would "
            f"be opened; if you trust it, name it: `{_naming(run, asking, '--storage', recorded)}`."
        )
    if storage is not None and not recorded:
        raise RequestError(
            f"The run {run.path} has its study in its own directory; leave --storage out."
        )
    if recorded:
        storage = named_storage(recorded, storage or recorded)
    if request.address is not None and address is None and known.address != request.address:
        raise RequestError(
            f"The run {run.path} records the Ray cluster {request.address}, which would be given "
            "code and data; if you trust it, name it: "
            f"`{_naming(run, asking, '--address', request.address)}`."
        )
    return replace(request, storage=storage, address=address or request.address)


def consented_space(
    run: RunDirectory,
    manifest: Mapping[str, Any],
    given: Any,
    asking: Sequence[str] = RESUME,
) -> Any:
    """What leads to the run's space, a reference or an object, of which the code may be run.

    `found_again` finds it, and `automl.tuning.manifest.as_recorded` compares the two. Nothing
    is loaded here.

    Args:
        run: The run's directory.
        manifest: The content of ``run.json``.
        given: The space as named in this call (a reference, or the object), or None.
        asking: The command that asks, and what follows the run in it.

    Raises:
        RequestError: The run records one that nobody has named here.
        RunError: The space was an object, or lies in the run.
    """
    reference = manifest["space"]["reference"]
    if given is not None:
        if isinstance(given, str):
            _check_outside(run, given)
        return given
    if reference is None:
        raise RunError(
            f"The search space of {run.path} was given as an object; give it again, from Python: "
            f"automl.load_run(...).{asking[0]}({''.join(f'{one}, ' for one in asking[1:])}"
            "space=...)."
        )
    _check_outside(run, reference)
    if not is_installed(reference) and not (
        known_run(run).space == reference and is_found_anywhere(reference)
    ):
        raise RequestError(
            f"The search space of {run.path} is {reference}, which is not installed, and "
            f"{asking[0].removesuffix('e')}ing runs its code; if you trust it, name it: "
            f"`{_naming(run, asking, '--space', reference)}`."
        )
    return reference


def consented_origin(
    run: RunDirectory,
    origin: Origin | None,
    given: str | None,
    asking: Sequence[str] = RESUME,
) -> Origin | None:
    """What the layers of a run's models come from, with files that may be read.

    A file of weights in this machine's own cache of Keras needs no word; whatever it is, its hash
    is compared later on with the recorded one.

    Args:
        run: The run's directory.
        origin: What is recorded, or None.
        given: The bundle or the file as named in this call, or None.
        asking: The command that asks, and what follows the run in it.

    Raises:
        RequestError: The run records one that nobody has named here, or records none.
    """
    if origin is None:
        if given is not None:
            raise RequestError(f"The models of {run.path} take over no layers; leave --from out.")
        return None
    named = known_run(run).origin
    if given is not None:
        named = (os.path.abspath(given),)  # noqa: PTH100 - links stay as they were typed
    files = []
    for one in origin.files:
        path = one.path if one.path in named else ""
        if len(origin.files) == len(named) == 1:
            (path,) = named  # it may lie elsewhere by now
        elif not path and origin.kind == APPLICATION:
            path = cached_weights(one.name)
        if not path:
            raise RequestError(
                f"The layers of the models of {run.path} come from {one.path}, which would be "
                f"read; if you trust it, name it: `{_naming(run, asking, '--from', one.path)}`."
            )
        files.append(replace(one, path=path))
    return Origin(origin.kind, tuple(files))


def found_again(run: RunDirectory, wanted: Any, find: Callable[[Any], SearchSpace]) -> SearchSpace:
    """Finds the space that `consented_space` allows.

    Args:
        run: The run's directory.
        wanted: The reference or the object.
        find: Makes a space of it.

    Raises:
        RunError: A reference leads to none any more.
    """
    try:
        return find(wanted)
    except AutoMLError as error:
        if not isinstance(wanted, str):
            raise
        raise RunError(f"The search space of {run.path} cannot be found again: {error}") from error


def _naming(run: RunDirectory, asking: Sequence[str], name: str, value: str) -> str:
    """The command that names something, its arguments quoted: they may be a stranger's."""
    command, *others = asking
    words = ["automl", command, shown_path(run.path), *map(quoted, others), option(name, value)]
    return " ".join(words)


def remember_named(
    run: RunDirectory, request: SearchRequest, space: SearchSpace, begun: bool
) -> str:
    """Notes on this machine what was named for a run, where resuming it will ask.

    Args:
        run: The run.
        request: What is asked, the database and the cluster with it.
        space: The search space as it was found, with what its layers come from.
        begun: Whether this machine has begun the run.

    Returns:
        "", or a sentence where it could not be noted.
    """
    built_in = space.reference is not None and is_built_in(space.reference)
    origin = origin_of(space)
    files = () if origin is None else tuple(one.path for one in origin.files)
    if built_in and request.storage is None and request.address is None and not files:
        return ""  # nothing of it will be asked for
    return remember(run, space.reference, request.storage, request.address, begun, files)


def _check_outside(run: RunDirectory, reference: str) -> None:
    """Refuses a space in the run's own directory: no code that comes with a run is run.

    Raises:
        RunError: The reference leads there.
    """
    place = place_of(reference)
    if place is not None and place.resolve().is_relative_to(run.path.resolve()):
        raise RunError(
            f"The search space of {run.path} is the file {place}, which came with the run and so "
            "is not run; move it elsewhere and start a new search."
        )
