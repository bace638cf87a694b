"""Models that KerasTuner's builders return: trained as they are given, saved as cores."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf

from automl.common.forms import from_form, to_form
from automl.data.arrays import Arrays
from automl.data.kinds.array.plan import ArrayFeature, ArrayPlan
from automl.data.kinds.table.features import CategoricalFeature
from automl.data.kinds.table.plan import TablePlan
from automl.data.metrics import default_objective
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.task import Task, TaskKind
from automl.space import SearchSpace
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.history import read_history
from automl.training.score import predict_core
from automl.training.train_trial import train_trial
from automl.trial import Answer, FailureCause, TrialBudget, TrialResult, TrialSpec, TrialState
from tests.training.conftest import FEATURES, make_arrays

Toy = Callable[..., DeviceData]


def train(
    source: Any,
    data: DeviceData,
    folder: Path,
    config: Any = (),
    epochs: int = 3,
    callbacks: Callable[[], Any] = tuple,
    **budget: Any,
) -> TrialResult:
    space = source if isinstance(source, SearchSpace) else hyper_space(source)
    spec = TrialSpec(0, dict(config), 3, TrialBudget(epochs, 9, **budget))
    return train_trial(
        spec,
        space,
        data,
        default_objective(data.task),
        folder,
        lambda _: Answer.GO_ON,
        lambda: None,
        callbacks=callbacks,
    )


def completed(result: TrialResult, data: DeviceData, folder: Path) -> TrialResult:
    """The result, after checking that the saved core is what was scored, with Keras alone."""
    told = (folder / "error.txt").read_text() if (folder / "error.txt").exists() else ""
    assert result.state is TrialState.COMPLETED, told or result.reason
    saved = keras.models.load_model(folder / "model.keras", compile=False, safe_mode=True)
    names = {"numeric", "categorical"} if data.signature.cardinalities else {"numeric"}
    assert set(saved.input) == names
    predicted = predict_core(saved, data.validation.rows, data.plan)
    expected = np.load(folder / "check.npy")
    np.testing.assert_allclose(predicted[data.check_positions], expected, rtol=1e-5, atol=1e-5)
    return result


def dense(units: int = 3, activation: str | None = "softmax", loss: Any = None, **more: Any) -> Any:
    """A compiled net on the toy rows."""
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            keras.layers.Dense(16, "relu"),
            keras.layers.Dense(units, activation),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), loss or "sparse_categorical_crossentropy", **more)
    return model


LOGITS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
MULTICLASS = {
    "sparse": lambda hp: dense(metrics=["accuracy"]),
    "one-hot": lambda hp: dense(loss="categorical_crossentropy", metrics=["accuracy"]),
    "one-hot object": lambda hp: dense(loss=keras.losses.CategoricalFocalCrossentropy()),
    "squares": lambda hp: dense(loss="mse"),
    "logits": lambda hp: dense(activation=None, loss=LOGITS),
    "one-hot logits": lambda hp: dense(
        activation=None, loss=[keras.losses.CategoricalCrossentropy(from_logits=True)]
    ),
    "own loss": lambda hp: dense(
        loss=lambda y, p: keras.losses.sparse_categorical_crossentropy(y, p)
    ),
}


@pytest.mark.parametrize("name", MULTICLASS)
def test_any_loss_of_classes_gets_its_targets_and_gives_probabilities(
    name: str, toy: Toy, tmp_path: Path
):
    data = toy(TaskKind.MULTICLASS)
    result = completed(train(MULTICLASS[name], data, tmp_path, epochs=12), data, tmp_path)
    assert result.metrics["accuracy"] > 0.6
    assert result.metrics["log_loss"] < 1.0


def two_outputs(hp: Any) -> Any:
    return dense(2, loss=hp.Choice("loss", ["sparse_categorical_crossentropy"]))


BINARY = {
    "sigmoid": lambda hp: dense(1, "sigmoid", "binary_crossentropy", metrics=["accuracy"]),
    "logit": lambda hp: dense(1, None, keras.losses.BinaryCrossentropy(from_logits=True)),
    "two outputs": two_outputs,
    "two, one-hot": lambda hp: dense(2, "softmax", "categorical_crossentropy"),
    "two logits": lambda hp: dense(2, None, LOGITS, metrics=["accuracy"]),
}


@pytest.mark.parametrize("name", BINARY)
def test_two_classes_have_one_output_or_two(name: str, toy: Toy, tmp_path: Path):
    data = toy(TaskKind.BINARY)
    result = completed(train(BINARY[name], data, tmp_path, epochs=12), data, tmp_path)
    assert result.metrics["accuracy"] > 0.75


@pytest.mark.parametrize("kind", [TaskKind.REGRESSION, TaskKind.MULTILABEL])
def test_other_tasks(kind: TaskKind, toy: Toy, tmp_path: Path):
    data = toy(kind)
    end, loss = ("linear", "mse") if kind is TaskKind.REGRESSION else (None, LABELS)
    completed(train(lambda hp: dense(2, end, loss), data, tmp_path), data, tmp_path)


LABELS = keras.losses.BinaryCrossentropy(from_logits=True)


def test_an_uncompiled_model_is_compiled_for_the_task(toy: Toy, tmp_path: Path):
    def build(hp: Any) -> Any:
        hp.Choice("optimizer", ["sgd"])
        return keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3, "softmax")])

    data = toy(TaskKind.MULTICLASS)
    completed(train(build, data, tmp_path, {"optimizer": "sgd"}), data, tmp_path)


def test_outputs_that_are_no_probabilities_are_refused(toy: Toy, tmp_path: Path):
    result = train(lambda hp: dense(activation=None), toy(), tmp_path)
    assert result.state is TrialState.FAILED
    assert "no probabilities; end it with softmax" in result.reason


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda hp: dense(4), r"outputs of shape \(None, 4\); the task \(multiclass, 3 classes\)"),
        (
            lambda hp: keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)]),
            r"takes rows of shape \(5,\), and a row of the data has the shape \(6,\)",
        ),
        (
            lambda hp: keras.Sequential(
                [
                    keras.Input((1,), dtype="string", name="words"),
                    keras.layers.TextVectorization(8, output_sequence_length=2),
                    keras.layers.Embedding(8, 2),
                    keras.layers.Flatten(),
                    keras.layers.Dense(3),
                ]
            ),
            r"takes texts \(input 'words'\), which are not supported: models get numbers",
        ),
        (lambda hp: None, r"returned nothing \(None\); a function build\(hp\)"),
        (
            lambda hp: keras.Model([i := keras.Input((2,)), j := keras.Input((2,))], i + j),
            "has 2 inputs, and nothing tells what goes to",
        ),
        (
            lambda hp: keras.Model(
                i := keras.Input((FEATURES,)), [keras.layers.Dense(3)(i), keras.layers.Dense(1)(i)]
            ),
            r"has 2 outputs, and a search trains one: end it in a single layer of shape \(None, 3",
        ),
    ],
)
def test_a_model_that_does_not_fit_the_data_says_how(
    build: Any, told: str, toy: Toy, tmp_path: Path
):
    import re

    result = train(build, toy(TaskKind.MULTICLASS), tmp_path)
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.BUILDER)
    assert re.search(told, result.reason)


class Idle(keras.Model):
    """Learns nothing, in a step of its own."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        return {"loss": self.compute_loss(x, y, self(x, training=True))}


