"""How the columns of a table become a core model's inputs: numbers, places in cycles, codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from automl.common.forms import to_form
from automl.common.names import did_you_mean
from automl.data.clipping import Clip
from automl.data.columns.cycles import Cycle, waves
from automl.data.columns.unread import Tell
from automl.data.kinds.kind import InputPlan, Inputs, IntArray, columns_of
from automl.data.kinds.signature import CATEGORICAL, NUMERIC, InputSignature
from automl.data.kinds.table.features import CategoricalFeature, Feature, NumericFeature
from automl.data.kinds.table.model_inputs import table_inputs
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TablePlan(InputPlan):
    """The plan of a table.

    Attributes:
        features: Numeric and categorical features in the order of the table's columns.
    """

    kind: ClassVar[str] = "table"
    has_features: ClassVar[bool] = True
    features: tuple[Feature, ...]

    def __post_init__(self) -> None:
        """Checks that the features go together.

        Raises:
            ValueError: Two have one name.
        """
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("two features have one name")

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

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that a table must have."""
        return tuple(f.name for f in self.features)

    def unscaled(self) -> TablePlan:
        """The plan that leaves numbers as they are: neither standardized nor clipped."""
        return TablePlan(
            tuple(
                replace(f, mean=0.0, std=1.0, clip=Clip()) if isinstance(f, NumericFeature) else f
                for f in self.features
            )
        )

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
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
        return {f.name: f.raw(frame[f.name], tell) for f in self.features}

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

    def apply(self, data: pd.DataFrame | npt.NDArray[Any], tell: Tell | None = None) -> Inputs:
        """Turns rows into numbers and codes.

        Args:
            data: A frame with at least the plan's columns, in any order.
            tell: As for `raw_columns`.

        Returns:
            ``numeric``, float32 (n, p): numeric columns, then the sines and the cosines of places
            in cycles, then the missing-value indicators; and ``categorical``, codes, int32 (n, c);
            each only where it has columns.

        Raises:
            DataError: The rows do not have the plan's form.
        """
        if isinstance(data, np.ndarray):
            raise DataError(
                "The model was trained on a table, but an array without names was given."
            )
        raw = self.raw_columns(data, tell)
        codes = {f.name: f.apply(raw[f.name]) for f in self.categorical_features}
        return self.together(raw, codes, len(data))

    def together(
        self,
        numbers: Mapping[str, npt.NDArray[Any]],
        codes: Mapping[str, IntArray],
        n: int,
    ) -> Inputs:
        """Puts columns together, numbers filled, standardized and clipped; see `apply`.

        Args:
            numbers: Column name to float32 (n,), NaN where missing.
            codes: Column name to codes, int32 (n,).
            n: How many rows there are.
        """
        numeric_features, indicators = self.numeric_features, self._indicators()
        numeric = np.empty((n, self.signature.numeric), np.float32)
        for i, feature in enumerate(numeric_features):
            numeric[:, i] = feature.apply(numbers[feature.name])
        if self.cycles:
            filled = np.stack([f.filled(numbers[f.name]) for f, _ in self.cycles], axis=1)
            places = waves(filled, [cycle.period(f.source) for f, cycle in self.cycles])
            numeric[:, len(numeric_features) : len(numeric_features) + places.shape[1]] = places
        for i, feature in enumerate(indicators, start=numeric.shape[1] - len(indicators)):
            numeric[:, i] = np.isnan(numbers[feature.name])
        categorical = np.empty((n, len(self.categorical_features)), np.int32)
        for i, column in enumerate(self.categorical_features):
            categorical[:, i] = codes[column.name]
        made = {NUMERIC: numeric, CATEGORICAL: categorical}
        return {name: array for name, array in made.items() if array.shape[1]}

    def _indicators(self) -> tuple[NumericFeature, ...]:
        return tuple(f for f in self.numeric_features if f.indicator)

    def places(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Of a date for instance its number, its sines and cosines, and whether it is missing."""
        numeric, cycles, width = self.numeric_features, self.cycles, self.signature.numeric
        found: dict[str, dict[str, tuple[int, ...]]] = {}
        for i, feature in enumerate(numeric):
            of_cycles = [
                place
                for j, (owner, _) in enumerate(cycles, start=len(numeric))
                if owner is feature
                for place in (j, j + len(cycles))
            ]
            of_missing = [
                place
                for place, owner in enumerate(self._indicators(), width - len(self._indicators()))
                if owner is feature
            ]
            found[feature.name] = {NUMERIC: (i, *of_cycles, *of_missing)}
        for i, column in enumerate(self.categorical_features):
            found[column.name] = {CATEGORICAL: (i,)}
        return {name: found[name] for name in self.columns}

    def input_names(self) -> dict[str, str]:
        """The input of each column; see `table_inputs`."""
        texts = {feature.name for feature in self.categorical_features}
        return table_inputs(self.columns, texts)

    def joined(self, other: InputPlan) -> InputPlan | None:
        """The features of both, as the first has them; those of the other alone stand behind."""
        assert isinstance(other, TablePlan)
        features = {feature.name: feature for feature in self.features}
        for feature in other.features:
            alike = _alike(features.get(feature.name, feature), feature)
            if alike is None:
                return None
            features[feature.name] = alike
        whole = TablePlan(tuple(features.values()))
        names = whole.input_names()
        is_same = all(
            names[column] == name
            for plan in (self, other)
            for column, name in plan.input_names().items()
        )
        # Of many columns some lie side by side in one input, in the order of one plan.
        is_plain = len(set(names.values())) == len(names) or self.columns == other.columns
        return whole if is_same and is_plain else None

    def exported(
        self, rows: Any, inputs: Mapping[str, str], tell: Tell | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """Columns with the same input lie side by side, (n, columns): float32, or texts."""
        raw = self.raw_columns(rows, tell)
        return {
            name: np.stack([raw[column] for column in columns], axis=1)
            for name, columns in columns_of(inputs).items()
        }

    def features_form(self) -> list[dict[str, Any]]:
        """The JSON forms of the features."""
        form: list[dict[str, Any]] = to_form(self)["features"]
        return form

    def read_as(self) -> dict[str, str]:
        """What each column is read as."""
        return {feature.name: _read_as(feature) for feature in self.features}

    def describe(self) -> list[dict[str, Any]]:
        """What each column is."""
        return [_described(feature) for feature in self.features]


def _described(feature: Feature) -> dict[str, Any]:
    if isinstance(feature, CategoricalFeature):
        return {
            "name": feature.name,
            "kind": "category",
            "categories": len(feature.vocabulary),
            "missing": "" in feature.vocabulary,
        }
    facts = {"name": feature.name, "kind": feature.source.value, "missing": feature.indicator}
    return facts | ({"cycles": [str(c) for c in feature.cycles]} if feature.cycles else {})


def _read_as(feature: Feature) -> str:
    if isinstance(feature, CategoricalFeature):
        return "categories"
    described = feature.date_format or feature.number_format.describe()
    return f"{feature.source}s" + (f" ({described})" if described else "")


def _alike(feature: Feature, other: Feature) -> Feature | None:
    """A feature whose raw values are those of both; None where they read a column differently."""
    if isinstance(feature, NumericFeature) and isinstance(other, NumericFeature):
        reading = feature.reading.joined(other.reading)
        return None if reading is None else replace(feature, strays=reading.strays)
    return feature if type(feature) is type(other) else None
