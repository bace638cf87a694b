"""Toy rows for checking a builder in KerasTuner's form, whose model says what rows it takes."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.task import TaskKind
from automl.errors import SpaceError
from automl.models.hyper import STAND_IN_CLASSES, STAND_IN_SHAPE, build_hyper
from automl.models.own_model import loss_of_model
from automl.models.several_inputs import has_several
from automl.models.wanted_input import RAW, codes_of, is_whole, wanted_input
from automl.space.keras_tuner import HyperBuilder
from automl.space.search_space import SearchSpace
from automl.training.device_data import DeviceData

ROWS = 120
ROWS_PER_CLASS = 12
MOST_CODES = 100
"""Whole numbers for an embedding are below this, where it has room for more."""
MOST_CATEGORIES = 5
SHAPES = ((8,), (28, 28, 1), (28, 28))
"""Rows for a model that names no shape: the first one that it can be called with."""


def toy_rows(space: SearchSpace, seed: int) -> tuple[str, DeviceData]:
    """Rows that the model of a space's defaults can be trained on.

    Args:
        space: A space whose builder is in KerasTuner's form.
        seed: Seed of their values.

    Returns:
        What is learnt, in words, and the rows: numbers of the shape that the model takes, and a
        target for its outputs and its loss.

    Raises:
        SpaceError: The model cannot be called, or has no single output of one row's numbers.
    """
    builder = space.build
    assert isinstance(builder, HyperBuilder)
    model = build_hyper(builder, space.defaults(), STAND_IN_SHAPE, STAND_IN_CLASSES).model
    shape, outputs = _called(space, model)
    if len(outputs) != 2 or outputs[-1] is None:
        raise SpaceError(
            f"The model of space {space.name!r} has outputs of shape {tuple(outputs)}; expected "
            "(None, units)."
        )
    units = int(outputs[-1])
    kind = _kind(model, units)
    rng = np.random.default_rng(seed)
    if has_several(model):
        return _toy_columns(model, kind, units, rng, seed)
    wanted = wanted_input(model)
    size = (max(ROWS, ROWS_PER_CLASS * units), *shape)
    x: Any = rng.normal(size=size).astype(np.float32)
    if wanted.codes:
        x = rng.integers(0, min(wanted.below or MOST_CODES, MOST_CODES), size)
    signal = x.reshape(len(x), -1) @ rng.normal(size=(int(np.prod(shape)), units))
    y = _targets(signal, kind, units)
    data = DeviceData.from_arrays(
        prepare(DataRequest((x, y), task=kind.value, seed=seed, input=wanted.mode))
    )
    how = " as they are" if wanted.mode == RAW else ""
    return f"{kind.value}, rows of shape {shape}{how}", data


def _targets(signal: Any, kind: TaskKind, units: int) -> Any:
    """Targets of a kind that a signal (rows, units) tells."""
    if kind is TaskKind.REGRESSION:
        return signal
    if kind is TaskKind.MULTILABEL:
        return (signal > 0).astype(np.int64)
    classes = 2 if kind is TaskKind.BINARY else units  # of equal size
    return np.argsort(np.argsort(signal[:, 0])) * classes // len(signal)


def _toy_columns(
    model: Any, kind: TaskKind, units: int, rng: np.random.Generator, seed: int
) -> tuple[str, DeviceData]:
    """A table with columns for each of several inputs: numbers, or categories where it takes codes.

    Args:
        model: The model.
        kind: What is learnt.
        units: Units of its outputs.
        rng: Gives the values.
        seed: Seed of the split.
    """
    import pandas as pd

    rows = max(ROWS, ROWS_PER_CLASS * units)
    columns: dict[str, Any] = {}
    signal = np.zeros((rows, units))
    for tensor in model.inputs:
        encodes, below = codes_of(model, tensor)
        width = math.prod(size or 1 for size in tensor.shape[1:])
        for i in range(width):
            values: Any = rng.normal(size=rows)
            signal += np.outer(values, rng.normal(size=units))
            if encodes or is_whole(str(tensor.dtype)):
                categories = min((below or MOST_CODES) - 1, MOST_CATEGORIES)
                ranks = np.argsort(np.argsort(values))
                values = np.char.add("c", (ranks * categories // rows).astype(str))
            columns[f"{tensor.name}_{i}" if width > 1 else tensor.name] = values
    frame = pd.DataFrame(columns)
    targets = np.asarray(_targets(signal, kind, units)).reshape(rows, -1)
    names = [f"target {i}" for i in range(targets.shape[1])]
    frame[names] = targets
    request = DataRequest(frame, tuple(names), task=kind.value, seed=seed)
    listed = ", ".join(f"{one.name} {tuple(one.shape[1:])}" for one in model.inputs)
    return f"{kind.value}, inputs {listed}", DeviceData.from_arrays(prepare(request))


def _called(space: SearchSpace, model: Any) -> tuple[tuple[int, ...], Any]:
    """The shape of a row, and the shape of the model's outputs."""
    inputs = getattr(model, "inputs", None)
    if inputs:
        wanted = inputs[0].shape[1:]
        shape = tuple(STAND_IN_SHAPE[0] if size is None else size for size in wanted)
        return shape, model.outputs[0].shape
    for shape in SHAPES:
        model = build_hyper(space.build, space.defaults(), shape, STAND_IN_CLASSES).model  # type: ignore[arg-type]
        try:
            return shape, model(keras.Input(shape)).shape
        except Exception as error:  # noqa: BLE001 - layers raise what they like for a wrong shape
            last = error
    raise SpaceError(
        f"The model of space {space.name!r} names no input shape and cannot be called with rows of "
        f"{' or '.join(map(str, SHAPES))} ({last}); begin it with keras.Input."
    )


def _kind(model: Any, units: int) -> TaskKind:
    """What a model seems to learn, by its last activation and its loss."""
    loss = loss_of_model(model)
    layers = getattr(model, "layers", [])
    activation = getattr(getattr(layers[-1], "activation", None), "__name__", "") if layers else ""
    if activation == "softmax" or "categorical" in loss.name:
        return TaskKind.BINARY if units == 2 else TaskKind.MULTICLASS
    if activation == "sigmoid" or "binary" in loss.name:
        return TaskKind.BINARY if units == 1 else TaskKind.MULTILABEL
    return TaskKind.REGRESSION
