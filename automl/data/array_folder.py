"""A folder of arrays with a JSON form beside them, written whole, and mapped into memory."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.bounded import MOST_JSON, parsed_json, read_bounded
from automl.common.forms import check_form
from automl.common.root import Root
from automl.common.sealed import SEAL, sealed, unsealed
from automl.data.sources.npz import read_npy
from automl.errors import RunError

FORM = "data.json"
CHECKSUMS = "checksums"


class ArrayFolder:
    """A folder of ``.npy`` files.

    Args:
        path: The folder; written if it is not there, with no link on the way from its parent.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        self._root = Root(self.path.parent)

    def write(self, arrays: Mapping[str, npt.NDArray[Any] | None], form: dict[str, Any]) -> None:
        """Writes arrays, each into a file of its name, and then the form.

        Args:
            arrays: The arrays; None is not written.
            form: What else is to be known, as JSON; checksums of the arrays are added.
        """
        self._root.make_folder(self.path)
        for name, array in arrays.items():
            if array is not None:
                with self._root.create(self.path / f"{name}.npy") as file:
                    np.save(file, array)
        # Written last: a folder with this file is whole.
        form = {**form, CHECKSUMS: self._checksums()}
        self._root.write(self.path / FORM, json.dumps(sealed(form)).encode())

    def form(self, kind: type | None = None) -> dict[str, Any]:
        """The form.

        Args:
            kind: The dataclass whose form it is; None for any.

        Raises:
            ValueError: It is none, or was changed.
        """
        path = self.path / FORM
        form = parsed_json(read_bounded(self._root, path, MOST_JSON), path)
        if kind is not None:
            check_form(kind, form, extra=(SEAL,))
        return unsealed(form)

    def open(self, name: str) -> npt.NDArray[Any]:
        """An array, mapped into memory and read-only.

        Raises:
            OSError: There is none.
            ValueError: It is no array.
        """
        return read_npy(self.path / f"{name}.npy", mapped=True, root=self._root)

    def verify(self) -> None:
        """Compares every byte of the arrays with its checksum.

        Raises:
            RunError: One was changed.
        """
        written = self.form().get(CHECKSUMS)
        if written is None:
            return
        for name, checksum in self._checksums().items():
            if checksum != written.get(name):
                raise RunError(
                    f"The prepared rows {str(self.path / name)!r} were changed since they were "
                    "written."
                )

    def _checksums(self) -> dict[str, int]:
        """Of every array in the folder."""
        names = [name for name in self._root.names(self.path) if name.endswith(".npy")]
        return {name: self._checksum(self.path / name) for name in names}

    def _checksum(self, path: Path) -> int:
        crc = 0
        with self._root.open(path) as file:
            while block := file.read(1 << 20):
                crc = zlib.crc32(block, crc)
        return crc
