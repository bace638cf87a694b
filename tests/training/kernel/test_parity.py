"""The kernel's training is Keras's own: the same losses, the same weights, the same dropout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import keras
import numpy as np
import pytest
from hypothesis import given, settings

from automl.models.losses import SmoothedSparseCrossentropy
from automl.models.optimizers import CycledRMSprop, CycledSGD, SquareRootFtrl
from automl.training.kernel.trainer import DenseTrainer
from tests.training.conftest import PlainCourse
from tests.training.kernel.networks import ROWS, Network, make_rows

BATCH = 32
EPOCHS = 2
LAYERS = keras.layers
OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda: keras.optimizers.SGD(0.05),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "nesterov": lambda: keras.optimizers.SGD(0.05, momentum=0.8, nesterov=True),
    "cycled": lambda: CycledSGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01),
    "rmsprop with momentum": lambda: keras.optimizers.RMSprop(0.01, momentum=0.5),
    "cycled rmsprop": lambda: CycledRMSprop(0.01, momentum=0.9),
    "adagrad": lambda: keras.optimizers.Adagrad(0.05),
    "adadelta": lambda: keras.optimizers.Adadelta(1.0),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "amsgrad": lambda: keras.optimizers.Adam(0.01, amsgrad=True),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "adamax": lambda: keras.optimizers.Adamax(0.01),
    "nadam": lambda: keras.optimizers.Nadam(0.01),
    "lion": lambda: keras.optimizers.Lion(0.001, weight_decay=0.1),
    "ftrl": lambda: keras.optimizers.Ftrl(0.05),
    "square root ftrl": lambda: SquareRootFtrl(0.05),
    "clipped by value": lambda: keras.optimizers.SGD(0.1, clipvalue=0.01),
    "clipped by norm": lambda: keras.optimizers.Adam(0.01, clipnorm=0.1),
    "clipped by global norm": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.1),
}
NETWORKS: dict[str, Network] = {
    **{
        name: Network(activation=name)
        for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "sigmoid")
    },
    "ReLU layer": Network(activation_layer=LAYERS.ReLU),
    "leaky layer": Network(activation_layer=LAYERS.LeakyReLU),
    "ELU layer": Network(activation_layer=lambda: LAYERS.ELU(0.7)),
    "PReLU layer": Network(activation_layer=LAYERS.PReLU),
    "batch": Network(normalization=LAYERS.BatchNormalization),
    "batch, bare": Network(
        normalization=lambda: LAYERS.BatchNormalization(center=False, scale=False, momentum=0.9)
    ),
    "layer": Network(normalization=LAYERS.LayerNormalization),
    "residual, batch": Network(normalization=LAYERS.BatchNormalization, residual=True),
    "residual, layer": Network(normalization=LAYERS.LayerNormalization, residual=True),
    "wide": Network(wide=True, normalization=LAYERS.BatchNormalization),
    "dropout": Network(dropout=LAYERS.Dropout, normalization=LAYERS.BatchNormalization),
    "alpha dropout": Network(dropout=LAYERS.AlphaDropout, activation="selu"),
    "gaussian dropout": Network(dropout=LAYERS.GaussianDropout),
    "L1": Network("tanh", regularizer=keras.regularizers.L1(1e-2)),
    "L2": Network("tanh", regularizer=keras.regularizers.L2(1e-2)),
    "L1 and L2": Network("tanh", regularizer=keras.regularizers.L1L2(1e-2, 1e-3)),
    "largest norm": Network("tanh", constraint=keras.constraints.MaxNorm(0.9)),
    "smoothed": Network(loss=SmoothedSparseCrossentropy(5, 0.1)),
}
BINARY = Network(loss="binary_crossentropy", head=("sigmoid", 1))
REGRESSION = Network("tanh", loss="mse", head=("linear", 2), metrics=())


def compare(network: Network, kind: str = "multiclass", weighted: bool = False) -> None:
    """Trains by the kernel and by Keras, batch by batch, and compares all that can be seen."""
    rows = make_rows(kind, weighted)
    model, reference = network.make(), network.make()
    reference.optimizer.build(reference.trainable_variables)
    control = PlainCourse(rows=ROWS, epochs=EPOCHS)
    trainer = DenseTrainer(model, rows, rows, BATCH)
    trainer.run(control)
    for epoch in range(1, EPOCHS + 1):
        logs = keras_epoch(reference, rows, control.order(epoch))
        assert control.logs[epoch - 1] == pytest.approx(logs, abs=2e-5)
    loss, outputs = trainer.evaluate(rows)
    x, y, *weight = (np.asarray(part) for part in (rows.inputs["numeric"], *rows.data[1:]))
    logs = reference.test_on_batch({"numeric": x}, y, *weight, return_dict=True)
    assert loss == pytest.approx(float(logs["loss"]), abs=2e-5)
    expected = np.asarray(reference({"numeric": x}, training=False))
    np.testing.assert_allclose(outputs, expected, atol=5e-5)
    trainer.restore(trainer.snapshot())
    for mine, theirs in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-4)


def keras_epoch(model: Any, rows: Any, order: Any, batch: int = BATCH) -> dict[str, float]:
    """One epoch of Keras's own steps, over the batches of the kernel."""
    x, y, *weight = (np.asarray(part)[order] for part in (rows.inputs["numeric"], *rows.data[1:]))
    model.reset_metrics()
    for start in range(0, len(order), batch):
        part = slice(start, start + batch)
        model.train_step(({"numeric": x[part]}, y[part], *(w[part] for w in weight)))
    return {name: float(value) for name, value in model.get_metrics_result().items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_train_as_in_keras(name: str) -> None:
    compare(NETWORKS[name])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_step_as_in_keras(name: str) -> None:
    compare(Network("tanh", optimizer=OPTIMIZERS[name]))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("network", "kind"),
    [
        (Network("tanh"), "multiclass"),
        (BINARY, "binary"),
        (replace(BINARY, loss=keras.losses.BinaryCrossentropy(label_smoothing=0.1)), "binary"),
        (REGRESSION, "regression"),
        (replace(REGRESSION, loss="mae"), "regression"),
        (replace(REGRESSION, loss=keras.losses.Huber(delta=0.5)), "regression"),
        (replace(REGRESSION, activation="relu", head=("sigmoid", 2)), "regression"),
    ],
    ids=["multiclass", "binary", "smoothed", "mse", "mae", "huber", "bounded"],
)
def test_losses_are_those_of_keras(network: Network, kind: str, weighted: bool) -> None:
    compare(network, kind, weighted)


@settings(max_examples=12, deadline=None)
@given(
    activation=st.sampled_from(["relu", "elu", "selu", "gelu", "silu", "mish", "tanh"]),
    normalization=st.sampled_from([None, LAYERS.BatchNormalization, LAYERS.LayerNormalization]),
    dropout=st.sampled_from([None, LAYERS.Dropout, LAYERS.AlphaDropout, LAYERS.GaussianDropout]),
    residual=st.booleans(),
    wide=st.booleans(),
    regularizer=st.sampled_from([None, keras.regularizers.L1L2(1e-3, 1e-3)]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    weighted=st.booleans(),
)
def test_any_combination_trains_as_in_keras(
    activation: str,
    normalization: Any,
    dropout: Any,
    residual: bool,
    wide: bool,
    regularizer: Any,
    optimizer: str,
    weighted: bool,
) -> None:
    network = Network(
        activation=activation,
        normalization=normalization,
        dropout=dropout,
        residual=residual,
        wide=wide,
        regularizer=regularizer,
        optimizer=OPTIMIZERS[optimizer],
    )
    compare(network, weighted=weighted)
