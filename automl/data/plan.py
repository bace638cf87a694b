"""The preprocessing plan: plain values, fitted on training rows, that turn raw rows into arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.clipping import Clip
from automl.data.columns.cycles import Cycle, waves
from automl.data.columns.unread import Tell
from automl.data.kinds.table.features import (
    ArrayFeature,
    CategoricalFeature,
    Feature,
    IntArray,
    NumericFeature,
    check_scales,
)
from automl.data.numbers import FloatArray, standardize
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ArrayFeature",
    "CategoricalFeature",
    "Feature",
    "InputSignature",
    "NumericFeature",
    "PreprocessingPlan",
    "Rows",
    "TargetScale",
]


@dataclass(frozen=True)
class InputSignature:
    """What the core model takes.

    Attributes:
        numeric: Width of the numeric part, places in cycles and missing-value indicators included.
        cardinalities: Of each categorical column, the number of codes; code 0 is the slot of
            values that training has not seen.
        mean: Of each numeric column, what was subtracted (0 for a place or an indicator).
        std: Of each numeric column, what it was divided by (1 for a place or an indicator).
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


@dataclass(frozen=True)
class Rows:
    """Rows ready for training and scoring.

    Attributes:
        numeric: Standardized numeric columns, float32 (n, p); p may be 0.
        categorical: Codes of the categorical columns, int32 (n, c); c may be 0.
        target: What the model is trained on: binary float32 (n, 1) of 0 and 1; multiclass
            int32 (n,) of class numbers; multilabel float32 (n, k) of 0 and 1; regression
            float32 (n, t), standardized.
        truth: What metrics compare with: the same, but regression float64 (n, t) in the
            targets' own units.
        weight: Weight of each row in every score, float32 (n,), or None for equal weights.
        loss_weight: Of training rows with class weights, what each counts in the loss that is
            trained on: its weight times its class's, float32 (n,). None where that is `weight`.
    """

    numeric: FloatArray
    categorical: IntArray
    target: npt.NDArray[Any]
    truth: npt.NDArray[Any]
    weight: FloatArray | None = None
    loss_weight: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.target)


@dataclass(frozen=True)
class TargetScale:
    """How regression targets were standardized; empty for classification.

    Attributes:
        mean: Mean of each target over the training rows.
        std: Standard deviation of each target over the training rows; positive.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Checks what is computed with, for a plan may be read from anybody's file.

        Raises:
            ValueError: It cannot be computed with.
        """
        if len(self.mean) != len(self.std):
            raise ValueError("target_scale has more means or more deviations")
        check_scales(self.mean, self.std)


