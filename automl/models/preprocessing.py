"""The preprocessing plan as Keras layers around a core model: raw rows in, answers out.

The second reading of a plan; the first is `PreprocessingPlan.apply` in NumPy. Both compute
``(x - mean) * (1 / std)``, clipped, in float32 with the same constants, so they give equal
numbers (sines and cosines but for the last digits). Only layers and operations of Keras itself are
used, no ``Lambda`` and no classes of this package, so that a saved model loads with nothing but
Keras and with ``safe_mode`` on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.data.clipping import LARGEST, Clip, ClipKind
from automl.data.columns.cycles import turns
from automl.data.kinds.table.model_inputs import columns_of, table_inputs
from automl.data.plan import CategoricalFeature, NumericFeature, PreprocessingPlan
from automl.data.task import Task, TaskKind

ARRAY_INPUT = "x"


def raw_model(core: Any, plan: PreprocessingPlan, task: Task) -> Any:
    """Builds the model that takes raw rows.

    Args:
        core: The trial's core model; it keeps its weights and is part of the new model.
        plan: The preprocessing plan that the core was trained behind.
        task: The task.

    Returns:
        A ``keras.Model``. Of a table it takes a dictionary with the inputs of `table_inputs`,
        each (None, columns): float32 (NaN where a value is missing) or string (``""`` where
        missing). Of array data it takes one float32 input ``x`` of a row's shape. It answers
        float32 (None, outputs): probabilities, or targets in their own units.
    """
    inputs = model_inputs(plan)
    parts = core_inputs(plan, inputs)
    outputs = core(parts)
    if task.kind is TaskKind.REGRESSION and plan.target_scale.mean:
        std = np.asarray(plan.target_scale.std, np.float32)
        mean = np.asarray(plan.target_scale.mean, np.float32)
        outputs = keras.ops.add(keras.ops.multiply(outputs, std), mean)
    whole = inputs[ARRAY_INPUT] if plan.array is not None else inputs
    return keras.Model(whole, outputs, name="preprocessing_and_core")


def model_inputs(plan: PreprocessingPlan) -> dict[str, Any]:
    """The raw model's inputs.

    Returns:
        Input name to ``keras.Input``; see `raw_model`.
    """
    if plan.array is not None:
        return {ARRAY_INPUT: keras.Input(plan.array.shape, name=ARRAY_INPUT)}
    texts = {feature.name for feature in plan.categorical_features}
    return {
        name: keras.Input(
            (len(columns),), dtype="string" if columns[0] in texts else "float32", name=name
        )
        for name, columns in columns_of(table_inputs(plan)).items()
    }


def core_inputs(plan: PreprocessingPlan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the plan in Keras.

    Args:
        plan: The preprocessing plan.
        inputs: Tensors by input name; see `model_inputs`.

    Returns:
        The core's inputs, each only where the data has such columns: ``numeric`` (None, p)
        float32 and ``categorical`` (None, c) int32.
    """
    if plan.array is not None:
        flat = keras.layers.Reshape((plan.array.size,), name="preprocessing_flat")(
            inputs[ARRAY_INPUT]
        )
        numeric = _standardized(flat, plan.array.mean, plan.array.std)
        return {"numeric": _clipped(numeric, [plan.array.clip])}
    parts = {}
    if plan.numeric_features:
        parts["numeric"] = _numeric(plan, inputs)
    if plan.categorical_features:
        parts["categorical"] = _categorical(plan, inputs)
    return parts


def _numeric(plan: PreprocessingPlan, inputs: Mapping[str, Any]) -> Any:
    features = plan.numeric_features
    raw = _raw(plan, inputs, features, "preprocessing_numbers")
    missing = keras.ops.isnan(raw)
    fill = np.asarray([f.fill for f in features], np.float32)
    filled = keras.ops.where(missing, fill, raw)
    numeric = _standardized(filled, [f.mean for f in features], [f.std for f in features])
    parts = [_clipped(numeric, [f.clip for f in features]), *_waves(plan, filled)]
    indicated = [i for i, feature in enumerate(features) if feature.indicator]
    if indicated:
        chosen = keras.ops.take(missing, np.asarray(indicated, np.int32), axis=1)
        parts.append(keras.ops.cast(chosen, "float32"))
    return _side_by_side(parts, "preprocessing_numeric")


def _waves(plan: PreprocessingPlan, filled: Any) -> list[Any]:
    """Sines and cosines as in `automl.data.columns.cycles`, or nothing without cycles."""
    if not plan.cycles:
        return []
    columns = [plan.numeric_features.index(feature) for feature, _ in plan.cycles]
    period, radians = turns([cycle.period(feature.source) for feature, cycle in plan.cycles])
    chosen = keras.ops.take(filled, np.asarray(columns, np.int32), axis=1)
    angles = keras.ops.multiply(keras.ops.mod(chosen, period), radians)
    return [keras.ops.sin(angles), keras.ops.cos(angles)]


def _standardized(values: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    scale: npt.NDArray[np.float32] = np.float32(1.0) / np.asarray(std, np.float32)
    centred = keras.ops.subtract(values, np.asarray(mean, np.float32))
    return keras.ops.multiply(centred, scale)


def _clipped(values: Any, clips: Sequence[Clip]) -> Any:
    """Clips columns, each as it says; one clip may stand for all."""
    limits = {
        kind: np.asarray([c.limit if c.kind is kind else np.inf for c in clips], np.float32)
        for kind in {c.kind for c in clips} - {ClipKind.NONE}
    }
    for kind, limit in sorted(limits.items()):
        if kind is ClipKind.HARD:
            values = keras.ops.minimum(keras.ops.maximum(values, -limit), limit)
            continue
        # An infinite limit leaves a column as it is: x / inf is 0, and x / sqrt(1) is x.
        bound = np.where(np.isinf(limit), limit, np.float32(LARGEST))
        values = keras.ops.minimum(keras.ops.maximum(values, -bound), bound)
        share = keras.ops.square(keras.ops.divide(values, limit))
        values = keras.ops.divide(values, keras.ops.sqrt(keras.ops.add(share, 1.0)))
    return values


def _categorical(plan: PreprocessingPlan, inputs: Mapping[str, Any]) -> Any:
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
    plan: PreprocessingPlan,
    inputs: Mapping[str, Any],
    features: Sequence[NumericFeature] | Sequence[CategoricalFeature],
    name: str,
) -> Any:
    """Columns of one kind side by side, in the plan's order; ``name`` is what joins them."""
    names = table_inputs(plan)
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
