"""The preprocessing plan as Keras layers around a core model: raw rows in, answers out.

The second reading of a plan; the first is `PreprocessingPlan.apply` in NumPy. Of each kind of rows
it stands in a file of `automl.models.inputs`. Both compute
``(x - mean) * (1 / std)``, clipped, in float32 with the same constants, so they give equal
numbers (sines and cosines but for the last digits). Only layers and operations of Keras itself are
used, no ``Lambda`` and no classes of this package, so that a saved model loads with nothing but
Keras and with ``safe_mode`` on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from automl.data.plan import PreprocessingPlan
from automl.data.task import Task, TaskKind
from automl.models.inputs import keras_reading
from automl.models.tempering import tempered_outputs


def raw_model(core: Any, plan: PreprocessingPlan, task: Task, temperature: float = 1.0) -> Any:
    """Builds the model that takes raw rows.

    Args:
        core: The trial's core model; it keeps its weights and is part of the new model.
        plan: The preprocessing plan that the core was trained behind.
        task: The task.
        temperature: By which the logits of probabilities are divided.

    Returns:
        A ``keras.Model``. Of a table it takes a dictionary with the inputs of
        `InputPlan.input_names`, each (None, columns): float32 (NaN where a value is missing) or
        string (``""`` where missing). Of array data it takes one float32 input ``x`` of a row's
        shape. It answers
        float32 (None, outputs): probabilities, or targets in their own units.
    """
    inputs = model_inputs(plan)
    outputs = _in_own_units(core(core_inputs(plan, inputs)), plan, task)
    outputs = tempered_outputs(outputs, task, temperature)
    whole = keras_reading(plan.inputs.kind).whole(inputs)
    return keras.Model(whole, outputs, name="preprocessing_and_core")


@dataclass(frozen=True)
class WeightedCore:
    """A model of an ensemble.

    Attributes:
        core: The core model.
        plan: The plan that it was trained behind.
        weight: What its answers count.
    """

    core: Any
    plan: PreprocessingPlan
    weight: float


def raw_ensemble(
    members: Sequence[WeightedCore],
    plan: PreprocessingPlan,
    task: Task,
    temperature: float = 1.0,
) -> Any:
    """Builds one model of several: raw rows in, the weighted mean of their answers out.

    Members behind the same plan share its preprocessing.

    Args:
        members: The models; their weights add up to 1.
        plan: The plan whose inputs the model has; `InputPlan.takes_rows_of` holds of every
            member's plan with it.
        task: The task.
        temperature: By which the logits of the mean probabilities are divided.

    Returns:
        A ``keras.Model`` as `raw_model` gives it.
    """
    inputs = model_inputs(plan)
    read: list[tuple[PreprocessingPlan, Any]] = []
    outputs = []
    for number, member in enumerate(members):
        parts = next((known for own, known in read if own == member.plan), None)
        if parts is None:
            parts = _preprocessed(member.plan, inputs, f"preprocessing_{len(read)}")
            read.append((member.plan, parts))
        # Under a name of its own: all cores of a search have the same.
        core = keras.Model(member.core.inputs, member.core.outputs, name=f"core_{number}")
        given = core([parts[one.name] for one in member.core.inputs])
        answer = given[0] if isinstance(given, list) else given
        answer = _in_own_units(answer, member.plan, task)
        outputs.append(keras.ops.multiply(answer, np.float32(member.weight)))
    blended = outputs[0]
    for one in outputs[1:]:
        blended = keras.ops.add(blended, one)
    whole = keras_reading(plan.inputs.kind).whole(inputs)
    blended = tempered_outputs(blended, task, temperature)
    return keras.Model(whole, blended, name="ensemble")


def _preprocessed(plan: PreprocessingPlan, inputs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A plan's reading as a model of its own, in which layers have the names that they have."""
    own = model_inputs(plan)
    model = keras.Model(own, core_inputs(plan, own), name=name)
    return dict(model({one: inputs[one] for one in own}))


def _in_own_units(outputs: Any, plan: PreprocessingPlan, task: Task) -> Any:
    """A core's answers, of regression in the targets' own units."""
    if task.kind is not TaskKind.REGRESSION or not plan.target_scale.mean:
        return outputs
    std = np.asarray(plan.target_scale.std, np.float32)
    mean = np.asarray(plan.target_scale.mean, np.float32)
    return keras.ops.add(keras.ops.multiply(outputs, std), mean)


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