@dataclass(frozen=True)
class PreprocessingPlan:
    """How raw rows become arrays; every number in it comes from training rows only.

    All arithmetic is in float32: raw numbers are cast first, then ``(x - mean) * (1 / std)``
    is computed with float32 constants and clipped, so that layers of an exported model give the
    same. Places in cycles are computed from the filled raw numbers, and indicators from what is
    missing; neither is standardized.

    Attributes:
        features: Either one `ArrayFeature`, or numeric and categorical features in the order
            of the table's columns.
        target_scale: How regression targets are standardized.
    """

    features: tuple[Feature, ...]
    target_scale: TargetScale = field(default_factory=TargetScale)

    def __post_init__(self) -> None:
        """Checks that the features go together.

        Raises:
            ValueError: There are none, or an array is not alone, or two have one name.
        """
        names = [f.name for f in self.features if not isinstance(f, ArrayFeature)]
        if not self.features or (self.array is not None and len(self.features) > 1):
            raise ValueError("features is neither a list of columns nor one array")
        if len(set(names)) < len(names):
            raise ValueError("two features have one name")

    @property
    def array(self) -> ArrayFeature | None:
        """The feature of array data, or None for a table."""
        return next((f for f in self.features if isinstance(f, ArrayFeature)), None)

    @property
    def numeric_features(self) -> tuple[NumericFeature, ...]:
        """The numeric features, in order."""
        return tuple(f for f in self.features if isinstance(f, NumericFeature))

    @property
    def categorical_features(self) -> tuple[CategoricalFeature, ...]:
        """The categorical features, in order."""
        return tuple(f for f in self.features if isinstance(f, CategoricalFeature))

    @property
    def cycles(self) -> tuple[tuple[NumericFeature, Cycle], ...]:
        """Each cycle in which a feature's place is told, with the feature, in order."""
        return tuple((f, cycle) for f in self.numeric_features for cycle in f.cycles)

    def unscaled(self) -> PreprocessingPlan:
        """The plan that leaves numbers as they are: neither standardized nor clipped."""
        plain: dict[str, Any] = {"clip": Clip()}
        features = tuple(
            replace(f, mean=0.0, std=1.0, **plain)
            if isinstance(f, NumericFeature)
            else replace(f, mean=(0.0,), std=(1.0,), **plain)
            if isinstance(f, ArrayFeature)
            else f
            for f in self.features
        )
        return replace(self, features=features)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that a table must have."""
        return tuple(f.name for f in self.features if not isinstance(f, ArrayFeature))

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        array = self.array
        if array is not None:
            repeat = array.size if len(array.mean) == 1 else 1
            return InputSignature(
                numeric=array.size,
                mean=array.mean * repeat,
                std=array.std * repeat,
                shape=array.shape,
            )
        numeric = self.numeric_features
        more = [
            *(f"{f.name}: {cycle} sin" for f, cycle in self.cycles),
            *(f"{f.name}: {cycle} cos" for f, cycle in self.cycles),
            *(f"{f.name} is missing" for f in self._indicators()),
        ]
        return InputSignature(
            numeric=len(numeric) + len(more),
            cardinalities=tuple(len(f.vocabulary) + 1 for f in self.categorical_features),
            mean=tuple(f.mean for f in numeric) + (0.0,) * len(more),
            std=tuple(f.std for f in numeric) + (1.0,) * len(more),
            numeric_names=(*(f.name for f in numeric), *more),
            categorical_names=tuple(f.name for f in self.categorical_features),
        )

    def raw_columns(
        self, frame: pd.DataFrame, tell: Tell | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """The columns as an exported model takes them, in the plan's order.

        Args:
            frame: Rows with at least the plan's columns, in any order.
            tell: Called for each column with values that do not fit what training has shown.

        Returns:
            Column name to float32 (n,) with NaN where missing (numeric), or to an object array
            (n,) of texts with ``""`` where missing (categorical).

        Raises:
            DataError: A column is not there, or a value is infinite.
        """
        self.check_columns(frame)
        return {
            f.name: f.raw(frame[f.name], tell)
            for f in self.features
            if not isinstance(f, ArrayFeature)
        }

    def check_columns(self, frame: pd.DataFrame) -> None:
        """Checks that a table has the plan's columns.

        Raises:
            DataError: One is not there.
        """
        absent = [name for name in self.columns if name not in frame.columns]
        if absent:
            names = [str(c) for c in frame.columns]
            raise DataError(
                f"The rows have no column {absent[0]!r}, which the model was trained on"
                f"{did_you_mean(absent[0], names)}"
            )

    def apply(
        self, data: pd.DataFrame | npt.NDArray[Any], tell: Tell | None = None
    ) -> tuple[FloatArray, IntArray]:
        """Turns raw rows into the core model's inputs.

        Args:
            data: A frame with at least the plan's columns, in any order, or for array data
                an array (n, *shape).
            tell: As for `raw_columns`.

        Returns:
            The numeric part, float32 (n, p): numeric columns, then the sines and the cosines
            of places in cycles, then the missing-value indicators; and the categorical codes,
            int32 (n, c).

        Raises:
            DataError: The rows do not have the plan's form.
        """
        array = self.array
        if array is not None:
            rows = array.shaped(np.asarray(data))
            return self.apply_at(rows, np.arange(len(rows)))
        if isinstance(data, np.ndarray):
            raise DataError(
                "The model was trained on a table, but an array without names was given."
            )
        raw = self.raw_columns(data, tell)
        n = len(data)
        numeric_features, indicators = self.numeric_features, self._indicators()
        numeric = np.empty((n, self.signature.numeric), np.float32)
        for i, feature in enumerate(numeric_features):
            numeric[:, i] = feature.apply(raw[feature.name])
        if self.cycles:
            filled = np.stack([f.filled(raw[f.name]) for f, _ in self.cycles], axis=1)
            places = waves(filled, [cycle.period(f.source) for f, cycle in self.cycles])
            numeric[:, len(numeric_features) : len(numeric_features) + places.shape[1]] = places
        for i, feature in enumerate(indicators, start=numeric.shape[1] - len(indicators)):
            numeric[:, i] = np.isnan(raw[feature.name])
        categorical = np.empty((n, len(self.categorical_features)), np.int32)
        for i, column in enumerate(self.categorical_features):
            categorical[:, i] = column.apply(raw[column.name])
        return numeric, categorical

    def apply_at(
        self, array: npt.NDArray[Any], positions: npt.NDArray[np.int64]
    ) -> tuple[FloatArray, IntArray]:
        """The same for some rows of array data, of which nothing else is copied.

        Args:
            array: The rows, (n, *shape).
            positions: Which of them, (m,).

        Returns:
            float32 (m, p), and int32 (m, 0): there are no categories.

        Raises:
            DataError: The rows do not have the plan's form.
        """
        assert self.array is not None
        return self.array.apply_at(array, positions), np.zeros((len(positions), 0), np.int32)

    def _indicators(self) -> tuple[NumericFeature, ...]:
        return tuple(f for f in self.numeric_features if f.indicator)

    def apply_target(self, truth: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The training form of true values: regression float32 (n, t) standardized, else as is."""
        if not self.target_scale.mean:
            return truth
        return standardize(truth.astype(np.float32), self.target_scale.mean, self.target_scale.std)

    def restore_target(self, predictions: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A core model's outputs in the targets' own units.

        Args:
            predictions: Outputs (n, outputs), for regression in the standardized scale.

        Returns:
            Regression: float64 (n, t), computed in float32 as an exported model does it; else
            the probabilities as they are.
        """
        if not self.target_scale.mean:
            return predictions
        std = np.asarray(self.target_scale.std, np.float32)
        mean = np.asarray(self.target_scale.mean, np.float32)
        return (predictions.astype(np.float32) * std + mean).astype(np.float64)
