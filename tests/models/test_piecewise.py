"""Numeric columns in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from automl.data.kinds.signature import InputSignature
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.backbone import placed
from automl.models.core import build_core, compile_core
from automl.models.first_weights import set_fixed_weights
from automl.models.inputs.piecewise import (
    LEAST_WIDTH,
    bin_edges,
    in_pieces,
    is_piecewise,
    set_bins,
)
from automl.models.keras_private import layers_of
from automl.space import Choice, SearchSpace
from automl.space.registry import find_space
from automl.training.device_data import DeviceData
from automl.training.kernel.loading import load_kernel
from automl.training.stages import freeze
from automl.training.timings import Timings
from automl.training.train_trial import train_trial
from automl.training.trainers import make_trainer
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState
from automl.vocabulary.two_stages import BACKBONE, PRETRAINED, RANDOM

EMBEDDED = {"numeric_embedding": "piecewise_linear", "numeric_bins": 8}
NUMBERS = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, 1.0, 2.0])


@given(arrays(np.float32, st.integers(1, 200), elements=NUMBERS), st.sampled_from([2, 8, 48]))
@settings(deadline=None)
def test_edges_are_few_ascend_and_lie_within_the_values(values: Any, bins: int) -> None:
    edges = bin_edges(values, bins)
    assert 1 <= len(edges) <= bins + 1
    assert (np.diff(edges) >= LEAST_WIDTH).all()
    assert edges[0] == values.min() and edges[-1] <= values.max()
    assert values.max() - edges[-1] < np.float64(
        LEAST_WIDTH
    )  # nothing is beyond but what is too near


def test_edges_are_the_values_where_these_are_few() -> None:
    values = np.array([3, 1, 2, 2, 2, 1], np.float32)
    assert bin_edges(values, 8).tolist() == [1, 2, 3]
    assert bin_edges(np.zeros(5, np.float32), 8).tolist() == [0]


def test_edges_are_quantiles_where_they_are_many() -> None:
    values = np.arange(1001, dtype=np.float32)
    assert bin_edges(values, 4).tolist() == [0, 250, 500, 750, 1000]


def test_a_value_of_many_rows_leaves_the_bins_to_the_others() -> None:
    values = np.concatenate([np.zeros(9000), np.linspace(100, 900, 1001)]).astype(np.float32)
    edges = bin_edges(values, 9)
    assert edges.tolist() == [0, *np.linspace(100, 900, 9)]


def pieces(rows: Any, bins: int, seen: Any) -> Any:
    inputs = keras.Input((rows.shape[1],))
    model = keras.Model(inputs, in_pieces(inputs, bins))
    [layer] = [one for one in model.layers if one.weights]
    set_bins(layer, seen)
    assert not model.trainable_variables
    return model(rows).numpy().reshape(len(rows), rows.shape[1], bins)


def test_places_are_shares_of_the_bins() -> None:
    seen = np.stack([np.arange(9.0), np.array([0.0, 1.0] * 4 + [0.0]), np.zeros(9)], axis=1)
    rows = np.array([[-5.0, 0.0, 0.0], [1.0, 1.0, 9.0], [3.5, 0.5, 1.0], [99.0, 2.0, 1.0]])
    found = pieces(rows.astype(np.float32), 4, seen.astype(np.float32))
    np.testing.assert_allclose(
        found[:, 0], [[0, 0, 0, 0], [0.5, 0, 0, 0], [1, 0.75, 0, 0], [1, 1, 1, 1]], atol=1e-6
    )
    assert not found[:, 1:].any()  # a column of two values, and one of one, tell themselves


@pytest.fixture(scope="module")
def data() -> DeviceData:
    rng = np.random.default_rng(0)
    x = np.stack([rng.exponential(size=300), rng.normal(size=300)], axis=1).astype(np.float32)
    y = (np.sin(6 * x[:, 0]) + x[:, 1] > 0).astype(np.int64)
    return DeviceData.from_arrays(prepare(DataRequest((x, y), seed=1)))


def test_bins_are_those_of_the_training_rows(data: DeviceData) -> None:
    space = find_space("mlp").override(EMBEDDED)
    core = build_core(space, space.defaults(), data.task, data.signature)
    set_fixed_weights(core.model, data.train.spread)
    [layer] = [one for one in core.model.layers if one.name.startswith("piecewise")]
    rows = data.train.rows.inputs["numeric"]
    edges = bin_edges(rows[:, 0], 8)
    np.testing.assert_allclose(layer.kernel.numpy()[0, 0], 1 / np.diff(edges), rtol=1e-5)


def trained(data: DeviceData, folder: Path, **settings: Any) -> Any:
    space = find_space("mlp").override({"optimizer": "nadam", **settings})
    folder.mkdir()
    spec = TrialSpec(0, space.defaults().to_json(), 0, TrialBudget(30, 30))
    objective = default_objective(data.task)
    result = train_trial(
        *(spec, space, data, objective, folder / "trials" / "0"),
        *(lambda _: Answer.GO_ON, lambda: None),
    )
    assert result.state is TrialState.COMPLETED, result.reason
    return result


def test_the_kernel_trains_them_and_they_help(data: DeviceData, tmp_path: Path) -> None:
    plain = trained(data, tmp_path / "plain", numeric_embedding="none")
    embedded = trained(data, tmp_path / "embedded", **EMBEDDED)
    assert load_kernel() is None or embedded.trainer == "kernel"
    assert embedded.score < plain.score
    assert embedded.parameters > plain.parameters


def test_no_normalization_that_is_trained_stands_beside_them(
    data: DeviceData, tmp_path: Path
) -> None:
    settings = {"input_normalization": "batch", "batch_size": 32}
    result = trained(data, tmp_path / "batch", **settings)
    assert load_kernel() is None or result.trainer == "kernel"
    space = find_space("mlp").override(settings)
    assert space.defaults().numeric_embedding == "none"


def taken_over() -> Any:
    """A backbone with pieces of two columns."""
    inputs = keras.Input((2,))
    x = keras.layers.Dense(3)(in_pieces(inputs, 4))
    inner = keras.Model(inputs, x)
    [layer] = [one for one in inner.layers if is_piecewise(one)]
    set_bins(layer, np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))
    return inner


def test_layers_that_are_taken_over_keep_their_bins() -> None:
    bins = taken_over().layers[2].get_weights()[0]
    for weights in (PRETRAINED, RANDOM):
        given = keras.Input((2,))
        model = keras.Model(given, placed(taken_over(), given, weights))
        [layer] = [one for one in layers_of(model) if is_piecewise(one)]
        np.testing.assert_array_equal(layer.get_weights()[0], bins)
    backbone = taken_over()
    backbone.name = BACKBONE
    given = keras.Input((2,))
    whole = keras.Model(given, backbone(given))
    for share in (0.0, 1.0):
        freeze(whole, share)
        assert not [one for one in layers_of(whole) if is_piecewise(one) and one.trainable]
        assert len(whole.trainable_variables) == (2 if share else 0)


def test_the_kernel_gives_what_tensorflow_gives(data: DeviceData) -> None:
    space = find_space("mlp").override(EMBEDDED)
    found = []
    for own_metrics in (False, True):  # which only TensorFlow's graphs compute
        keras.backend.clear_session()
        keras.utils.set_random_seed(3)
        core = build_core(space, space.defaults(), data.task, data.signature)
        compile_core(core, space.defaults(), data.task)
        set_fixed_weights(core.model, data.train.spread)
        training = make_trainer(core.model, data, 32, 1, False, Timings(), own_metrics=own_metrics)
        found.append(training.trainer.evaluator.evaluate(data.validation)[1])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_a_model_with_a_step_of_its_own_cannot_have_them_in_front() -> None:
    class Stepping(keras.Model):
        def train_step(self, data: Any) -> Any:
            return super().train_step(data)

    def build(config: Any, inputs: Any, task: Any) -> Any:
        made = Stepping(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
        made.compile("adam", "binary_crossentropy")
        return made

    hyperparameters = [
        Choice("numeric_embedding", ["piecewise_linear"]),
        Choice("numeric_bins", [8]),
    ]
    space = SearchSpace("own", hyperparameters, build, inputs="vector")
    task = Task(TaskKind.BINARY, 1, ("y",), (0, 1))
    with pytest.raises(SpaceError, match="train_step or fit of its own"):
        build_core(space, space.defaults(), task, InputSignature(2, mean=(0, 0), std=(1, 1)))
