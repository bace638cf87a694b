"""In bfloat16 only training steps are computed: scores and saved models are float32."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.export.bundle import load_keras
from automl.models.keras_private import layers_of
from automl.space import Choice, SearchSpace
from automl.training import trainers
from automl.training.device_data import DeviceData
from automl.training.mixed_precision import SLOWER, mixed_precision
from automl.training.train_trial import train_trial
from automl.training.trainers import IN_FLOAT32, NOT_BY_FIT
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState


class Doubling(keras.layers.Layer):
    """A layer of a person's own."""

    def call(self, x: Any) -> Any:
        return 2.0 * x


def network() -> Any:
    inputs = keras.Input((8, 8, 1))
    inner = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Conv2D(4, 3)], name="inner")
    x = inner(Doubling()(keras.layers.Conv2D(4, 3, padding="same")(inputs)))
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.Activation("relu", dtype="float16")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3)(x))


def state(model: Any) -> list[tuple[str, bool]]:
    return [(layer.dtype_policy.name, layer.autocast) for layer in layers_of(model)]


def test_layers_of_keras_compute_in_it_but_for_those_of_the_outputs() -> None:
    model = network()
    before = state(model)
    with mixed_precision(model):
        found = {layer.name.rstrip("_0123456789"): layer for layer in layers_of(model)}
        narrow = {name for name, one in found.items() if one.compute_dtype == "bfloat16"}
        assert {"conv2d", "global_average_pooling2d", "inner"} <= narrow
        assert not {"doubling", "dense", "activation", "depthwise_conv2d"} & narrow
        assert {weight.dtype for weight in model.weights} == {"float32"}
    assert state(model) == before
    with mixed_precision(model, used=False):
        assert state(model) == before


L = keras.layers


@pytest.mark.parametrize(
    ("made", "given", "computed"),
    [
        (lambda: L.Conv2D(4, 3), "float32", "bfloat16"),
        (lambda: L.DepthwiseConv2D(3), "bfloat16", "float32"),
        # All that is more than a comparison is computed number by number.
        (lambda: L.Activation("gelu"), "bfloat16", "float32"),
        (lambda: L.Activation("silu"), "bfloat16", "float32"),
        (lambda: L.Activation("tanh"), "bfloat16", "float32"),
        (lambda: L.ELU(), "bfloat16", "float32"),
        # What costs no more than a conversion follows.
        (lambda: L.Activation("relu"), "bfloat16", "bfloat16"),
        (lambda: L.Activation("relu"), "float32", "float32"),
        (lambda: L.ReLU(), "float32", "float32"),
        (lambda: L.MaxPooling2D(), "float32", "float32"),
        (lambda: L.Dropout(0.5), "bfloat16", "bfloat16"),
        (lambda: L.BatchNormalization(), "float32", "bfloat16"),
    ],
)
def test_a_layer_computes_in_what_it_is_faster_in(
    made: Callable[[], Any], given: str, computed: str
) -> None:
    inputs = keras.Input((8, 8, 16))
    layer = made()
    outputs = keras.layers.Dense(2)(layer(inputs))
    with mixed_precision(keras.Model(inputs, outputs)):
        assert layer(tf.ones((2, 8, 8, 16), given), training=True).dtype == computed


@pytest.mark.parametrize(
    ("channels", "computed"), [(16, "bfloat16"), (48, "bfloat16"), (8, "float32"), (24, "float32")]
)
@pytest.mark.parametrize("scale", [True, False])
def test_normalization_is_in_it_where_channels_come_in_sixteens(
    channels: int, computed: str, scale: bool
) -> None:
    inputs = keras.Input((8, 8, channels))
    layer = keras.layers.BatchNormalization(scale=scale)
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(inputs)))
    with mixed_precision(model):
        assert layer.compute_dtype == computed


def test_sums_of_both_precisions_are_of_the_wider_one() -> None:
    inputs = keras.Input((8, 8, 16))
    narrow = keras.layers.Conv2D(16, 3, padding="same")(inputs)
    wide = keras.layers.Activation("gelu")(narrow)
    total = keras.layers.Add()([narrow, wide])
    both = keras.layers.Concatenate()([narrow, total])
    model = keras.Model(inputs, keras.layers.Dense(2)(both))
    probe = keras.Model(inputs, [narrow, wide, total, both])
    with mixed_precision(model):
        found = probe(tf.ones((2, 8, 8, 16)))
    assert [one.dtype.name for one in found] == ["bfloat16", *["float32"] * 3]


