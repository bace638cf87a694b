"""Trials ranked by a metric of their own model or by their loss, and models that end in logits."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import Objective, default_objective
from automl.data.task import TaskKind
from automl.models.loss_names import loss_text
from automl.models.metric_names import compiled_metrics
from automl.models.own_model import OWN_UNITS, ArrayForm
from automl.space import Choice, SearchSpace
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.score import predict_core
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState, Verdict
from automl.tuning.baselines import constant_baseline
from tests.faults.rounds import slowly
from tests.training.conftest import FEATURES

Toy = Callable[..., DeviceData]
BATCH = Choice("batch_size", [32], default=32)


def train(
    space: Any, data: DeviceData, folder: Path, objective: Objective | None = None, **spec: Any
) -> TrialResult:
    space = space if isinstance(space, SearchSpace) else hyper_space(space)
    budget = TrialBudget(spec.pop("epochs", 80), 80)
    asked = TrialSpec(spec.pop("trial", 0), spec, 3, budget)
    objective = objective or default_objective(data.task)
    return train_trial(asked, space, data, objective, folder, lambda _: Answer.GO_ON, lambda: None)


def own(units: int, activation: str | None, **compile_arguments: Any) -> Callable[[Any], Any]:
    def build(hp: Any) -> Any:
        model = keras.Sequential(
            [
                keras.Input((FEATURES,)),
                keras.layers.Dense(16, "relu"),
                keras.layers.Dense(units, activation),
            ]
        )
        if compile_arguments:
            metrics = [make() for make in compile_arguments.get("metrics", ())]
            model.compile("nadam", compile_arguments["loss"], metrics=metrics)
        return model

    return build


# ---- a metric of the compiled model


def test_a_metric_of_the_model_ranks_its_trials(toy: Toy, tmp_path: Path) -> None:
    data = toy(TaskKind.MULTICLASS, weighted=True)
    build = own(
        3,
        "softmax",
        loss="sparse_categorical_crossentropy",
        metrics=[lambda: keras.metrics.SparseTopKCategoricalAccuracy(2, name="top_2")],
    )
    objective = Objective("top_2", "maximize", of_model=True)
    result = train(build, data, tmp_path, objective)
    assert result.state is TrialState.COMPLETED, result.reason
    saved = keras.models.load_model(tmp_path / "model.keras", compile=False)
    told = predict_core(saved, data.validation.rows, data.plan)
    truth = data.validation.rows.truth
    expected = np.mean([t in np.argsort(p)[-2:] for t, p in zip(truth, told, strict=True)])
    assert result.score == pytest.approx(expected, abs=1e-6)
    assert result.metrics["top_2"] == result.score
    history = (tmp_path / "history.csv").read_text().splitlines()[0]
    assert "val_top_2" in history


@pytest.mark.parametrize("trainer", ["compiled", *slowly("eager")])
def test_a_metric_that_is_an_array_of_one_number_ranks_too(
    toy: Toy, tmp_path: Path, trainer: str
) -> None:
    compiled = own(
        1,
        "sigmoid",
        loss="binary_crossentropy",
        metrics=[lambda: keras.metrics.F1Score(threshold=0.5)],
    )

    def build(hp: Any) -> Any:
        model = compiled(hp)
        model.run_eagerly = trainer == "eager"
        return model

    objective = Objective("f1_score", "maximize", of_model=True)
    result = train(build, toy(TaskKind.BINARY), tmp_path, objective, epochs=20)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.metrics["f1_score"] == result.score > 0.5


def test_a_metric_of_a_number_for_each_class_ranks_nothing(toy: Toy, tmp_path: Path) -> None:
    build = own(3, "softmax", loss="categorical_crossentropy", metrics=[keras.metrics.F1Score])
    objective = Objective("f1_score", "maximize", of_model=True)
    result = train(build, toy(TaskKind.MULTICLASS), tmp_path, objective)
    assert result.state is TrialState.FAILED
    assert "F1Score without average, ranks nothing" in result.reason
    ranked = train(build, toy(TaskKind.MULTICLASS), tmp_path)  # and is in nobody's way
    assert ranked.state is TrialState.COMPLETED, ranked.reason


def test_a_model_without_it_says_what_it_has(toy: Toy, tmp_path: Path) -> None:
    build = own(
        3,
        "softmax",
        loss="sparse_categorical_crossentropy",
        metrics=[lambda: keras.metrics.SparseTopKCategoricalAccuracy(2, name="top_2")],
    )
    objective = Objective("profit", "maximize", of_model=True)
    result = train(build, toy(TaskKind.MULTICLASS), tmp_path, objective)
    assert result.state is TrialState.FAILED
    assert "no metric 'profit': it has loss, top_2" in result.reason


def test_a_baseline_is_trained_though_it_cannot_be_ranked(toy: Toy, tmp_path: Path) -> None:
    data = toy(TaskKind.MULTICLASS)
    space = SearchSpace("linear", [BATCH], lambda config, inputs, task: inputs)
    objective = Objective("profit", "maximize", of_model=True)
    result = train(space, data, tmp_path, objective, trial="linear")
    assert result.state is TrialState.COMPLETED, result.reason
    assert "log_loss" in result.metrics
    constant = constant_baseline(data.task, objective, data.train.rows, data.validation.rows)
    assert constant.score is None and "log_loss" in constant.metrics


def test_the_names_of_compiled_metrics_are_known_before_training() -> None:
    def profit(truth: Any, told: Any) -> Any:
        return told

    metrics = [lambda: "accuracy", lambda: keras.metrics.AUC(name="area"), lambda: profit]
    model = own(3, "softmax", loss="mse", metrics=metrics)(None)
    assert compiled_metrics(model) == ("accuracy", "area", "profit")
    assert compiled_metrics(own(3, "softmax")(None)) == ()

    class Own(keras.Model):  # type: ignore[misc]
        def test_step(self, data: Any) -> dict[str, Any]:
            return {"anything": 1.0}

    assert compiled_metrics(Own()) is None


# ---- logits


@pytest.mark.parametrize("kind", [TaskKind.BINARY, TaskKind.MULTICLASS, TaskKind.MULTILABEL])
@pytest.mark.parametrize("form", ["keras tuner", "vector", "nested"])
def test_an_uncompiled_model_that_ends_in_logits_is_scored_as_probabilities(
    kind: TaskKind, form: str, toy: Toy, tmp_path: Path
) -> None:
    data = toy(kind)
    units = data.task.outputs
    if form == "keras tuner":
        space: Any = own(units, None)
    else:

        def build(config: Any, inputs: Any, task: Any) -> Any:
            x = keras.layers.Dense(16, "relu")(inputs)
            if form == "nested":
                x = keras.Sequential([keras.layers.Dense(units)])(x)
            else:
                x = keras.layers.Dense(units)(x)
            return keras.Model(inputs, x)

        space = SearchSpace("own", [BATCH], build)
    result = train(space, data, tmp_path)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.metrics["log_loss"] < 0.8 * math.log(max(units, 2))
    saved = keras.models.load_model(tmp_path / "model.keras", compile=False)
    told = predict_core(saved, data.validation.rows, data.plan)
    assert told.min() >= 0.0 and told.max() <= 1.0
    np.testing.assert_allclose(told[data.check_positions], np.load(tmp_path / "check.npy"), 1e-4)


def test_the_outputs_of_a_regression_stay_as_they_are(toy: Toy, tmp_path: Path) -> None:
    data = toy(TaskKind.REGRESSION)
    result = train(own(data.task.outputs, None), data, tmp_path)
    assert result.state is TrialState.COMPLETED and result.metrics["r2"] > 0.2


# ---- the loss as objective


def test_the_constants_loss_is_in_the_units_of_trials(toy: Toy, tmp_path: Path) -> None:
    data = toy(TaskKind.REGRESSION)
    objective = Objective("loss", "minimize")
    constant = constant_baseline(data.task, objective, data.train.rows, data.validation.rows)
    target = np.asarray(data.validation.rows.target, np.float64)
    mean = np.asarray(data.train.rows.target, np.float64).mean(axis=0)
    assert constant.score == pytest.approx(np.square(target - mean).mean())
    space = SearchSpace("linear", [BATCH], lambda config, inputs, task: inputs)
    result = train(space, data, tmp_path, objective)
    assert result.loss == constant.loss == "mean_squared_error of standardized targets"
    saved = keras.models.load_model(tmp_path / "model.keras", compile=False)
    errors = predict_core(saved, data.validation.rows, data.plan) - data.validation.rows.truth
    scaled = np.square(errors / np.array(data.plan.target_scale.std)).mean()
    assert result.score == pytest.approx(scaled, rel=1e-4)


@pytest.mark.parametrize("kind", [TaskKind.BINARY, TaskKind.MULTICLASS])
def test_the_loss_of_classes_is_crossentropy(kind: TaskKind, toy: Toy, tmp_path: Path) -> None:
    data = toy(kind)
    objective = Objective("loss", "minimize")
    constant = constant_baseline(data.task, objective, data.train.rows, data.validation.rows)
    space = SearchSpace("linear", [BATCH], lambda config, inputs, task: inputs)
    assert train(space, data, tmp_path, objective).loss == constant.loss == "crossentropy"


def test_equal_losses_have_equal_names(toy: Toy) -> None:
    task = toy(TaskKind.MULTICLASS).task
    numbers = toy(TaskKind.REGRESSION).task
    plain, units = ArrayForm((FEATURES,)), ArrayForm((FEATURES,), OWN_UNITS)

    def text(loss: Any, form: ArrayForm | None = plain, of: Any = task) -> str:
        model = own(3, None, loss=loss)(None)
        return loss_text(model, form, of)

    same = ["sparse_categorical_crossentropy", keras.losses.CategoricalCrossentropy(True)]
    assert {text(loss) for loss in same} == {"crossentropy"}
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    assert text(smoothed) == "crossentropy(label_smoothing=0.1)"
    for loss in ("mse", keras.losses.MeanSquaredError(), keras.losses.mean_squared_error):
        assert text(loss, units, numbers) == "mean_squared_error"
        assert text(loss, None, numbers) == "mean_squared_error of standardized targets"
    assert text(keras.losses.Huber(2.0), units, numbers) == "huber(delta=2.0)"

    def profit(truth: Any, told: Any) -> Any:
        return keras.ops.mean(told, axis=-1)

    assert text(profit, units, numbers) == "profit"


# ---- verdicts


def test_random_labels_are_at_chance_whatever_their_own_loss(toy: Toy, tmp_path: Path) -> None:
    """An unbalanced target that nothing is known of: the majority's level, not a healthy curve."""
    data = toy(TaskKind.BINARY)
    rng = np.random.default_rng(0)

    def shuffled(rows: Any) -> Any:
        y = (rng.random((len(rows), 1)) < 0.15).astype(np.float32)
        return type(rows).from_rows(dataclasses.replace(rows.rows, target=y, truth=y))

    data = dataclasses.replace(
        data, train=shuffled(data.train), validation=shuffled(data.validation)
    )
    space = SearchSpace("linear", [BATCH], lambda config, inputs, task: inputs)
    assert train(space, data, tmp_path).verdict in (Verdict.CHANCE, Verdict.NOT_LEARNING)
