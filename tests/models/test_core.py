"""The core model: what a builder may return, its inputs and outputs, and compiling it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.errors import SpaceError
from automl.models.core import build_core, compile_core
from automl.space import Float, SearchSpace

TASK = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
MIXED = InputSignature(2, (4,), (0.0, 0.0), (1.0, 1.0))
NUMERIC = InputSignature(4, (), (0.0,) * 4, (1.0,) * 4)
RATE = Float("learning_rate", 1e-4, 1e-1, default=1e-2, log=True)
DATA = {
    "numeric": np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32),
    "categorical": np.random.default_rng(1).integers(0, 4, (12, 1)).astype(np.int32),
}
LABELS = np.arange(12, dtype=np.int32) % 3


def made(build: Any, signature: InputSignature = MIXED, inputs: Any = "vector") -> Any:
    space = SearchSpace("mine", [RATE], build, inputs=inputs)
    config = space.defaults()
    core = build_core(space, config, TASK, signature)
    return core, compile_core(core, config, TASK)


def test_a_feature_tensor_gets_the_head_and_the_configurations_optimizer():
    core, model = made(lambda config, inputs, task: keras.layers.Dense(7)(inputs))
    assert not core.compiled_by_user
    assert model is core.model
    assert model.output_shape == (None, 3)
    assert set(model.input) == {"numeric", "categorical"}
    assert type(model.optimizer) is keras.optimizers.Nadam
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-2)
    assert model.jit_compile is False
    assert set(model.train_on_batch(DATA, LABELS, return_dict=True)) == {"loss", "accuracy"}
    assert np.allclose(model.predict_on_batch(DATA).sum(axis=1), 1.0, atol=1e-5)


def test_only_the_inputs_that_the_data_has_are_there():
    core, _ = made(lambda config, inputs, task: inputs, NUMERIC)
    assert set(core.model.input) == {"numeric"}
    core, _ = made(lambda config, inputs, task: inputs, InputSignature(0, (5,)))
    assert set(core.model.input) == {"categorical"}


def test_a_tensor_that_is_a_head_already_gets_no_second_one():
    from automl.models.heads import add_head

    core, _ = made(lambda config, inputs, task: add_head(inputs, task))
    assert sum(isinstance(layer, keras.layers.Dense) for layer in core.model.layers) == 1


def sequential(config: Any, inputs: Any, task: Any) -> Any:
    return keras.Sequential(
        [keras.layers.Dense(5, "relu"), keras.layers.Dense(task.outputs, "softmax")]
    )


def functional(config: Any, inputs: Any, task: Any) -> Any:
    return keras.Model(inputs, keras.layers.Dense(task.outputs, "softmax")(inputs))


@pytest.mark.parametrize("build", [sequential, functional])
def test_a_model_is_wired_to_the_cores_inputs(build, tmp_path):
    core, model = made(build)
    assert not core.compiled_by_user
    assert set(model.input) == {"numeric", "categorical"}
    model.train_on_batch(DATA, LABELS)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert np.allclose(again.predict_on_batch(DATA), model.predict_on_batch(DATA), atol=1e-6)


def test_a_compiled_model_keeps_its_optimizer_loss_and_metrics():
    def own_loss(truth: Any, predicted: Any) -> Any:
        return keras.losses.sparse_categorical_crossentropy(truth, predicted)

    def build(config: Any, inputs: Any, task: Any) -> Any:
        model = sequential(config, inputs, task)
        optimizer = keras.optimizers.Adagrad(config.learning_rate * 3)
        model.compile(optimizer=optimizer, loss=own_loss, metrics=["accuracy"])
        return model

    core, model = made(build)
    assert core.compiled_by_user
    assert type(model.optimizer) is keras.optimizers.Adagrad
    assert float(model.optimizer.learning_rate) == pytest.approx(3e-2)
    assert model.loss is own_loss
    before = model.get_weights()
    assert set(model.train_on_batch(DATA, LABELS, return_dict=True)) == {"loss", "accuracy"}
    assert any(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_a_table_builder_gets_the_columns_apart_and_may_return_a_model():
    def features(config: Any, inputs: Any, task: Any) -> Any:
        assert inputs.cardinalities == (4,)
        return keras.layers.Concatenate()([inputs.numeric, inputs.embedded(0, 2)])

    def whole(config: Any, inputs: Any, task: Any) -> Any:
        hidden = features(config, inputs, task)
        return keras.Model(inputs.tensors, keras.layers.Dense(3, "softmax")(hidden))

    for build in (features, whole):
        core, model = made(build, inputs="table")
        assert set(core.model.input) == {"numeric", "categorical"}
        assert model.predict_on_batch(DATA).shape == (12, 3)


def test_a_builder_may_leave_an_input_unused():
    core, model = made(lambda config, inputs, task: inputs.numeric, inputs="table")
    assert set(core.model.input) == {"numeric", "categorical"}
    assert model.predict_on_batch(DATA).shape == (12, 3)


def stray(config: Any, inputs: Any, task: Any) -> Any:
    return keras.layers.Dense(3)(keras.Input((4,)))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda *_: None, r"returned nothing \(None\); it has to return a feature tensor"),
        (lambda *_: [1, 2], "returned a list; it has to return"),
        (lambda *_: np.zeros(3), "returned a ndarray; it has to return"),
        (
            lambda config, inputs, task: keras.layers.Reshape((5, 1))(inputs),
            r"returned a tensor of shape \(None, 5, 1\)",
        ),
        (stray, "not made from the inputs"),
        (
            lambda config, inputs, task: keras.Model(inputs, keras.layers.Dense(2)(inputs)),
            r"outputs of shape \(None, 2\); the task \(multiclass\) needs \(None, 3\)",
        ),
        (
            lambda config, inputs, task: keras.Model(
                inputs, [keras.layers.Dense(3)(inputs), keras.layers.Dense(3)(inputs)]
            ),
            "several outputs",
        ),
    ],
)
def test_a_wrong_return_value_is_named(build, message):
    with pytest.raises(SpaceError, match=message):
        made(build)


def test_a_space_from_a_record_has_no_builder():
    space = SearchSpace("mine", [RATE], None)
    with pytest.raises(SpaceError, match="has no builder"):
        build_core(space, space.defaults(), TASK, MIXED)


def test_what_the_builder_raises_passes_through():
    def build(*_: Any) -> Any:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        made(build)
