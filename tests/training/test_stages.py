"""Two stages of one trial: the backbone frozen, then its top trained with a lower rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.space import Choice, Float, SearchSpace
from automl.space.fine_tuning import fine_tuning_hyperparameters
from automl.training.device_data import DeviceData
from automl.training.early_stopping import EarlyStopping
from automl.training.epoch_plan import EpochPlan
from automl.training.history import read_history
from automl.training.stages import Stage, backbone_layers, freeze
from automl.training.train_trial import train_trial
from automl.trial import (
    Answer,
    EpochReport,
    FixedLength,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.trial_time import TrialTime

EPOCHS = 8
FROZEN = {"fine_tuned_share": 0.0}
TUNED = {"fine_tuned_share": 0.5, "frozen_epochs": 0.5}


def backbone() -> Any:
    """Three layers that may be trained, and a batch normalization that may not."""
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, activation="relu", name="bottom")(inputs)
    x = keras.layers.BatchNormalization(name="moving")(x)
    x = keras.layers.Dense(8, activation="relu", name="middle")(x)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs, keras.layers.Dense(8, name="top")(x), name="backbone")


def build(config: Any, inputs: Any, task: Any) -> Any:
    x = keras.layers.Dropout(0.1)(backbone()(inputs))
    return keras.layers.Dense(4, activation="relu", name="hidden")(x)


SPACE = SearchSpace(
    "own",
    [
        *fine_tuning_hyperparameters(),
        Choice("optimizer", ["adam"]),
        Float("learning_rate", 1e-4, 1.0, log=True, default=0.02),
        Choice("schedule", ["performance", "constant"]),
    ],
    build,
)


def trained(
    data: DeviceData,
    folder: Path,
    config: dict[str, Any],
    space: SearchSpace = SPACE,
    answer: Callable[[EpochReport], Answer] = lambda _: Answer.GO_ON,
    **changes: Any,
) -> TrialResult:
    values = space.configuration(config).to_json()
    spec = TrialSpec(0, values, 3, TrialBudget(EPOCHS, patience=EPOCHS))
    spec = replace(spec, **changes)
    run = folder / "trials" / "0"
    folder.mkdir(exist_ok=True)
    return train_trial(spec, space, data, default_objective(data.task), run, answer, lambda: None)


def test_what_is_frozen_keeps_its_weights(toy: Callable[..., DeviceData], tmp_path: Path) -> None:
    ended = {}
    for name, config in (("frozen", FROZEN), ("tuned", TUNED)):
        # Of which the last epoch is the model.
        result = trained(toy(), tmp_path / name, config, fixed_length=FixedLength(EPOCHS))
        assert result.state is TrialState.COMPLETED, result.reason
        assert result.trainer == "compiled"
        model = keras.saving.load_model(tmp_path / name / "trials" / "0" / "model.keras")
        ended[name] = backbone_layers(model)
    moved = [
        frozen.name
        for frozen, tuned in zip(ended["frozen"], ended["tuned"], strict=True)
        if not all(
            np.array_equal(*pair) for pair in zip(frozen.weights, tuned.weights, strict=True)
        )
    ]
    assert moved == ["middle", "top"]
    assert not np.array(ended["tuned"][1].moving_mean).any()  # as it was at first


def test_the_second_stage_has_a_rate_twenty_times_lower(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    result = trained(toy(), tmp_path, {**TUNED, "schedule": "constant"})
    assert result.epochs == EPOCHS
    rates = [row["learning_rate"] for row in read_history(tmp_path / "trials" / "0")]
    assert rates == pytest.approx([0.02] * 4 + [0.001] * 4)


def test_patience_waits_for_the_second_stage(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    config = {**TUNED, "learning_rate": 1.0}  # which improves nothing after an epoch or two
    result = trained(toy(), tmp_path, config, budget=TrialBudget(EPOCHS, patience=1))
    assert result.epochs >= 5
    stopping = EarlyStopping("minimize", patience=2)
    stopping.be_patient(lambda: 3)
    for epoch, score in enumerate([1.0, 2.0, 2.0, 2.0], start=1):
        assert not stopping.reason, epoch
        stopping.update(epoch, score)
    assert not stopping.reason
    stopping.update(5, 2.0)
    assert stopping.reason and stopping.best_epoch == 1


@pytest.mark.parametrize("paused_after", [pytest.param(2, marks=pytest.mark.slow), 4, 6])
def test_a_pause_in_or_between_stages_changes_no_bit(
    paused_after: int, toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    whole = trained(toy(), tmp_path / "whole", TUNED)

    def pause(report: EpochReport) -> Answer:
        return Answer.PAUSE if report.epoch == paused_after else Answer.GO_ON

    first = trained(toy(), tmp_path / "parts", TUNED, answer=pause, wait_for_answer=True)
    assert (first.state, first.epochs) == (TrialState.PAUSED, paused_after)
    second = trained(toy(), tmp_path / "parts", TUNED, start=first.checkpoint)
    assert not second.notes
    assert second.model_hash == whole.model_hash and second.score == whole.score
    curves = [
        [{**row, "seconds": 0.0} for row in read_history(tmp_path / name / "trials" / "0")]
        for name in ("whole", "parts")
    ]
    assert curves[0] == curves[1]


def test_a_damaged_checkpoint_of_the_second_stage_begins_with_the_first(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    whole = trained(toy(), tmp_path / "whole", TUNED)

    def pause(report: EpochReport) -> Answer:
        return Answer.PAUSE if report.epoch == 6 else Answer.GO_ON

    other = {**TUNED, "fine_tuned_share": 1.0}  # whose optimizer holds other numbers
    first = trained(toy(), tmp_path / "parts", other, answer=pause, wait_for_answer=True)
    again = trained(toy(), tmp_path / "parts", TUNED, start=first.checkpoint)
    assert "began anew" in again.notes[0]
    assert (again.model_hash, again.epochs) == (whole.model_hash, whole.epochs)


def test_from_scratch_and_short_trainings_have_one_stage(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    scratch = trained(toy(), tmp_path / "scratch", {"weights": "random"})
    assert scratch.state is TrialState.COMPLETED and scratch.epochs == EPOCHS
    short = trained(toy(), tmp_path / "short", TUNED, budget=TrialBudget(1, 1))
    assert (short.state, short.epochs) == (TrialState.COMPLETED, 1)


def test_no_backbone_or_a_compiled_model_is_told_in_a_sentence(
    toy: Callable[..., DeviceData], tmp_path: Path
) -> None:
    def plain(config: Any, inputs: Any, task: Any) -> Any:
        return keras.layers.Dense(4)(inputs)

    def compiled(config: Any, inputs: Any, task: Any) -> Any:
        outputs = keras.layers.Dense(3, activation="softmax")(backbone()(inputs))
        model = keras.Model(inputs, outputs)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    for builder, said in ((plain, "no layer with weights that is named backbone"), (compiled, "")):
        space = SearchSpace("own", SPACE.hyperparameters, builder)
        result = trained(toy(), tmp_path, TUNED, space=space)
        assert result.state is TrialState.FAILED and said in result.reason


def test_layers_are_frozen_from_the_bottom() -> None:
    model = keras.Sequential([keras.Input((6,)), backbone(), keras.layers.Dense(2)])
    assert [layer.name for layer in backbone_layers(model)] == ["bottom", "moving", "middle", "top"]
    freeze(model, 0.75)
    assert [one.trainable for one in backbone_layers(model)] == [False, False, True, True]
    freeze(model, 0.0)
    assert len(model.trainable_variables) == 2
    stages = (Stage(0.0, ends=0.3), Stage(0.5, divisor=20.0))
    assert [stages[0].last(epochs) for epochs in (1, 2, 10, 20)] == [1, 1, 3, 6]
    assert [stages[1].last(epochs) for epochs in (1, 10)] == [1, 10]


def test_fewer_epochs_for_want_of_time_have_shorter_stages(
    toy: Callable[..., DeviceData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EpochPlan, "fitting", lambda plan, *_: 4 if plan.is_open else None)
    result = trained(
        toy(), tmp_path, {**TUNED, "schedule": "constant"}, time=TrialTime(planned=9.0)
    )
    assert (result.epochs, result.planned_epochs) == (4, 4)
    rates = [row["learning_rate"] for row in read_history(tmp_path / "trials" / "0")]
    assert rates == pytest.approx([0.02] * 2 + [0.001] * 2)
    again = trained(
        toy(),
        tmp_path / "again",
        {**TUNED, "schedule": "constant"},
        budget=TrialBudget(EPOCHS, patience=EPOCHS).planned(4),
    )
    assert again.model_hash == result.model_hash
