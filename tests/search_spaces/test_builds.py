"""Every sampled configuration of every built-in space builds, compiles and trains."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.models.core import build_core, compile_core
from automl.models.optimizers import make_optimizer, momentum_variable
from automl.models.schedules import make_schedule
from automl.space import Configuration, SearchSpace, find_space
from automl.vocabulary.optimizers import OPTIMIZERS
from automl.vocabulary.schedules import SCHEDULES

NAMES = ("mlp", "linear", "wide_and_deep", "geron-housing", "handbook", "default-dnn")
TASKS = {
    "binary": Task(TaskKind.BINARY, 1, ("y",), ("no", "yes")),
    "multiclass": Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c")),
    "multilabel": Task(TaskKind.MULTILABEL, 2, ("a", "b")),
    "regression": Task(TaskKind.REGRESSION, 2, ("a", "b")),
}
SIGNATURES = {
    "numeric": InputSignature(5, (), (1.0,) * 5, (2.0,) * 5),
    "categorical": InputSignature(0, (3, 30, 70)),
    "mixed": InputSignature(3, (4, 25, 60), (1.0,) * 3, (2.0,) * 3),
}
ROWS = 24
LINEAR = keras.activations.linear


def data(task: Task, signature: InputSignature) -> tuple[dict[str, np.ndarray], np.ndarray]:
    generator = np.random.default_rng(5)
    x: dict[str, np.ndarray] = {}
    if signature.numeric:
        x["numeric"] = generator.normal(size=(ROWS, signature.numeric)).astype(np.float32)
    if signature.cardinalities:
        columns = [generator.integers(0, n, ROWS) for n in signature.cardinalities]
        x["categorical"] = np.stack(columns, axis=1).astype(np.int32)
    if task.kind is TaskKind.MULTICLASS:
        return x, generator.integers(0, task.outputs, ROWS).astype(np.int32)
    if task.kind is TaskKind.REGRESSION:
        return x, generator.normal(size=(ROWS, task.outputs)).astype(np.float32)
    return x, generator.integers(0, 2, (ROWS, task.outputs)).astype(np.float32)


def compiled(space: SearchSpace, config: Configuration, task: Task, signature: Any) -> Any:
    keras.backend.clear_session(free_memory=False)
    model = compile_core(build_core(space, config, task, signature), config, task)
    assert model.output_shape == (None, task.outputs)
    assert make_schedule(config, 2, 3).rates(1).shape == (2,)
    return model


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(NAMES + ("mlp",) * 6),
    st.integers(0, 2**32 - 1),
    st.sampled_from(sorted(TASKS)),
    st.sampled_from(sorted(SIGNATURES)),
)
def test_sampled_configurations_build_and_compile(name, seed, task, signature):
    space = find_space(name)
    config = space.sample(np.random.default_rng(seed))
    model = compiled(space, config, TASKS[task], SIGNATURES[signature])
    head = model.get_layer("head")
    assert isinstance(head.kernel_initializer, keras.initializers.GlorotUniform)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Rule 2: a dense layer straight before it (no activation in between) has no bias.
            before = layer.input._keras_history.operation
            if isinstance(before, keras.layers.Dense) and before.activation is LINEAR:
                assert not before.use_bias


@pytest.mark.parametrize(
    ("name", "task"),
    [
        # Each space and each task once or twice; the others are slow for their number.
        pytest.param(name, task, marks=() if turn % len(TASKS) == at else pytest.mark.slow)
        for turn, name in enumerate(NAMES)
        for at, task in enumerate(sorted(TASKS))
    ],
)
def test_defaults_train_and_reload(name, task, tmp_path):
    space = find_space(name)
    model = compiled(space, space.defaults(), TASKS[task], SIGNATURES["mixed"])
    x, y = data(TASKS[task], SIGNATURES["mixed"])
    losses = [model.train_on_batch(x, y, return_dict=True)["loss"] for _ in range(3)]
    assert np.all(np.isfinite(losses))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    assert np.allclose(again.predict_on_batch(x), model.predict_on_batch(x), atol=1e-6)


@pytest.mark.parametrize(
    "seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))]
)
def test_a_sample_trains_a_step_and_reloads(seed, tmp_path):
    space = find_space(("mlp", "mlp", "mlp", "wide_and_deep")[seed % 4])
    task = TASKS[sorted(TASKS)[seed % 4]]
    signature = SIGNATURES[sorted(SIGNATURES)[seed % 3]]
    config = space.sample(np.random.default_rng(seed))
    model = compiled(space, config, task, signature)
    x, y = data(task, signature)
    assert np.isfinite(model.train_on_batch(x, y, return_dict=True)["loss"])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    assert np.allclose(again.predict_on_batch(x), model.predict_on_batch(x), atol=1e-5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_goes_with_every_schedule(optimizer):
    space = find_space("linear")
    for schedule in SCHEDULES:
        config = space.configuration({"optimizer": optimizer, "schedule": schedule})
        made = make_optimizer(config)
        made.build([keras.Variable(np.ones(2, np.float32))])
        assert float(made.learning_rate) == pytest.approx(config.learning_rate)
        momenta = make_schedule(config, 2, 3).momenta(1)
        assert (momenta is None) == (momentum_variable(made) is None)


def test_a_built_model_has_no_layer_without_an_effect():
    space = find_space("mlp").override({"numeric_embedding": "none"})
    model = compiled(space, space.defaults(), TASKS["regression"], SIGNATURES["numeric"])
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", *["Dense"] * 3]


def test_default_dnn_is_a_plain_selu_stack():
    space = find_space("default-dnn")
    model = compiled(space, space.defaults(), TASKS["binary"], SIGNATURES["numeric"])
    hidden = model.layers[1:-1]
    assert [keras.activations.serialize(layer.activation) for layer in hidden] == ["selu"] * 2
    for layer in hidden:
        assert isinstance(layer.kernel_initializer, keras.initializers.LecunNormal)


def test_handbook_halves_dropout():
    space = find_space("handbook")
    config = space.configuration({"dropout_rate": 0.5})
    model = compiled(space, config, TASKS["binary"], SIGNATURES["numeric"])
    rates = [la.rate for la in model.layers if isinstance(la, keras.layers.Dropout)]
    assert rates == [0.5, 0.25]


def test_wide_and_deep_gives_the_head_both_paths():
    space = find_space("wide_and_deep")
    config = space.configuration({"width": 16, "depth": 1})
    model = compiled(space, config, TASKS["regression"], SIGNATURES["numeric"])
    assert model.get_layer("head").kernel.shape == (5 + 16, 2)
