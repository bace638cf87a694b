"""One search as a tool gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.catalogue import (
    IMAGE_WORKLOADS,
    SHARED_WORKLOADS,
    WORKLOADS,
    ImageWorkload,
    SharedWorkload,
    Workload,
)
from benchmarks.rows import Rows, read_rows


@dataclass(frozen=True)
class Assignment:
    """What to search, and what it may spend.

    Attributes:
        tool: Name of the tool.
        name: Name of the workload.
        rows_file: The rows, as `benchmarks.rows.write_rows` wrote them.
        directory: Folder of this search alone, where the tool writes what it writes.
        trials: Configurations to train.
        epochs: Most epochs of each.
        patience: Epochs without an improvement of the validation loss before one stops.
        seed: Seed of the draws.
        reach: Validation loss at which to stop instead of after a number of trials, or None.
        seconds: Of such a search, the seconds after which it gives up.
    """

    tool: str
    name: str
    rows_file: str
    directory: str
    trials: int
    epochs: int
    patience: int
    seed: int
    reach: float | None = None
    seconds: float | None = None

    @property
    def workload(self) -> Workload:
        """The workload of that name."""
        return WORKLOADS[self.name]

    @property
    def shared(self) -> SharedWorkload:
        """The workload of that name, where every tool searches the same build function."""
        return SHARED_WORKLOADS[self.name]

    @property
    def images(self) -> ImageWorkload:
        """The workload of that name, where every tool searches image networks of its own."""
        return IMAGE_WORKLOADS[self.name]

    @property
    def folder(self) -> Path:
        """The search's folder as a path."""
        return Path(self.directory)

    def rows(self) -> Rows:
        """The rows, read afresh."""
        return read_rows(self.rows_file)

    def to_json(self) -> dict[str, Any]:
        """The JSON form: only dictionaries, lists and scalars."""
        return asdict(self)

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Assignment:
        """Rebuilds an assignment from its JSON form."""
        return cls(**form)