def idle(inputs: Any) -> Any:
    model = Idle(inputs, keras.layers.Dense(3, "softmax")(inputs))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def columns(folder: Path, name: str) -> list[str]:
    header, *rows = (folder / "history.csv").read_text().splitlines()
    position = header.split(",").index(name)
    return [row.split(",")[position] for row in rows]


def test_a_train_step_of_its_own_is_kept(toy: Toy, tmp_path: Path):
    data = toy(TaskKind.MULTICLASS)
    own = lambda hp: idle(keras.Input((FEATURES,)))  # noqa: E731
    completed(train(own, data, tmp_path), data, tmp_path)
    assert len(set(columns(tmp_path, "val_loss"))) == 1


def test_also_in_a_space_whose_builder_gets_a_vector(toy: Toy, tmp_path: Path):
    data = toy(TaskKind.MULTICLASS)
    space = SearchSpace("vector", [], lambda config, inputs, task: idle(inputs))
    completed(train(space, data, tmp_path), data, tmp_path)
    assert len(set(columns(tmp_path, "val_loss"))) == 1


def test_but_not_behind_embeddings_which_it_could_not_train(tmp_path: Path):
    rows = make_arrays(TaskKind.MULTICLASS)
    features = (
        *rows.plan.inputs.features,
        CategoricalFeature("c", tuple("abcdefghijklmnopqrstuvwxyz" * 2)),
    )
    data = DeviceData.from_arrays(
        dataclasses.replace(rows, plan=PreprocessingPlan(TablePlan(features)))
    )
    space = SearchSpace("vector", [], lambda config, inputs, task: idle(inputs))
    assert 'inputs="table"' in train(space, data, tmp_path).reason


