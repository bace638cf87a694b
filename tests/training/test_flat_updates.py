"""One update for all weights gives the numbers of one update for each."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from automl.models.optimizers import make_optimizer
from automl.training import flat_updates
from automl.training.device import GraphOptions
from automl.training.flat_updates import can_flatten, flatten_updates
from automl.training.loop import CompiledTrainer

OPTIONS = GraphOptions(grappler=False, single_threaded=True)


class HalfUsed(keras.layers.Layer):
    """A layer with a weight that has no gradient."""

    def build(self, shape):
        self.used = self.add_weight(shape=shape[-1:], initializer="ones", name="used")
        self.unused = self.add_weight(shape=(2, 3), initializer="ones", name="unused")

    def call(self, x):
        return x * self.used


def make_model(optimizer, embedding=False):
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(5)
    layers = keras.layers
    inputs = keras.Input((6,), name="numeric")
    x = layers.Embedding(3, 1)(keras.ops.cast(inputs > 0.0, "int32")) if embedding else inputs
    x = layers.Dense(8, use_bias=False, kernel_regularizer="l2")(layers.Flatten()(x))
    x = HalfUsed()(layers.PReLU()(layers.BatchNormalization()(x)))
    x = layers.Dense(5, "tanh", kernel_constraint=keras.constraints.MaxNorm(0.5))(x)
    model = keras.Model({"numeric": inputs}, layers.Dense(3, "softmax")(x))
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
    return model


def train(model, data, plan):
    trainer = CompiledTrainer(model, data.train, 16, OPTIONS)
    with OPTIONS.applied():
        trainer.trace(plan.rate is not None, data.validation)
        trainer.run(plan)
    return [weight.numpy() for weight in model.weights]


CONFIGS = {
    "adam": {"optimizer": "adam", "clipping": "norm", "clip_threshold": 0.1},
    "amsgrad": {"optimizer": "amsgrad", "clipping": "value", "clip_threshold": 0.01},
    "adamax": {"optimizer": "adamax"},
    "nadam": {"optimizer": "nadam"},
    "adamw": {"optimizer": "adamw", "weight_decay": 0.05, "clipping": "global_norm"},
}


@pytest.mark.parametrize("largest", [20_000, 20])
@pytest.mark.parametrize("name", CONFIGS)
def test_flat_updates_equal_separate_ones(toy, control, name, largest, monkeypatch):
    monkeypatch.setattr(flat_updates, "FLAT_WEIGHT", largest)
    data = toy(rows=40)
    steps = {"rate": 0.01, "steps": 3}
    separate = make_model(make_optimizer(CONFIGS[name]))
    separate.optimizer.build(separate.trainable_variables)
    expected = train(separate, data, control(40, 2, **steps))
    flat = make_model(make_optimizer(CONFIGS[name]))
    before = [weight.numpy() for weight in flat.weights]
    assert can_flatten(flat)
    flatten_updates(flat)
    large = sum(weight.numpy().size > largest for weight in flat.trainable_variables)
    assert large == (0 if largest == 20_000 else 2)
    states = [v for v in flat.optimizer.variables if "momentum" in v.path]
    assert len(states) == 1 + large  # one for the small ones together
    for ours, theirs in zip(train(flat, data, control(40, 2, **steps)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)
    moved = [not np.array_equal(a, b) for a, b in zip(before, expected, strict=True)]
    assert sum(moved) == len(moved) - 1  # all but the unused weight


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Lamb(),
        keras.optimizers.Adafactor(),
        keras.optimizers.Adam(use_ema=True),
        keras.optimizers.Adam(gradient_accumulation_steps=2),
        type("OwnAdam", (keras.optimizers.Adam,), {})(),
        keras.optimizers.RMSprop(),
    ],
)
def test_other_optimizers_are_left_alone(optimizer):
    assert not can_flatten(make_model(optimizer))


def test_sparse_gradients_are_left_alone():
    assert not can_flatten(make_model(keras.optimizers.Adam(), embedding=True))
