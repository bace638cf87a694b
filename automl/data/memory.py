"""Whether rows fit into this machine's memory, found out before they are unpacked."""

from __future__ import annotations

from pathlib import Path

from automl.common.machine import total_memory
from automl.errors import DataError

# Own choice: rows are there twice, as they were read and as they are prepared.
SHARE_OF_MEMORY = 0.5


def check_memory(path: Path, size: float) -> None:
    """Refuses a file whose content does not fit into memory, such as an archive made to burst it.

    Args:
        path: The file.
        size: Bytes that its content takes in memory, as far as can be told without reading it.

    Raises:
        DataError: That is more than a half of the memory there is.
    """
    if not fits_memory(size):
        raise DataError(
            f"The content of {str(path)!r} would take about {_gigabytes(size)} of memory, more "
            f"than a half of the {_gigabytes(total_memory() or 0)} that there is for this process: "
            "give fewer rows or columns, or a smaller type of number."
        )


def fits_memory(size: float) -> bool:
    """Whether so many bytes are at most a half of this machine's memory, as far as is known."""
    memory = total_memory()
    return memory is None or size <= SHARE_OF_MEMORY * memory


def _gigabytes(size: float) -> str:
    return f"{size / 2**30:,.1f} GiB"
