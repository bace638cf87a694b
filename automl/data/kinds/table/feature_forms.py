"""The JSON forms of a plan's features, as a run and an exported model hold them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from automl.common.forms import check_form
from automl.data.clipping import Clip
from automl.data.columns.column import ColumnSource
from automl.data.columns.cycles import POSSIBLE, Cycle
from automl.data.columns.date_format import check_date_format
from automl.data.columns.number_format import NumberFormat
from automl.data.kinds.table.features import (
    ArrayFeature,
    CategoricalFeature,
    Feature,
    NumericFeature,
)


def frozen(value: Any) -> Any:
    """A list of JSON as a tuple; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def feature_from_json(form: Mapping[str, Any]) -> Feature:
    """Rebuilds a feature from its JSON form.

    Raises:
        ValueError: It is not one.
    """
    kind = {"numeric": NumericFeature, "categorical": CategoricalFeature, "array": ArrayFeature}
    name = form.get("kind")
    if not isinstance(name, str) or name not in kind:
        raise ValueError(f"kind is {name!r}, no kind of feature")
    check_form(kind[name], form, extra=("kind",))
    values: dict[str, Any] = {k: frozen(v) for k, v in form.items() if k != "kind"}
    if "source" in values:
        values["source"] = ColumnSource(values["source"])
    if "number_format" in values:
        values["number_format"] = NumberFormat.from_json(values["number_format"])
    if "clip" in values:
        values["clip"] = Clip.from_json(values["clip"])
    if "cycles" in values:
        values["cycles"] = tuple(map(Cycle, values["cycles"]))
    feature: Feature = kind[name](**values)
    if isinstance(feature, NumericFeature):
        if feature.source is ColumnSource.DATE:
            check_date_format(feature.date_format)
        possible = POSSIBLE.get(feature.source, ())
        if feature.cycles != tuple(cycle for cycle in possible if cycle in feature.cycles):
            raise ValueError(f"cycles of a {feature.source} are not of {list(possible)}, in order")
        check_scales((feature.fill, feature.mean), (feature.std,))
    if isinstance(feature, ArrayFeature):
        if not feature.shape or any(size < 1 for size in feature.shape):
            raise ValueError(f"shape is {feature.shape}, no shape of a row")
        if len(feature.mean) != len(feature.std) or len(feature.mean) not in (1, feature.size):
            raise ValueError("mean and std do not fit the shape")
        check_scales(feature.mean, feature.std)
    return feature


def check_scales(means: Sequence[float], deviations: Sequence[float]) -> None:
    """Checks numbers that rows are standardized by.

    Raises:
        ValueError: A mean is not finite, or a deviation is not above 0.
    """
    if not all(map(math.isfinite, (*means, *deviations))) or any(d <= 0 for d in deviations):
        raise ValueError("a mean is not finite, or a deviation is not above 0")
