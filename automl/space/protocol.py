"""How a space is searched where a person leaves that open: as the book that it is of did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Protocol:
    """How a space is searched; each attribute is the option of that name, None for the usual.

    Attributes:
        source: Whose protocol it is.
        trials: Total number of trials, unless a time is given.
        sampler: Which configuration next.
        pruner: Which trial to stop early.
        cv: Folds that each configuration is trained on.
        epochs: Most epochs of a trial.
        patience: Epochs without improvement after which a trial stops.
    """

    source: str
    trials: int | None = None
    sampler: str | None = None
    pruner: str | None = None
    cv: int | str | None = None
    epochs: int | None = None
    patience: int | None = None

    def options(self) -> dict[str, int | str]:
        """What it says, by the names of the options."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: v for name, v in values.items() if name != "source" and v is not None}

    def __str__(self) -> str:
        return written(self.options())


def written(options: Mapping[str, int | str]) -> str:
    """Options as they are typed."""
    return " ".join(f"--{name} {value}" for name, value in options.items())
