"""The compiled loop and the fallback give what `Model.fit` gives, step for step."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.data.task import TaskKind
from automl.models.optimizers import make_optimizer
from automl.training.device import GraphOptions, Xla
from automl.training.fallback import FitTrainer
from automl.training.loop import CompiledTrainer

EPOCHS = 2
BATCH = 32
PLAIN = GraphOptions()
LIGHT = GraphOptions(single_threaded=True, grappler=False)
XLA = GraphOptions(xla=Xla.EPOCH)
XLA_STEP = GraphOptions(xla=Xla.STEP)
CHOSEN = {"xla": XLA, "xla step": XLA_STEP, "light": LIGHT}


def make_model(optimizer, outputs=3, dropout=0.3, loss="sparse_categorical_crossentropy"):
    """Everything that may go wrong at once: batch norm, dropout, regularizers, constraints."""
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(7)
    inputs = keras.Input((6,), name="numeric")
    x = keras.layers.Dense(16, use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-2))(
        inputs
    )
    x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    x = keras.layers.Dense(
        8,
        "gelu",
        kernel_constraint=keras.constraints.MaxNorm(1.0),
        activity_regularizer=keras.regularizers.L1(1e-3),
    )(x)
    outputs = keras.layers.Dense(outputs, "softmax" if outputs == 3 else None)(x)
    model = keras.Model({"numeric": inputs}, outputs)
    metrics = ["accuracy"] if "crossentropy" in str(loss) else []
    model.compile(optimizer, loss, metrics=metrics, jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


class Rates(keras.callbacks.Callback):
    """Assigns the control's rates to the reference model."""

    def __init__(self, control):
        super().__init__()
        self.control, self.epoch = control, 1

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        if self.control.rate is not None:
            self.model.optimizer.learning_rate.assign(self.control.rates(self.epoch)[batch])
        if self.control.momentum is not None:
            momenta = self.control.momenta(self.epoch)
            self.model.optimizer.momentum_variable.assign(momenta[batch])


def fit_reference(model, data, control):
    """Plain `Model.fit` over the same batches; its history."""
    rows, history = data.train.rows, []
    for epoch in range(1, control.epochs + 1):
        order = control.order(epoch)
        logs = model.fit(
            {"numeric": rows.inputs["numeric"][order]},
            rows.target[order],
            sample_weight=None if rows.weight is None else rows.weight[order],
            batch_size=BATCH,
            shuffle=False,
            initial_epoch=epoch - 1,
            epochs=epoch,
            callbacks=[Rates(control)],
            verbose=0,
        ).history
        history.append({name: values[0] for name, values in logs.items()})
    return history


def assert_same(trained, reference, tolerance=2e-5):
    for ours, theirs in zip(trained.weights, reference.weights, strict=True):
        np.testing.assert_allclose(
            ours.numpy(), theirs.numpy(), rtol=tolerance, atol=tolerance, err_msg=theirs.path
        )


def train(trainer, data, control):
    trainer.trace(control.rate is not None, data.validation)
    with getattr(trainer, "options", PLAIN).applied():
        trainer.run(control)
    return trainer


CASES = {
    "nadam": ({"optimizer": "nadam"}, False),
    "momentum-clipped": (
        {"optimizer": "momentum", "clipping": "norm", "clip_threshold": 0.5},
        True,
    ),
    "adamw": ({"optimizer": "adamw", "weight_decay": 0.01}, True),
}
WAYS = {"plain": PLAIN, "light": LIGHT, "fit": None}


