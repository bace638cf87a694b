"""Trials whose steps XLA compiles, and those where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.space import Boolean, Choice, SearchSpace
from automl.training import trainers
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.training.trainers import (
    IN_FLOAT32,
    NO_XLA_BY_FIT,
    NOT_BY_FIT,
    SLOWER_WITH_XLA,
    WITHOUT_XLA,
)
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState

CHOICES = [Boolean("jit_compile"), Choice("dtype_policy", ["float32", "mixed_bfloat16"])]
XLA = {"jit_compile": True}
BOTH = {**XLA, "dtype_policy": "mixed_bfloat16"}


def convolutional(config: Any, inputs: Any, task: Any) -> Any:
    x = keras.layers.Conv2D(8, 3, activation="relu")(inputs)
    return keras.layers.GlobalAveragePooling2D()(keras.layers.BatchNormalization()(x))


def shifted(config: Any, inputs: Any, task: Any) -> Any:
    x = keras.layers.RandomTranslation(0.2, 0.2, seed=1)(inputs)
    return convolutional(config, keras.layers.Dropout(0.2, seed=2)(x), task)


class Narrow(keras.layers.Layer):
    """Computes in float32 alone."""

    def call(self, x: Any) -> Any:
        if x.dtype != "float32":
            raise TypeError("bfloat16 is too narrow")
        return x * 2.0


def narrow(config: Any, inputs: Any, task: Any) -> Any:
    x = keras.layers.Conv2D(8, 3, activation="relu", dtype=None)(inputs)
    return keras.layers.GlobalAveragePooling2D()(Narrow(autocast=False)(x))


def narrow_and_shifted(config: Any, inputs: Any, task: Any) -> Any:
    return narrow(config, keras.layers.RandomTranslation(0.2, 0.2, seed=1)(inputs), task)


def trained(path: Path, build: Any = convolutional, *callbacks: Any, **config: Any) -> TrialResult:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 120)
    x = (60 * y[:, None, None] + rng.integers(0, 60, (120, 8, 8))).astype(np.uint8)
    data = DeviceData.from_arrays(prepare(DataRequest((x, y), kind="image")))
    space = SearchSpace("own", CHOICES, build, inputs="image")
    path.mkdir()
    spec = TrialSpec(0, space.configuration(config).to_json(), 0, TrialBudget(3, 3))
    objective, where = default_objective(data.task), path / "trials" / "0"
    result = train_trial(
        *(spec, space, data, objective, where, lambda _: Answer.GO_ON, lambda: None),
        callbacks=lambda: callbacks,
    )
    assert result.state is TrialState.COMPLETED, result.reason
    return result


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainers, "bfloat16_gain", lambda: 1.5)


def test_they_learn_the_same_and_it_is_recorded(tmp_path: Path) -> None:
    plain, xla, both = (
        trained(tmp_path / name, **config)
        for name, config in (("plain", {}), ("xla", XLA), ("both", BOTH))
    )
    assert plain.trainer == xla.trainer == both.trainer == "compiled"
    assert "XLA" not in plain.computed
    assert set(xla.computed) == {"XLA", *plain.computed}
    assert set(both.computed) == {"XLA", "bfloat16", *plain.computed}
    assert xla.notes == both.notes == (SLOWER_WITH_XLA,)  # on cores, as here
    assert xla.score == pytest.approx(plain.score, rel=1e-3)
    assert both.score == pytest.approx(plain.score, rel=0.05)


def test_a_trial_with_it_is_the_same_each_time(tmp_path: Path) -> None:
    assert trained(tmp_path / "a", **XLA).model_hash == trained(tmp_path / "b", **XLA).model_hash


def test_what_it_cannot_compile_is_trained_as_without_it_which_is_said(tmp_path: Path) -> None:
    plain, xla, both = (
        trained(tmp_path / name, shifted, **config)
        for name, config in (("plain", {}), ("xla", XLA), ("both", BOTH))
    )
    assert xla.notes == both.notes == (f"{WITHOUT_XLA}XLA has no ImageProjectiveTransformV3",)
    assert xla.model_hash == plain.model_hash
    assert xla.computed == plain.computed
    assert set(both.computed) == {"bfloat16", *plain.computed}


def test_what_bfloat16_cannot_be_is_compiled_all_the_same(tmp_path: Path) -> None:
    both = trained(tmp_path / "both", narrow, **BOTH)
    [note] = both.notes
    assert note.startswith(IN_FLOAT32) and "too narrow" in note and WITHOUT_XLA not in note
    assert "XLA" in both.computed and "bfloat16" not in both.computed


def test_each_reason_is_told_of_what_it_is_the_reason_of(tmp_path: Path) -> None:
    both = trained(tmp_path / "both", narrow_and_shifted, **BOTH)
    [note] = both.notes
    xla, mixed = note.split("; ")
    assert xla == f"{WITHOUT_XLA}XLA has no ImageProjectiveTransformV3"
    assert mixed.startswith(IN_FLOAT32) and "too narrow" in mixed
    assert not {"XLA", "bfloat16"} & {*both.computed}


def test_keras_s_fit_does_not_which_is_said(tmp_path: Path) -> None:
    fit = trained(tmp_path / "fit", convolutional, keras.callbacks.Callback(), **BOTH)
    assert fit.trainer == "fit" and fit.computed == ()
    assert fit.notes == (f"{NOT_BY_FIT}; {NO_XLA_BY_FIT}",)