def test_a_model_that_is_built_when_it_is_called(toy: Toy, tmp_path: Path):
    class Called(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")
            self.drop = keras.layers.Dropout(0.2)

        def call(self, x: Any, training: Any = None) -> Any:
            return self.out(self.drop(self.hidden(x), training=training))

    def called(hp: Any) -> Any:
        model = Called()
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    def sequential(hp: Any) -> Any:
        model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    data = toy(TaskKind.MULTICLASS)
    for build in (called, sequential):
        completed(train(build, data, tmp_path), data, tmp_path)


def image_data(shape: tuple[int, ...] = (6, 6)) -> DeviceData:
    arrays = make_arrays(TaskKind.MULTICLASS)
    rng = np.random.default_rng(0)
    size = int(np.prod(shape))

    def widened(rows: Rows) -> Rows:
        mixed = rows.inputs["numeric"] @ rng.normal(size=(FEATURES, size)).astype(np.float32)
        return Rows({"numeric": mixed}, rows.target, rows.truth)

    plan = PreprocessingPlan(ArrayPlan(ArrayFeature(shape, (0.0,), (1.0,))))
    train, validation = widened(arrays.train), widened(arrays.validation)
    return DeviceData.from_arrays(
        Arrays(arrays.task, plan, train, validation, None, arrays.check_positions)
    )


def images(*layers: Any) -> Callable[[Any], Any]:
    def build(hp: Any) -> Any:
        made = [layer() for layer in layers]
        model = keras.Sequential([*made, keras.layers.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    return build


def flat() -> Any:
    return keras.layers.Flatten()


def conv() -> Any:
    return keras.layers.Conv2D(4, 3)


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (images(lambda: keras.Input((6, 6, 1)), conv, flat), (6, 6, 1)),
        (images(lambda: keras.Input((6, 6)), flat), (6, 6)),
        (images(lambda: keras.Input((36,))), (36,)),
        (images(lambda: keras.Input((None, None, 1)), conv, keras.layers.GlobalMaxPooling2D),
         (6, 6, 1)),
        (images(flat), (6, 6)),
        (images(conv, flat), (6, 6, 1)),
        (images(), (36,)),
    ],
)  # fmt: skip
def test_images_come_in_the_shape_that_the_model_takes(
    build: Any, shape: tuple[int, ...], tmp_path: Path
):
    data = image_data()
    completed(train(build, data, tmp_path), data, tmp_path)
    assert [form.shape for form in data._in_form] == [shape]


def test_rows_in_a_form_are_made_once(toy: Toy, tmp_path: Path):
    data = toy(TaskKind.MULTICLASS)
    for _ in range(2):
        train(MULTICLASS["one-hot"], data, tmp_path, epochs=1)
    (made,) = data._in_form.values()
    assert made.train.target.shape == (150, 3)
    assert made.in_form(made.form) is made


def test_categories_are_one_hot_encoded_unseen_ones_as_zeros(tmp_path: Path):
    from automl.data.prepare import prepare
    from automl.data.request import DataRequest
    from automl.training.space_check import toy_table

    data = DeviceData.from_arrays(
        prepare(DataRequest(toy_table("multiclass", 0), ("target",), task="multiclass"))
    )
    completed(train(images(), data, tmp_path), data, tmp_path)
    (made,) = data._in_form.values()
    categories = made.train.data[0].numpy()[:, -3:]
    codes = data.train.rows.inputs["categorical"][:, 0]
    np.testing.assert_array_equal(categories, np.eye(4, dtype=np.float32)[codes][:, 1:])


class OwnFit(keras_tuner.HyperModel):
    """Chooses its batch size and epochs in `fit`."""

    def build(self, hp: Any) -> Any:
        return dense(metrics=["accuracy"])

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        batch = hp.Choice("batch", [16, 32])
        return model.fit(*args, batch_size=batch, epochs=hp.Int("epochs", 2, 9), **kwargs)


def test_a_fit_of_the_hypermodel_is_called_and_its_hyperparameters_are_found(
    toy: Toy, tmp_path: Path
):
    data = toy(TaskKind.MULTICLASS)
    result = completed(train(OwnFit(), data, tmp_path, epochs=5), data, tmp_path)
    assert result.epochs == 2
    assert [(form["name"], form["default"]) for form in result.found] == [
        ("batch", 16), ("epochs", 2),
    ]  # fmt: skip
    assert from_form(TrialResult, json.loads(json.dumps(to_form(result)))) == result
    result = train(OwnFit(), data, tmp_path, {"batch": 32, "epochs": 9}, epochs=5)
    assert (result.epochs, result.found) == (5, ())  # the budget of the search holds


class OwnLoop(keras_tuner.HyperModel):
    """A loop of its own, as in Keras's guide, with a model that is not compiled."""

    def __init__(self, tells: bool, epochs: int = 4) -> None:
        super().__init__()
        self.tells, self.epochs, self.steps = tells, epochs, 0

    def build(self, hp: Any) -> Any:
        return keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3, "softmax")])

    def fit(
        self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any, callbacks: Any, **_: Any
    ) -> Any:
        optimizer = keras.optimizers.Adam(hp.Float("learning_rate", 0.01, 0.1))
        rows = tf.data.Dataset.from_tensor_slices((x, y)).batch(50)
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(self.epochs):
            for part, labels in rows:
                with tf.GradientTape() as tape:
                    loss = keras.losses.sparse_categorical_crossentropy(labels, model(part))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
                self.steps += 1
            if self.tells:
                for callback in callbacks:
                    callback.on_epoch_end(epoch, logs={"own_loss": float(np.mean(loss))})
        return float(np.mean(loss))


