"""A file of weights in HDF5, which may take its arrays from other files.

Keras looks at that where it reads its own form of today (``.weights.h5``), and not at the older
one, which `keras.applications` has its weights in.
"""

from __future__ import annotations

from typing import Any


def foreign_part(path: str) -> str:
    """The first part of a file that is in another one; "" where there is none.

    Args:
        path: The file. Nothing that it leads to is opened.

    Raises:
        OSError: It is no such file.
    """
    import h5py

    def linked(name: str, link: Any) -> str | None:
        return name if isinstance(link, h5py.ExternalLink) else None

    def stored_elsewhere(name: str, part: Any) -> str | None:
        is_foreign = isinstance(part, h5py.Dataset) and (part.external or part.is_virtual)
        return name if is_foreign else None

    with h5py.File(path, "r") as file:
        # The second goes along hard links only, so that the first has to come before.
        return file.visititems_links(linked) or file.visititems(stored_elsewhere) or ""
