"""Tables in Keras: an input for each column, filled, standardized, clipped, and looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.data.columns.cycles import turns
from automl.data.kinds.kind import columns_of
from automl.data.kinds.signature import CATEGORICAL, NUMERIC
from automl.data.kinds.table.features import CategoricalFeature, NumericFeature
from automl.data.kinds.table.plan import TablePlan
from automl.models.inputs.scaling import clipped, standardized


def raw_inputs(plan: TablePlan) -> dict[str, Any]:
    """The inputs by name: float32, NaN where missing, or string, ``""`` where missing."""
    texts = {feature.name for feature in plan.categorical_features}
    return {
        name: keras.Input(
            (len(columns),), dtype="string" if columns[0] in texts else "float32", name=name
        )
        for name, columns in columns_of(plan.input_names()).items()
    }


def whole(inputs: Mapping[str, Any]) -> Any:
    """What the exported model is made with: a dictionary of inputs."""
    return inputs


def core_inputs(plan: TablePlan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the plan in Keras; see `automl.models.preprocessing.core_inputs`."""
    parts = {}
    if plan.numeric_features:
        parts[NUMERIC] = _numeric(plan, inputs)
    if plan.categorical_features:
        parts[CATEGORICAL] = _categorical(plan, inputs)
    return parts


def _numeric(plan: TablePlan, inputs: Mapping[str, Any]) -> Any:
    features = plan.numeric_features
    raw = _raw(plan, inputs, features, "preprocessing_numbers")
    missing = keras.ops.isnan(raw)
    fill = np.asarray([f.fill for f in features], np.float32)
    filled = keras.ops.where(missing, fill, raw)
    numeric = standardized(filled, [f.mean for f in features], [f.std for f in features])
    parts = [clipped(numeric, [f.clip for f in features]), *_waves(plan, filled)]
    indicated = [i for i, feature in enumerate(features) if feature.indicator]
    if indicated:
        chosen = keras.ops.take(missing, np.asarray(indicated, np.int32), axis=1)
        parts.append(keras.ops.cast(chosen, "float32"))
    return _side_by_side(parts, "preprocessing_numeric")


def _waves(plan: TablePlan, filled: Any) -> list[Any]:
    """Sines and cosines as in `automl.data.columns.cycles`, or nothing without cycles."""
    if not plan.cycles:
        return []
    columns = [plan.numeric_features.index(feature) for feature, _ in plan.cycles]
    period, radians = turns([cycle.period(feature.source) for feature, cycle in plan.cycles])
    chosen = keras.ops.take(filled, np.asarray(columns, np.int32), axis=1)
    angles = keras.ops.multiply(keras.ops.mod(chosen, period), radians)
    return [keras.ops.sin(angles), keras.ops.cos(angles)]


def _categorical(plan: TablePlan, inputs: Mapping[str, Any]) -> Any:
    """Codes of all columns at once: a layer for each takes Keras seconds where they are many.

    One lookup numbers the words of all columns. A column and a word are one number, their key, so
    that a search among the keys of what each column has seen tells a word's code there.
    """
    features = plan.categorical_features
    words = list(dict.fromkeys(word for feature in features for word in feature.vocabulary))
    words = words or [""]  # Keras refuses an empty vocabulary
    lookup = keras.layers.StringLookup(
        vocabulary=words,
        num_oov_indices=1,
        mask_token=None,
        oov_token=_unused_token(words),
        name="preprocessing_lookup",
    )
    found = lookup(_raw(plan, inputs, features, "preprocessing_texts"))  # 0 is no word of any
    firsts = np.arange(len(features), dtype=np.int64) * (len(words) + 1)
    keys, codes = _seen(features, words, firsts)
    asked = keras.ops.add(keras.ops.cast(found, "int64"), firsts)
    # Keras's search wants both sides flat.
    place = keras.ops.searchsorted(keys, keras.ops.reshape(asked, (-1,)))
    place = keras.ops.minimum(keras.ops.reshape(place, (-1, len(features))), len(keys) - 1)
    is_seen = keras.ops.equal(keras.ops.take(keys, place), asked)
    return keras.ops.where(is_seen, keras.ops.take(codes, place), np.int32(0))


def _seen(
    features: Sequence[CategoricalFeature], words: Sequence[str], firsts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The keys of all words that each column has seen, ascending, and their codes there.

    Before them stands a key that is nobody's, for columns that have seen nothing.
    """
    numbers = {word: number for number, word in enumerate(words, start=1)}
    keys = [-1]
    codes = [0]
    for feature, first in zip(features, firsts.tolist(), strict=True):
        keys += [first + numbers[word] for word in feature.vocabulary]
        codes += range(1, len(feature.vocabulary) + 1)
    order = np.argsort(keys)
    return np.array(keys, np.int64)[order], np.array(codes, np.int32)[order]


def _raw(
    plan: TablePlan,
    inputs: Mapping[str, Any],
    features: Sequence[NumericFeature] | Sequence[CategoricalFeature],
    name: str,
) -> Any:
    """Columns of one kind side by side, in the plan's order; ``name`` is what joins them."""
    names = plan.input_names()
    wanted = dict.fromkeys(names[feature.name] for feature in features)
    return _side_by_side([inputs[one] for one in wanted], name)


def _unused_token(vocabulary: Sequence[str]) -> str:
    """A name for the out-of-vocabulary slot that is no category itself."""
    token = "[UNK]"
    while token in vocabulary:
        token += "_"
    return token


def _side_by_side(tensors: Sequence[Any], name: str) -> Any:
    if len(tensors) == 1:
        return tensors[0]
    return keras.layers.Concatenate(name=name)(tensors)