@pytest.mark.parametrize(("tells", "epochs"), [(True, 2), (False, 1)])
def test_a_loop_of_its_own_is_scored_and_ended(tells: bool, epochs: int, toy: Toy, tmp_path: Path):
    data, source = toy(TaskKind.MULTICLASS), OwnLoop(tells)
    result = completed(train(source, data, tmp_path, epochs=2), data, tmp_path)
    assert result.epochs == epochs
    assert source.steps == (9 if tells else 12)  # it does not look at `stop_training` itself


def test_an_error_inside_the_fit_is_the_trial_s(toy: Toy, tmp_path: Path):
    class Broken(OwnFit):
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            raise TypeError("got multiple values for argument 'nothing'")

    result = train(Broken(), toy(TaskKind.MULTICLASS), tmp_path)
    assert result.state is TrialState.FAILED
    assert "nothing" in result.reason


def test_the_same_trial_gives_the_same_numbers(toy: Toy, tmp_path: Path):
    results = [
        train(MULTICLASS["sparse"], toy(TaskKind.MULTICLASS), tmp_path / str(i)) for i in range(2)
    ]
    assert results[0].score == results[1].score
    assert results[0].model_hash == results[1].model_hash


def test_task_is_told(toy: Toy):
    assert isinstance(toy().task, Task)


@pytest.mark.parametrize("is_compiled", [True, False], ids=["compiled", "not compiled"])
def test_a_compiled_model_learns_numbers_in_their_own_units(
    is_compiled: bool, toy: Toy, tmp_path: Path
):
    data = toy(TaskKind.REGRESSION)
    truth = data.validation.rows.truth
    own = np.asarray(data.train.rows.truth).mean(axis=0) if is_compiled else np.zeros(2)

    def build(hp: Any) -> Any:
        start = keras.initializers.Constant(own.astype(np.float32))
        model = keras.Sequential(
            [keras.Input((FEATURES,)), keras.layers.Dense(2, bias_initializer=start)]
        )
        if is_compiled:
            model.compile(keras.optimizers.SGD(1e-9), "mse")
        return model

    result = train(build, data, tmp_path, epochs=1)
    completed(result, data, tmp_path)
    if is_compiled:  # at a rate of nearly nothing, the outputs stay near where they start
        predictions = np.load(tmp_path / "check.npy")
        assert np.abs(predictions - own).max() < 10.0
        spread = float(np.square(truth - own).mean())
        assert result.metrics["mse"] == pytest.approx(spread, rel=0.2)
        history = read_history(tmp_path)
        assert history[0]["val_loss"] == pytest.approx(result.metrics["mse"], rel=1e-5)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (keras_tuner.errors.FailedTrialError, FailureCause.REFUSED),
        (keras_tuner.errors.FatalError, FailureCause.FATAL),
        (keras_tuner.errors.FatalValueError, FailureCause.FATAL),
        (keras_tuner.errors.FatalTypeError, FailureCause.FATAL),
        (keras_tuner.errors.FatalRuntimeError, FailureCause.FATAL),
        (ValueError, FailureCause.BUILDER),
    ],
)
def test_errors_of_kerastuner_say_what_follows(
    error: Any, cause: FailureCause, toy: Toy, tmp_path: Path
):
    def build(hp: Any) -> Any:
        raise error("the model is too large")

    class Net(OwnFit):
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            raise error("the model is too large")

    result = train(build, toy(), tmp_path)
    assert (result.state, result.cause) == (TrialState.FAILED, cause)
    assert result.reason == f"{error.__name__}: the model is too large"
    fitted = train(Net(), toy(TaskKind.MULTICLASS), tmp_path)
    assert fitted.cause is (FailureCause.EXCEPTION if cause is FailureCause.BUILDER else cause)


