"""The preprocessing plan as Keras layers around a core model: raw rows in, answers out.

The second reading of a plan; the first is `PreprocessingPlan.apply` in NumPy. Of each kind of rows
it stands in a file of `automl.models.inputs`. Both compute
``(x - mean) * (1 / std)``, clipped, in float32 with the same constants, so they give equal
numbers (sines and cosines but for the last digits). Only layers and operations of Keras itself are
used, no ``Lambda`` and no classes of this package, so that a saved model loads with nothing but
Keras and with ``safe_mode`` on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from automl.data.plan import PreprocessingPlan
from automl.data.task import Task, TaskKind
from automl.models.inputs import keras_reading


def raw_model(core: Any, plan: PreprocessingPlan, task: Task) -> Any:
    """Builds the model that takes raw rows.

    Args:
        core: The trial's core model; it keeps its weights and is part of the new model.
        plan: The preprocessing plan that the core was trained behind.
        task: The task.

    Returns:
        A ``keras.Model``. Of a table it takes a dictionary with the inputs of
        `InputPlan.input_names`, each (None, columns): float32 (NaN where a value is missing) or
        string (``""`` where missing). Of array data it takes one float32 input ``x`` of a row's
        shape. It answers
        float32 (None, outputs): probabilities, or targets in their own units.
    """
    inputs = model_inputs(plan)
    parts = core_inputs(plan, inputs)
    outputs = core(parts)
    if task.kind is TaskKind.REGRESSION and plan.target_scale.mean:
        std = np.asarray(plan.target_scale.std, np.float32)
        mean = np.asarray(plan.target_scale.mean, np.float32)
        outputs = keras.ops.add(keras.ops.multiply(outputs, std), mean)
    whole = keras_reading(plan.inputs.kind).whole(inputs)
    return keras.Model(whole, outputs, name="preprocessing_and_core")


def model_inputs(plan: PreprocessingPlan) -> dict[str, Any]:
    """The raw model's inputs.

    Returns:
        Input name to ``keras.Input``; see `raw_model`.
    """
    return dict(keras_reading(plan.inputs.kind).raw_inputs(plan.inputs))


def core_inputs(plan: PreprocessingPlan, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Reads the plan in Keras.

    Args:
        plan: The preprocessing plan.
        inputs: Tensors by input name; see `model_inputs`.

    Returns:
        The core's inputs, each only where the data has such columns: ``numeric`` (None, p)
        float32 and ``categorical`` (None, c) int32.
    """
    return dict(keras_reading(plan.inputs.kind).core_inputs(plan.inputs, inputs))
