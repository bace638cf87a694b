"""Targets that are blocks of numbers: an autoencoder's rows, images and sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from automl.data.metrics import compute_metrics, default_objective
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.data.task import TaskKind
from automl.errors import DataError
from automl.models.hyper_tracing import traced
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.saving import load_saved
from automl.training.score import predict_core
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(80, 4, 4)).astype(np.float32)
IMAGES[:, 0, 0] = 1.0  # as a corner that is never written on


def images(hp: Any) -> Any:
    inputs = keras.Input((4, 4))
    x = layers.Dense(hp.Int("units", 8, 9))(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Reshape((4, 4))(layers.Dense(16)(x)))
    model.compile("adam", "mse")
    return model


def rows(hp: Any) -> Any:
    model = keras.Sequential([keras.Input((16,)), layers.Dense(hp.Int("units", 8, 9))])
    model.add(layers.Dense(16))
    model.compile("adam", "mse")
    return model


def masks(hp: Any) -> Any:
    inputs = keras.Input((4, 4))
    x = layers.Dense(hp.Int("units", 4, 5), "relu")(inputs)
    model = keras.Model(inputs, layers.Dense(4)(x))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def trained(build: Any, data: PreparedData, folder: Path) -> TrialResult:
    space = traced(hyper_space(build))
    spec = TrialSpec(0, space.defaults().to_json(), 0, TrialBudget(epochs=3, patience=3))
    return train_trial(
        spec,
        space,
        DeviceData.from_arrays(data),
        default_objective(data.task),
        folder / "trials" / "0",
        lambda _: Answer.GO_ON,
        lambda: None,
    )


@pytest.mark.parametrize(
    ("build", "x", "y", "kind"),
    [
        (images, IMAGES, IMAGES, TaskKind.REGRESSION),
        (rows, IMAGES.reshape(80, 16), IMAGES.reshape(80, 16), TaskKind.REGRESSION),
        (masks, IMAGES, (IMAGES > 0.3).astype(np.int64), TaskKind.MULTILABEL),
    ],
)
def test_a_model_that_answers_in_the_targets_shape_is_trained_on_it(
    build: Any, x: Any, y: Any, kind: TaskKind, tmp_path: Path
) -> None:
    data = prepare(DataRequest((x, y)))
    assert data.task.kind is kind and data.task.outputs == 16
    result = trained(build, data, tmp_path)
    assert result.state is TrialState.COMPLETED, result.reason
    # The saved core answers what was scored.
    saved = tmp_path / "trials" / "0" / "model.keras"
    answers = predict_core(load_saved(saved), data.validation, data.plan)
    again = compute_metrics(data.task, data.validation.truth, answers)
    for name, value in result.metrics.items():
        assert again[name] == pytest.approx(value, rel=1e-3, abs=1e-5)


def test_constant_targets_beside_others_are_told_and_stay() -> None:
    data = prepare(DataRequest((IMAGES, IMAGES)))
    assert data.plan.target_scale.std[0] == 1.0
    assert len([note for note in data.notes if "one value in all rows" in note]) == 1
    with pytest.raises(DataError, match="the same value in every row"):
        prepare(DataRequest((IMAGES, np.ones((80, 2, 2)))))


def cropped(hp: Any) -> Any:
    size = hp.Choice("crop", [4, 3])
    inputs = keras.Input((4, 4))
    x = layers.CenterCrop(size, size)(layers.Reshape((4, 4, 1))(inputs))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))
    model.compile("adam", "mse")
    return model


def shaped(hp: Any) -> Any:
    size = hp.Choice("crop", [3, 2])
    inputs = keras.Input((size, size))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    model.compile("adam", "mse")
    return model


def test_sizes_that_a_hyperparameter_chooses_belong_behind_the_input(tmp_path: Path) -> None:
    data = prepare(DataRequest((IMAGES, IMAGES.sum((1, 2)))))
    assert trained(cropped, data, tmp_path).state is TrialState.COMPLETED
    failed = trained(shaped, data, tmp_path)
    assert failed.state is TrialState.FAILED
    assert "CenterCrop" in failed.reason and "hyperparameter" in failed.reason