def test_callbacks_are_called_by_fit_with_validation_metrics_and_may_stop_it(
    toy: Toy, tmp_path: Path
):
    class Ends(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            assert {"loss", "accuracy", "val_loss", "val_accuracy"} <= set(logs)
            self.model.stop_training = epoch == 1

    data = toy(TaskKind.MULTICLASS)
    for source in (lambda hp: dense(metrics=["accuracy"]), FitOnly()):
        result = train(source, data, tmp_path, epochs=5, callbacks=lambda: [Ends()])
        assert completed(result, data, tmp_path).epochs == 2


class FitOnly(keras_tuner.HyperModel):
    """A fit that hands on what it is given."""

    def build(self, hp: Any) -> Any:
        return dense(metrics=["accuracy"])

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)


@pytest.mark.parametrize("is_compiled", [True, False])
def test_loss_and_optimizer_of_the_call_count_and_the_rest_stays(
    is_compiled: bool, toy: Toy, tmp_path: Path
):
    from automl.space.fit_options import FitOptions
    from automl.space.keras_tuner import fitted_with

    models = []

    def build(hp: Any) -> Any:
        models.append(
            dense(metrics=["accuracy"])
            if is_compiled
            else keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3, "softmax")])
        )
        return models[-1]

    fit = FitOptions("categorical_crossentropy", "sgd")
    data = toy(TaskKind.MULTICLASS)
    completed(train(fitted_with(hyper_space(build), fit), data, tmp_path), data, tmp_path)
    assert type(models[-1].optimizer) is keras.optimizers.SGD
    assert models[-1].loss is keras.losses.categorical_crossentropy
    assert ("accuracy" in columns_of(tmp_path)) is is_compiled


def columns_of(folder: Path) -> list[str]:
    return (folder / "history.csv").read_text().splitlines()[0].split(",")


@pytest.mark.parametrize(
    ("fit", "told"),
    [
        ({"loss": "banana"}, "--loss is 'banana', but Keras has no loss of that name"),
        (
            {"optimizer": "banana"},
            "--optimizer is 'banana', but Keras has no optimizer of that name",
        ),
    ],
)
def test_a_loss_that_there_is_not_is_told(fit: Any, told: str, toy: Toy, tmp_path: Path):
    from automl.space.fit_options import FitOptions
    from automl.space.keras_tuner import fitted_with

    space = fitted_with(hyper_space(lambda hp: dense()), FitOptions(**fit))
    assert told in train(space, toy(TaskKind.MULTICLASS), tmp_path).reason


def test_a_fit_is_given_the_batch_size_that_was_asked_for(toy: Toy, tmp_path: Path):
    given: list[Any] = []

    class Takes(FitOnly):
        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            given.append(kwargs.get("batch_size"))
            return super().fit(hp, model, *args, **kwargs)

    class TakesNone(FitOnly):
        def fit(self, hp: Any, model: Any, x: Any, y: Any, validation_data: Any, callbacks: Any):
            return model.fit(x, y, epochs=2, callbacks=callbacks)

    data = toy(TaskKind.MULTICLASS)
    train(Takes(), data, tmp_path, {"batch_size": 64}, epochs=1)
    train(Takes(), data, tmp_path, epochs=1)
    assert given == [64, None]
    completed(train(TakesNone(), data, tmp_path, {"batch_size": 64}), data, tmp_path)


@pytest.mark.parametrize("crop", [2, 4, 6])
def test_a_crop_whose_size_is_a_hyperparameter_is_part_of_the_model(crop: int, tmp_path: Path):
    def build(hp: Any) -> Any:
        size = hp.Int("crop", 2, 6, step=2)
        model = keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                keras.layers.CenterCrop(size, size),
                keras.layers.Conv2D(4, 2, padding="same"),
                keras.layers.Flatten(),
                keras.layers.Dense(3, "softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    data = image_data()
    result = completed(train(build, data, tmp_path, {"crop": crop}, epochs=1), data, tmp_path)
    assert result.parameters == 4 * 4 + 4 + (crop * crop * 4 * 3 + 3)
