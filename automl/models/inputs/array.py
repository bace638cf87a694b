"""Arrays in Keras: the one input of an exported model, flattened, standardized and clipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from automl.data.kinds.array.plan import ArrayPlan
from automl.data.kinds.signature import NUMERIC
from automl.models.inputs.scaling import clipped, standardized

INPUT = "x"


def raw_inputs(plan: ArrayPlan) -> dict[str, Any]:
    """The one input, of a row's shape."""
    return {INPUT: keras.Input(plan.block.shape, name=INPUT)}


def whole(inputs: Mapping[str, Any]) -> Any:
    """What the exported model is made with: one array, and no dictionary."""
    return inputs[INPUT]


def core_inputs(plan: ArrayPlan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the plan in Keras; see `automl.models.preprocessing.core_inputs`."""
    flat = keras.layers.Reshape((plan.block.size,), name="preprocessing_flat")(inputs[INPUT])
    numeric = standardized(flat, plan.block.mean, plan.block.std)
    return {NUMERIC: clipped(numeric, [plan.block.clip])}
