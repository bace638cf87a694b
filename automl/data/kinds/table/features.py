"""One column of a preprocessing plan: how its raw values become numbers or codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from automl.data.clipping import Clip
from automl.data.columns.column import ColumnSource, Reading, clean, numeric_values, text_values
from automl.data.columns.cycles import POSSIBLE, Cycle
from automl.data.columns.date_format import check_date_format
from automl.data.columns.number_format import NumberFormat
from automl.data.columns.unread import MOST_OF_A_COLUMN, Tell, tell_lacking
from automl.data.numbers import (
    FloatArray,
    check_scales,
    standardize,
    to_float32,
)

if TYPE_CHECKING:
    import pandas as pd

IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class NumericFeature:
    """A numeric column.

    Attributes:
        name: Name of the column.
        fill: What a missing value is replaced by: the training rows' median.
        mean: Mean of the training rows, after filling.
        std: Standard deviation of the training rows, after filling; positive.
        indicator: Whether a 0/1 column says where a value was missing (where training rows had
            missing values).
        source: How raw values become numbers: ``number``, ``boolean``, ``date`` (days since
            1970-01-01) or ``time`` (hours).
        date_format: Of a date, its format as for ``strptime``, or ``"ISO8601"``.
        strays: Texts that count as missing values, for they stood among numbers in training.
        number_format: How numbers are written where they are texts.
        clip: How far a standardized value may lie from the mean.
        cycles: Of a date or time of day, in what its place is told too, by a sine and a cosine
            each, in `Cycle`'s order.
    """

    FORM_KIND: ClassVar[str] = "numeric"

    name: str
    fill: float
    mean: float
    std: float
    indicator: bool = False
    source: ColumnSource = ColumnSource.NUMBER
    date_format: str = ""
    strays: tuple[str, ...] = ()
    number_format: NumberFormat = field(default_factory=NumberFormat)
    clip: Clip = field(default_factory=Clip)
    cycles: tuple[Cycle, ...] = ()

    def __post_init__(self) -> None:
        """Checks what is computed with, for a feature may be read from anybody's file.

        Raises:
            ValueError: It cannot be computed with.
        """
        if self.source is ColumnSource.DATE:
            check_date_format(self.date_format)
        possible = POSSIBLE.get(self.source, ())
        if self.cycles != tuple(cycle for cycle in possible if cycle in self.cycles):
            raise ValueError(f"cycles of a {self.source} are not of {list(possible)}, in order")
        check_scales((self.fill, self.mean), (self.std,))

    @property
    def reading(self) -> Reading:
        """How raw values become numbers."""
        return Reading(self.source, self.date_format, self.strays, self.number_format)

    def raw(self, column: pd.Series, tell: Tell | None = None) -> FloatArray:
        """The column as numbers, float32 (n,), NaN where missing or not to be read.

        Args:
            column: Raw values of any dtype.
            tell: Called where values cannot be read.

        Raises:
            DataError: A value is infinite.
        """
        values = numeric_values(column, self.reading, tell)
        unknown = np.isnan(values)
        if not self.indicator and unknown.sum() > MOST_OF_A_COLUMN * len(values):
            tell_lacking(column, clean(column).isna().to_numpy(), tell)
        return to_float32(values, f"Column {self.name!r}")

    def apply(self, raw: FloatArray) -> FloatArray:
        """Fills, standardizes and clips raw numbers, float32 (n,)."""
        return self.clip.apply(standardize(self.filled(raw), self.mean, self.std))

    def filled(self, raw: FloatArray) -> FloatArray:
        """Fills raw numbers, float32 (n,)."""
        return np.where(np.isnan(raw), np.float32(self.fill), raw)


@dataclass(frozen=True)
class CategoricalFeature:
    """A categorical column.

    Attributes:
        name: Name of the column.
        vocabulary: Its values as text, code 1 first; a missing value is the text ``""``. Any
            other value has code 0.
    """

    FORM_KIND: ClassVar[str] = "categorical"

    name: str
    vocabulary: tuple[str, ...]

    def raw(self, column: pd.Series, tell: Tell | None = None) -> npt.NDArray[np.object_]:
        """The column as texts, object (n,), ``""`` where missing.

        Args:
            column: Raw values of any dtype.
            tell: Called where values are not in the vocabulary.
        """
        texts = text_values(column)
        if tell is not None:
            unseen = (self.apply(texts) == 0) & (texts != "")
            tell(clean(column), unseen, "not among those kept from training, so unknown")
        if "" not in self.vocabulary:
            tell_lacking(column, texts == "", tell)
        return texts

    def apply(self, raw: npt.NDArray[np.object_]) -> IntArray:
        """Codes of raw texts, int32 (n,)."""
        import pandas as pd

        codes = pd.Index(list(self.vocabulary), dtype=object).get_indexer(
            pd.Index(raw, dtype=object)
        )
        return (codes + 1).astype(np.int32)


Feature = NumericFeature | CategoricalFeature
