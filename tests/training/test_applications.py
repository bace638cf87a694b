"""KerasTuner's own hypermodels of images: one configuration of each trained and saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest
from keras_tuner.src.applications import efficientnet

from automl.data.arrays import Arrays
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.metrics import compute_metrics, default_objective
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.task import Task, TaskKind
from automl.models.hyper_tracing import traced
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.saving import load_saved
from automl.training.score import predict_core
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState

CLASSES = 3


def images(size: int, rows: int) -> DeviceData:
    rng = np.random.default_rng(0)

    def part(count: int) -> Rows:
        target = np.arange(count, dtype=np.int32) % CLASSES
        x = rng.normal(size=(count, size * size)).astype(np.float32) + target[:, None]
        return Rows({"numeric": x}, target, target)

    task = Task(TaskKind.MULTICLASS, CLASSES, ("y",), ("a", "b", "c"))
    plan = PreprocessingPlan(ArrayPlan(ArrayFeature((size, size), (0.0,), (1.0,))))
    return DeviceData.from_arrays(
        Arrays(task, plan, part(rows), part(rows // 2), None, np.arange(rows // 2))
    )


def trained(source: Any, data: DeviceData, folder: Path, **chosen: Any) -> None:
    space = hyper_space(source)
    config = traced(space).configuration(chosen)
    result = train_trial(
        TrialSpec(0, config.to_json(), 0, TrialBudget(1, 1)),
        space,
        data,
        default_objective(data.task),
        folder,
        lambda _: Answer.GO_ON,
        lambda: None,
    )
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.found == ()
    rows = data.validation.rows
    answers = predict_core(load_saved(folder / "model.keras"), rows, data.plan)
    saved = compute_metrics(data.task, rows.truth, answers)
    assert saved["log_loss"] == pytest.approx(result.metrics["log_loss"], rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["v1", "v2", "next"])
def test_resnet_as_a_class_made_for_the_data(version: str, tmp_path: Path) -> None:
    trained(keras_tuner.applications.HyperResNet, images(28, 12), tmp_path, version=version)


@pytest.mark.slow
def test_xception_as_an_instance(tmp_path: Path) -> None:
    made = keras_tuner.applications.HyperXception(input_shape=(28, 28, 1), classes=CLASSES)
    trained(made, images(28, 40), tmp_path, num_residual_blocks=2)


@pytest.mark.slow
def test_efficientnet_with_weights_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = efficientnet.EFFICIENTNET_MODELS["B0"]
    monkeypatch.setitem(efficientnet.EFFICIENTNET_MODELS, "B0", partial(make, weights=None))
    made = keras_tuner.applications.HyperEfficientNet(input_shape=(28, 28, 1), classes=CLASSES)
    space = traced(hyper_space(made))
    assert space.names == ("version", "pooling", "top_dropout_rate", "learning_rate")
    trained(made, images(28, 12), tmp_path)
