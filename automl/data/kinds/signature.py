"""What a core model takes, whatever the kind of the rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputSignature:
    """What the core model takes.

    Attributes:
        numeric: Width of the numeric part, places in cycles and missing-value indicators included.
        cardinalities: Of each categorical column, the number of codes; code 0 is the slot of
            values that training has not seen.
        mean: Of each numeric column, what was subtracted (0 for a place or an indicator); one
            number where it is the same for all.
        std: Of each numeric column, what it was divided by (1 for a place or an indicator),
            likewise.
        shape: Of array data, the shape of one row before it was flattened; None for tables.
        numeric_names: Names of the numeric columns (empty for array data).
        categorical_names: Names of the categorical columns.
    """

    numeric: int
    cardinalities: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    shape: tuple[int, ...] | None = None
    numeric_names: tuple[str, ...] = ()
    categorical_names: tuple[str, ...] = ()
