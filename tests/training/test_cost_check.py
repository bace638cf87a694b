"""Models over a limit are not trained, and not even given weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import automl
from automl.common.model_cost import CostLimits
from automl.data.metrics import default_objective
from automl.errors import RunError
from automl.models.blocks import DenseStyle
from automl.models.conv_blocks import conv_block
from automl.results.board_columns import leaderboard_columns
from automl.results.leaderboard import leaderboard
from automl.space import Int, SearchSpace, find_space
from automl.training.cost_check import NOTE
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, FailureCause, TrialBudget, TrialSpec, TrialState
from tests.training.conftest import make_arrays

WIDTH = Int("width", 2, 50_000, default=16)


def build(config: Any, inputs: Any, task: Any) -> Any:
    return keras.layers.Dense(config.width, activation="relu")(inputs)


SPACE = SearchSpace("dense", [WIDTH], build)


def trained(
    path: Path, width: int, limits: CostLimits, space: SearchSpace = SPACE, **spec: Any
) -> Any:
    data = DeviceData.from_arrays(make_arrays())
    budget = TrialBudget(2, 2)
    path.mkdir(exist_ok=True)
    asked = TrialSpec(0, {"width": width}, 0, budget, limits=limits, **spec)
    return train_trial(
        asked,
        space,
        data,
        default_objective(data.task),
        path / "trials" / "0",
        lambda _: Answer.GO_ON,
        lambda: None,
    )


def test_a_model_over_a_limit_is_its_own_reason_and_leaves_nothing(tmp_path: Path) -> None:
    result = trained(tmp_path, 40_000, CostLimits(parameters=1_000))
    parameters = 6 * 40_000 + 40_000 + 3 * 40_000 + 3
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.OVER_LIMIT)
    assert result.is_over_limit
    assert result.parameters == parameters
    assert f"has {parameters:,} parameters, and --max-parameters is 1,000" in result.reason
    assert result.excess == parameters / 1_000
    assert result.notes == (NOTE,)
    assert not (tmp_path / "trials").exists()


def test_no_weights_are_made_of_what_is_over(tmp_path: Path) -> None:
    made: list[Any] = []

    class Counted(keras.layers.Dense):  # type: ignore[misc]
        def build(self, shape: Any) -> None:
            super().build(shape)
            made.append(self.kernel._value)

    def counting(config: Any, inputs: Any, task: Any) -> Any:
        return Counted(config.width)(inputs)

    space = SearchSpace("counting", [WIDTH], counting)
    assert trained(tmp_path, 40_000, CostLimits(parameters=1_000), space).is_over_limit
    assert made == [None]


def test_a_model_within_the_limits_is_trained_as_without_them(tmp_path: Path) -> None:
    free = trained(tmp_path / "free", 16, CostLimits())
    parameters = 6 * 16 + 16 + 16 * 3 + 3
    exact = CostLimits(parameters, 6 * 16 + 16 * 3, free.training_bytes)
    held = trained(tmp_path / "held", 16, exact)
    assert free.state is held.state is TrialState.COMPLETED
    assert (held.score, held.model_hash) == (free.score, free.model_hash)
    assert (held.parameters, held.multiply_adds) == (parameters, 144)
    over = trained(tmp_path / "over", 16, CostLimits(training_bytes=free.training_bytes - 1))
    assert over.cause is FailureCause.OVER_LIMIT
    assert "--max-memory" in over.reason


def test_memory_is_of_the_configuration_s_batch_and_optimizer(tmp_path: Path) -> None:
    space = find_space("mlp")
    sizes = {}
    for batch, optimizer in ((16, "sgd"), (128, "sgd"), (16, "adam")):
        config = space.configuration({"batch_size": batch, "optimizer": optimizer}).to_json()
        data = DeviceData.from_arrays(make_arrays())
        spec = TrialSpec(0, config, 0, TrialBudget(1, 1), limits=CostLimits(parameters=1))
        where = tmp_path / f"{batch}-{optimizer}"
        objective = default_objective(data.task)
        run = train_trial(spec, space, data, objective, where, lambda _: Answer.GO_ON, lambda: None)
        assert run.is_over_limit
        sizes[batch, optimizer] = run.training_bytes
    assert sizes[16, "sgd"] < sizes[128, "sgd"]
    assert sizes[16, "sgd"] < sizes[16, "adam"]


def test_what_cannot_be_built_without_weights_is_held_to_the_limits_too(tmp_path: Path) -> None:
    def reading(config: Any, inputs: Any, task: Any) -> Any:
        layer = keras.layers.Dense(config.width)
        outputs = layer(inputs)
        layer.set_weights([np.ones_like(one) for one in layer.get_weights()])
        return outputs

    space = SearchSpace("reading", [WIDTH], reading)
    assert trained(tmp_path / "over", 400, CostLimits(parameters=1_000), space).is_over_limit
    within = trained(tmp_path / "within", 16, CostLimits(parameters=1_000), space)
    assert within.state is TrialState.COMPLETED


def test_the_worked_example_is_over_or_within_by_one_parameter(warm: None, tmp_path: Path) -> None:
    """Three 3 x 3 convolutions in steps of 2 of 100, 200 and 400 filters on 200 x 300 x 3."""

    def convolutions(config: Any, inputs: Any, task: Any) -> Any:
        x = inputs
        for filters in (100, 200, 400):
            x = conv_block(x, filters, 3, DenseStyle(), stride=2)
        return keras.layers.GlobalAveragePooling2D()(x)

    space = SearchSpace("three", [], convolutions, inputs="image")
    photos = np.zeros((12, 200, 300, 3), np.uint8)
    photos[::2] = 200
    whole = 2_800 + 180_200 + 720_400 + 400 + 1
    options: dict[str, Any] = {"trials": 1, "epochs": 1, "workers": 1, "verbose": 0}
    options |= {"space": space, "finalists": 0, "no_ensemble": True}
    with pytest.raises(RunError, match=f"has {whole:,} parameters"):
        automl.search(
            (photos, np.arange(12) % 2),
            max_parameters=whole - 1,
            directory=tmp_path / "over",
            **options,
        )


def test_a_search_of_digits_keeps_to_its_limits(warm: None, tmp_path: Path) -> None:
    run = automl.search(
        "digits",
        trials=5,
        epochs=1,
        workers=1,
        verbose=0,
        finalists=0,
        no_ensemble=True,
        cv="none",
        max_parameters="9k",
        directory=tmp_path / "run",
    )
    record = run.record
    assert len(record.counted) == 5
    assert all(trial.result.parameters <= 9_000 for trial in record.counted if trial.result)
    assert [trial.trial for trial in record.trials if trial.is_over_limit]  # the default is
    rows = [row for row in leaderboard(record) if isinstance(row.trial, int)]
    assert all(min(row.parameters, row.multiply_adds, row.training_bytes) > 0 for row in rows)
    assert {"parameters", "multiply_adds", "training_bytes"} <= set(run.leaderboard().columns)
    assert NOTE in run.notes
    again = run.resume(trials=6, max_parameters=10**9, verbose=0)
    assert len(again.record.counted) == 6


def test_convolutions_have_columns_for_what_weights_do_not_tell(warm: None, tmp_path: Path) -> None:
    images = automl.search(
        "digits",
        space="plain_cnn",
        settings={"groups": 1, "first_filters": 16, "head_depth": 0},
        trials=1,
        epochs=1,
        workers=1,
        verbose=0,
        finalists=0,
        no_ensemble=True,
        cv="none",
        directory=tmp_path / "run",
    )
    record = images.record
    headers = [column.header for column in leaderboard_columns(record, leaderboard(record))]
    assert headers[headers.index("weights") :][:3] == ["weights", "multiply-\nadds", "MB to\ntrain"]