@pytest.mark.parametrize("case", CASES)
def test_training_equals_fit(toy, control, case):
    config, weighted = CASES[case]
    data = toy(rows=150, weighted=weighted)
    steps = -(-150 // BATCH)
    assert 150 % BATCH != 0
    reference = make_model(make_optimizer(config))
    history = fit_reference(reference, data, control(150, EPOCHS, steps, rate=0.01))
    rows = data.validation.rows
    expected_loss = reference.evaluate(
        {"numeric": rows.inputs["numeric"]}, rows.target, sample_weight=rows.weight, verbose=0
    )[0]
    expected = reference.predict({"numeric": rows.inputs["numeric"]}, verbose=0)

    for options in WAYS.values():
        model = make_model(make_optimizer(config))
        plan = control(150, EPOCHS, steps, rate=0.01)
        if options is None:
            trainer = FitTrainer(model, data.train, BATCH)
        else:
            trainer = CompiledTrainer(model, data.train, BATCH, options)
        with (options or PLAIN).applied():
            train(trainer, data, plan)
            val_loss, outputs = trainer.evaluator.evaluate(data.validation)
        assert_same(model, reference)
        for ours, theirs in zip(plan.logs, history, strict=True):
            assert ours == pytest.approx(theirs, rel=2e-5)
        assert val_loss == pytest.approx(expected_loss, rel=2e-5)
        np.testing.assert_allclose(outputs, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("options", [XLA, XLA_STEP])
@pytest.mark.parametrize("rows", [150, 128, 20])
def test_xla_equals_fit(toy, control, options, rows):
    data, steps = toy(rows=rows), -(-rows // BATCH)
    reference = make_model("nadam", dropout=0.0)
    fit_reference(reference, data, control(rows, EPOCHS, steps, rate=0.01))
    model = make_model("nadam", dropout=0.0)
    trainer = CompiledTrainer(model, data.train, BATCH, options)
    train(trainer, data, control(rows, EPOCHS, steps, rate=0.01))
    assert_same(model, reference, 1e-4)


def test_compiling_a_step_leaves_the_model_as_it_was(toy):
    data = toy(rows=150)
    model = make_model("nadam")  # with dropout: its random numbers are part of the state
    trainer = CompiledTrainer(model, data.train, BATCH, XLA_STEP)
    before = trainer.state()
    trainer.trace(True, data.validation)
    after = trainer.state()
    assert before.keys() == after.keys()
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name])


@pytest.mark.parametrize("way", ["compiled", "fit"])
def test_assigned_momentum_equals_fit(toy, control, way):
    data = toy(rows=150)
    config = {"optimizer": "nesterov", "schedule": "one_cycle"}
    numbers = {"rate": 0.05, "momentum": 0.95}
    reference = make_model(make_optimizer(config))
    fit_reference(reference, data, control(150, EPOCHS, 5, **numbers))
    model = make_model(make_optimizer(config))
    trainer = (
        CompiledTrainer(model, data.train, BATCH, PLAIN)
        if way == "compiled"
        else FitTrainer(model, data.train, BATCH)
    )
    train(trainer, data, control(150, EPOCHS, 5, **numbers))
    assert_same(model, reference)
    still = make_model(make_optimizer(config))
    fit_reference(still, data, control(150, EPOCHS, 5, rate=0.05))
    assert not np.allclose(still.weights[0].numpy(), model.weights[0].numpy(), atol=1e-4)


@pytest.mark.parametrize("rows", [64, 20])
def test_every_row_counts_whatever_is_left_over(toy, control, rows):
    data = toy(rows=rows)
    steps = -(-rows // BATCH)
    reference = make_model("adam")
    fit_reference(reference, data, control(rows, EPOCHS, steps))
    model = make_model("adam")
    train(CompiledTrainer(model, data.train, min(BATCH, rows), LIGHT), data, control(rows, EPOCHS))
    assert_same(model, reference)


def test_cutting_epochs_into_calls_changes_nothing(toy, control, monkeypatch):
    data = toy(rows=150)
    whole = make_model("nadam")
    train(CompiledTrainer(whole, data.train, 8, PLAIN), data, control(150, 2))
    cut = make_model("nadam")
    monkeypatch.setattr("automl.training.chunks.FIRST_CHUNK", 3)
    monkeypatch.setattr("automl.training.chunks.CHUNK_SECONDS", 0.0)
    plan = control(150, 2)
    train(CompiledTrainer(cut, data.train, 8, PLAIN), data, plan)
    assert plan.asked > 20
    for ours, theirs in zip(cut.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("way", ["compiled", "xla", "xla step", "fit"])
def test_training_stops_inside_an_epoch(toy, control, monkeypatch, way):
    monkeypatch.setattr("automl.training.chunks.FIRST_CHUNK", 1)
    monkeypatch.setattr("automl.training.chunks.CHUNK_SECONDS", 0.0)
    monkeypatch.setattr("automl.training.fallback.POLL_SECONDS", 0.0)
    data = toy(rows=150)
    model = make_model("sgd")
    trainer = (
        FitTrainer(model, data.train, 16)
        if way == "fit"
        else CompiledTrainer(model, data.train, 16, CHOSEN.get(way, PLAIN))
    )
    plan = control(150, 5, stop=lambda asked: asked >= 4)
    train(trainer, data, plan)
    assert plan.asked == 4
    assert plan.logs == []
    assert int(model.optimizer.iterations) == 4


@pytest.mark.parametrize("way", ["compiled", "light", "xla", "xla step", "fit"])
def test_a_loss_that_is_not_finite_stops_at_once(toy, control, way):
    data = toy(TaskKind.REGRESSION, rows=150)
    model = make_model(keras.optimizers.SGD(1e30), outputs=2, loss="mse", dropout=0.0)
    options = CHOSEN.get(way, PLAIN)
    trainer = (
        FitTrainer(model, data.train, 16)
        if way == "fit"
        else CompiledTrainer(model, data.train, 16, options)
    )
    plan = control(150, 5)
    with options.applied():
        train(trainer, data, plan)
    [(epoch, step, loss)] = plan.lost
    assert epoch == 1
    assert 2 <= step < 9
    assert not np.isfinite(loss)
    assert int(model.optimizer.iterations) == step


@pytest.mark.parametrize("way", ["compiled", "fit"])
def test_the_course_may_end_after_any_epoch(toy, control, way):
    data = toy(rows=64)
    model = make_model("adam")
    trainer = (
        CompiledTrainer(model, data.train, 16, PLAIN)
        if way == "compiled"
        else FitTrainer(model, data.train, 16)
    )
    plan = control(64, 9, end=lambda epoch: epoch < 3)
    train(trainer, data, plan)
    assert len(plan.logs) == 3
    assert int(model.optimizer.iterations) == 12


@pytest.mark.parametrize("way", ["light", "fit"])
def test_rates_reach_an_optimizer_that_scales_the_loss(toy, control, way):
    # Its branches would make the single-threaded executor wait for ever.
    data = toy(rows=64)
    model = make_model(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01)))
    trainer = (
        FitTrainer(model, data.train, 16)
        if way == "fit"
        else CompiledTrainer(model, data.train, 16, LIGHT)
    )
    plan = control(64, 2, 4, rate=0.5)
    trainer.trace(True, data.validation)
    with (PLAIN if way == "fit" else trainer.options).applied():
        trainer.run(plan)
    assert way == "fit" or not trainer.options.single_threaded
    rate = model.optimizer.inner_optimizer.learning_rate.numpy()
    assert rate == pytest.approx(plan.rates(2)[-1])


class OwnStep(keras.Model):
    """A train step of its own, which doubles the loss."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = 2.0 * self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"doubled_loss": loss}


def test_a_train_step_of_its_own_is_kept(toy, control):
    data = toy(rows=70)

    def own():
        model = make_model("sgd", dropout=0.0)
        twin = OwnStep({"numeric": model.inputs[0]}, model.outputs[0])
        twin.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
        twin.optimizer.build(twin.trainable_variables)
        return twin

    reference, model, plan = own(), own(), control(70, 2)
    fit_reference(reference, data, control(70, 2))
    train(CompiledTrainer(model, data.train, BATCH, PLAIN), data, plan)
    assert_same(model, reference)
    assert plan.logs[0]["loss"] > 0.0
    assert set(plan.logs[0]) == {"loss"}


def make_mixed_model():
    """Layers with loops, branches, sparse gradients and random numbers of their own."""
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    layers = keras.layers
    inputs = keras.Input((6,), name="numeric")
    codes = keras.ops.cast(keras.ops.abs(inputs) < 1.0, "int32")
    parts = [
        layers.LSTM(4)(layers.Reshape((3, 2))(inputs)),
        layers.SpectralNormalization(layers.Dense(4))(inputs),
        layers.GaussianNoise(0.1)(layers.AlphaDropout(0.2)(inputs)),
        layers.Flatten()(layers.Embedding(5, 3)(codes)),
        layers.Flatten()(layers.Conv1D(4, 2)(layers.Reshape((6, 1))(inputs))),
    ]
    outputs = layers.Dense(3, "softmax")(layers.Concatenate()(parts))
    model = keras.Model({"numeric": inputs}, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def test_layers_with_control_flow_or_randomness_train_in_light_graphs(toy, control):
    data = toy(rows=40)
    reference, model = make_mixed_model(), make_mixed_model()
    start = [weight.numpy() for weight in model.trainable_weights]
    fit_reference(reference, data, control(40, 2))
    with LIGHT.applied():
        train(CompiledTrainer(model, data.train, BATCH, LIGHT), data, control(40, 2))
    assert_same(model, reference)
    for weight, before in zip(model.trainable_weights, start, strict=True):
        assert not np.array_equal(weight.numpy(), before), weight.path
