"""A bundle whose layers a search takes over: whether it may, and its model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automl.common.root import Root
from automl.errors import RequestError, RunError
from automl.export.bundle import (
    MODEL_FILE,
    Bundle,
    exported_model,
    file_hash,
    load_bundled,
    needed,
    open_bundle,
)
from automl.space.origin import BUNDLE, Origin, OriginFile


def origin_of_bundle(path: str | Path) -> Origin:
    """What identifies a bundle as what layers come from.

    Args:
        path: The bundle's directory.

    Raises:
        RequestError: There is no bundle, or loading its model runs code.
        RunError: It cannot be read, or its model was changed since the export.
    """
    bundle = open_bundle(path)
    if bundle.code is not None:
        raise RequestError(
            f"The model {bundle.path} needs {needed(bundle.code, bundle.path)}, and --from loads "
            "nothing that runs code: take a model of Keras's own layers."
        )
    _, found = exported_model(bundle)
    return Origin(BUNDLE, (OriginFile("", str(bundle.path.absolute()), found),))


def check_bundle_again(one: OriginFile) -> Bundle:
    """The bundle that layers come from, if it is still the one that it was.

    Args:
        one: What is recorded of it.

    Raises:
        RequestError: It is not there any more.
        RunError: It is another one.
    """
    bundle = open_bundle(one.path)
    if file_hash(Root(bundle.path).checked(MODEL_FILE)) != one.sha256:
        raise RunError(
            f"The model {bundle.path} is not the one that the search took layers from: it was "
            "changed since; restore it, or start a new search."
        )
    return bundle


def checked_file(one: OriginFile) -> str:
    """The path of a file of weights, if it is still the one that it was.

    Args:
        one: What is recorded of it.

    Raises:
        RequestError: It is not there any more.
        RunError: It is another one.
    """
    file = Path(one.path)
    if not file.is_file():
        raise RequestError(
            f"The weights {file} of {one.name} are not there any more; restore them."
        )
    if file_hash(file) != one.sha256:
        raise RunError(
            f"The weights {file} of {one.name} are not those that the search began with: restore "
            "them, or start a new search."
        )
    return str(file)


def check_origin(origin: Origin) -> None:
    """Checks that all that layers come from is as it was.

    Raises:
        RequestError: Something is not there any more.
        RunError: It is another one.
    """
    for one in origin.files:
        if origin.kind == BUNDLE:
            check_bundle_again(one)
        else:
            checked_file(one)


def load_reused(one: OriginFile) -> tuple[Any, Bundle]:
    """The model that layers come from, by Keras alone, and its bundle.

    Args:
        one: What is recorded of it.

    Raises:
        RequestError: It is not there any more, or needs code.
        RunError: It is another one, or cannot be loaded.
    """
    bundle = check_bundle_again(one)
    return load_bundled(bundle), bundle
