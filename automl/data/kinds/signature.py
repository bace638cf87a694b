"""What a core model takes, whatever the kind of the rows."""

from __future__ import annotations

from dataclasses import dataclass

from automl.vocabulary.inputs import IMAGE

NUMERIC = "numeric"
CATEGORICAL = "categorical"


@dataclass(frozen=True)
class InputSpec:
    """One input of a core model.

    Attributes:
        shape: Shape of a row.
        dtype: NumPy's name of the type.
    """

    shape: tuple[int, ...]
    dtype: str


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
            likewise. Of images, for each channel, what is to be subtracted and divided by in the
            model: they lie as they are.
        shape: Of array data, the shape of one row before it was flattened; of images (height,
            width, channels); None for tables.
        numeric_names: Names of the numeric columns (empty for array data).
        categorical_names: Names of the categorical columns.
        pixel: Of images, NumPy's name of the type that their numbers have; "" for other rows.
    """

    numeric: int
    cardinalities: tuple[int, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    shape: tuple[int, ...] | None = None
    numeric_names: tuple[str, ...] = ()
    categorical_names: tuple[str, ...] = ()
    pixel: str = ""

    @property
    def inputs(self) -> dict[str, InputSpec]:
        """The core's inputs by name, in the order that it has them; none without columns."""
        if self.pixel:
            assert self.shape is not None
            return {IMAGE: InputSpec(self.shape, self.pixel)}
        specs = {
            NUMERIC: InputSpec((self.numeric,), "float32"),
            CATEGORICAL: InputSpec((len(self.cardinalities),), "int32"),
        }
        return {name: spec for name, spec in specs.items() if spec.shape[0]}
