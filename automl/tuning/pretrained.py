"""The files of weights of ``keras.applications``' networks that are on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automl.errors import RequestError
from automl.space.origin import APPLICATION, Origin, OriginFile
from automl.vocabulary.applications import APPLICATIONS, BACKBONE_NAME, CACHE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automl.space import SearchSpace

#: Endings of files of weights that Keras reads.
_ENDINGS = (".h5", ".hdf5")


def cache_folder() -> Path:
    """The folder in which Keras keeps files of weights that it has downloaded."""
    home = os.environ.get("KERAS_HOME")
    if home:
        return Path(home) / CACHE_FOLDER
    usual = Path.home()
    return (usual if os.access(usual, os.W_OK) else Path("/tmp")) / ".keras" / CACHE_FOLDER


def cached_weights(name: str) -> str:
    """The file of a network's weights in Keras's cache; "" where there is none."""
    known = APPLICATIONS.get(name)
    file = None if known is None else (cache_folder() / known.file).absolute()
    return str(file) if file is not None and file.is_file() else ""


def application_origin(given: str | None, names: Sequence[str], is_named: bool) -> Origin:
    """The files of weights of networks.

    Args:
        given: The file that was named, or None for Keras's cache.
        names: The networks that may be chosen.
        is_named: Whether somebody has named these networks, so that each has to be there.

    Raises:
        RequestError: There is no file.
    """
    from automl.export.bundle import file_hash

    if given is not None:
        return _named(Path(given), names)
    folder = cache_folder()
    files = {name: folder / APPLICATIONS[name].file for name in names}
    found = {name: file for name, file in files.items() if file.is_file()}
    missing = [name for name in names if name not in found]
    if not found or (is_named and missing):
        name = missing[0]
        raise RequestError(
            f"The weights of {name} are not on this machine, and nothing is downloaded: "
            f'{files[name]} was looked for; where there is a network, `python -c "import keras; '
            f'keras.applications.{name}(include_top=False)"` gets it, or name a file of weights '
            f"with --from FILE --set {BACKBONE_NAME}={name}."
        )
    return Origin(
        APPLICATION,
        tuple(
            OriginFile(name, str(file.absolute()), file_hash(file)) for name, file in found.items()
        ),
    )


def _named(file: Path, names: Sequence[str]) -> Origin:
    """The origin of one network, of whose weights the file was named."""
    from automl.export.bundle import file_hash

    if not file.is_file() or not file.name.endswith(_ENDINGS):
        what = "is no file of weights" if file.exists() else "is not there"
        raise RequestError(
            f"{file} {what}: expected what model.save_weights writes (.weights.h5), or a file of "
            "Keras's cache (.h5)."
        )
    if len(names) != 1:
        raise RequestError(
            f"{file} holds the weights of one network: say of which with --set "
            f"{BACKBONE_NAME}=NAME (`automl spaces show pretrained` lists them)."
        )
    return Origin(APPLICATION, (OriginFile(names[0], str(file.absolute()), file_hash(file)),))


def backbones_of(space: SearchSpace) -> list[str]:
    """The networks that a space may choose from."""
    options = [one for one in space.hyperparameters if one.name == BACKBONE_NAME]
    return [str(name) for name in getattr(options[0], "options", ())]


def only_found(space: SearchSpace, origin: Origin) -> SearchSpace:
    """The space, whose networks are those that an origin has weights of."""
    names = [one.name for one in origin.files]
    kept = [name for name in backbones_of(space) if name in names]
    return space.override({BACKBONE_NAME: kept}) if kept else space