class Wrapping(keras.layers.Layer):  # type: ignore[misc]
    """A layer of somebody's own around one of Keras's."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = keras.layers.Dense(2)

    def build(self, shape: Any) -> None:
        self.inner.build(shape)

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


def graph_within() -> Any:
    inputs = keras.Input((8, 8, 16))
    outputs = L.Dense(2, activation="softmax")(L.Flatten()(L.Conv2D(4, 3)(inputs)))
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    "made",
    [
        graph_within,
        lambda: keras.Sequential([graph_within()]),
        lambda: keras.Sequential([L.Flatten(), L.Dense(2)]),
        Wrapping,
    ],
)
def test_outputs_of_a_part_are_not_in_it_where_they_are_the_models(made: Callable[[], Any]) -> None:
    inputs = keras.Input((8, 8, 16))
    first = L.Conv2D(16, 3, padding="same")
    part = made()
    model = keras.Model(inputs, part(first(inputs)))
    before = state(model)
    with mixed_precision(model):
        assert first.compute_dtype == "bfloat16"
        within = [layer for layer in layers_of(part) if isinstance(layer, L.Conv2D)]
        assert all(layer.compute_dtype == "bfloat16" for layer in within)
        assert model(tf.ones((2, 8, 8, 16))).dtype == "float32"
    assert state(model) == before


def test_layers_are_as_they_were_where_tracing_fails() -> None:
    model = network()
    before = state(model)
    with pytest.raises(ValueError, match="no"), mixed_precision(model):
        raise ValueError("no")
    assert state(model) == before


def build(config: Any, inputs: Any, task: Any) -> Any:
    x = keras.layers.Conv2D(8, 3, use_bias=False)(inputs)
    x = keras.layers.Activation("gelu")(keras.layers.BatchNormalization()(x))
    return keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 3)(x))


class Wide(keras.layers.Conv2D):
    """Has no bfloat16, though it looks like a layer of Keras's."""

    __module__ = "keras.layers"

    def call(self, x: Any) -> Any:
        if x.dtype == "bfloat16":
            raise TypeError("bfloat16 is too narrow")
        return super().call(x)


def build_wide(config: Any, inputs: Any, task: Any) -> Any:
    return keras.layers.GlobalAveragePooling2D()(Wide(4, 3)(inputs))


def trained(path: Path, build: Any = build, *callbacks: Any, **config: Any) -> TrialResult:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 120)
    x = (60 * y[:, None, None] + rng.integers(0, 60, (120, 8, 8))).astype(np.uint8)
    data = DeviceData.from_arrays(prepare(DataRequest((x, y), kind="image")))
    policy = Choice("dtype_policy", ["float32", "mixed_bfloat16"])
    space = SearchSpace("own", [policy], build, inputs="image")
    path.mkdir()
    spec = TrialSpec(0, space.configuration(config).to_json(), 0, TrialBudget(3, 3))
    where = path / "trials" / "0"
    objective = default_objective(data.task)
    return train_trial(
        *(spec, space, data, objective, where, lambda _: Answer.GO_ON, lambda: None),
        callbacks=lambda: callbacks,
    )


MIXED = {"dtype_policy": "mixed_bfloat16"}


def test_a_trial_in_it_is_another_one_and_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainers, "bfloat16_gain", lambda: 1.5)
    plain, mixed, again = (
        trained(tmp_path / name, **config)
        for name, config in (("plain", {}), ("mixed", MIXED), ("again", MIXED))
    )
    assert {one.state for one in (plain, mixed, again)} == {TrialState.COMPLETED}
    assert plain.trainer == mixed.trainer == "compiled"
    assert mixed.model_hash == again.model_hash != plain.model_hash
    assert mixed.score == pytest.approx(plain.score, rel=0.05)
    assert not mixed.notes
    assert set(mixed.computed) == {"bfloat16", *plain.computed}


def test_a_processor_that_is_slower_in_it_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainers, "bfloat16_gain", lambda: 0.6)
    assert trained(tmp_path / "mixed", **MIXED).notes == (SLOWER,)
    assert not trained(tmp_path / "plain").notes


def test_the_saved_model_is_of_float32(tmp_path: Path) -> None:
    trained(tmp_path / "mixed", **MIXED)
    model = load_keras(tmp_path / "mixed" / "trials" / "0" / "model.keras")
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert {weight.dtype for weight in model.weights} == {"float32"}


def test_what_cannot_be_computed_in_it_is_computed_in_float32_which_is_said(tmp_path: Path) -> None:
    wide = trained(tmp_path / "wide", build_wide, **MIXED)
    assert wide.state is TrialState.COMPLETED, wide.reason
    [note] = wide.notes
    assert note.startswith(IN_FLOAT32)
    assert "bfloat16 is too narrow" in note
    assert wide.model_hash == trained(tmp_path / "plain", build_wide).model_hash


def test_keras_s_fit_trains_in_float32_which_is_said(tmp_path: Path) -> None:
    fit = trained(tmp_path / "fit", build, keras.callbacks.Callback(), **MIXED)
    assert fit.trainer == "fit"
    assert NOT_BY_FIT in fit.notes[0]
