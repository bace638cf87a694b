"""Whole trials: results, files, failures, limits and repeatability."""

from __future__ import annotations

import csv
import dataclasses
import gc
import math
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from automl.common.forms import from_form, to_form
from automl.data.metrics import Objective, compute_metrics, default_objective
from automl.data.task import TaskKind
from automl.space import Choice, Float, Int, SearchSpace
from automl.training.history import read_history
from automl.training.saving import hash_weights
from automl.training.train_trial import train_trial
from automl.trial import Answer, FailureCause, TrialBudget, TrialSpec, TrialState, Verdict
from automl.trial_time import TrialTime


def build_dense(config, inputs, task):
    x = keras.layers.Dense(config.width, activation="relu")(inputs)
    return keras.layers.Dropout(config.dropout)(x)


HYPERPARAMETERS = [
    Int("width", 2, 64, default=16),
    Float("dropout", 0.0, 0.5, default=0.0),
    Choice("optimizer", ["adam", "sgd", "nadam"]),
    Float("learning_rate", 1e-4, 1e30, log=True, default=1e-2),
    Choice("batch_size", [16, 32, 4096], default=32),
    Choice("schedule", ["constant", "performance", "one_cycle"]),
]
SPACE = SearchSpace("dense", HYPERPARAMETERS, build_dense)


def space_of(build, inputs="vector"):
    return SearchSpace("own", HYPERPARAMETERS, build, inputs=inputs)


@pytest.fixture
def run(tmp_path):
    def run(data, space=SPACE, config=None, *, objective=None, report=None, interrupted=None, **kw):
        budget = {"epochs": 5, "patience": 5}
        budget |= {name: kw.pop(name) for name in list(kw) if name in TrialBudget.__annotations__}
        spec = TrialSpec(0, config or {}, **{"seed": 0, **kw}, budget=TrialBudget(**budget))
        run.reports = []

        def note(epoch):
            run.reports.append(epoch)
            return Answer.GO_ON if report is None or report(epoch) else Answer.STOP

        return train_trial(
            spec,
            space,
            data,
            objective or default_objective(data.task),
            tmp_path / "trials" / "0",
            note,
            interrupted or (lambda: None),
        )

    run.directory = tmp_path / "trials" / "0"
    return run


def files(run):
    return sorted(path.name for path in run.directory.iterdir())


def stable(result):
    """The result without the times."""
    return dataclasses.replace(result, seconds=0.0, timings={}, test_seconds=0.0)


@pytest.mark.parametrize("kind", list(TaskKind))
def test_a_complete_trial_is_what_was_saved(toy, run, kind):
    data = toy(kind, weighted=True)
    result = run(data, epochs=6)
    assert result.state is TrialState.COMPLETED
    assert files(run) == ["check.npy", "history.csv", "model.keras", "predictions.npz"]
    assert result.epochs == 6
    assert 1 <= result.best_epoch <= 6
    assert result.verdict is not None
    assert set(result.timings) == {"build", "trace", "train", "validate", "save"}
    assert sum(result.timings.values()) <= result.seconds

    model = keras.models.load_model(run.directory / "model.keras", safe_mode=True)
    assert getattr(model, "optimizer", None) is None
    assert hash_weights(model) == result.model_hash
    assert model.count_params() == result.parameters
    for part, metrics in (("validation", result.metrics), ("train", result.train_metrics)):
        rows = getattr(data, part).rows
        outputs = model.predict({"numeric": rows.inputs["numeric"]}, verbose=0)
        predictions = data.plan.restore_target(outputs)
        expected = compute_metrics(data.task, rows.truth, predictions, rows.weight)
        assert metrics == pytest.approx(expected, rel=1e-5)
        if part == "validation":
            np.testing.assert_allclose(
                np.load(run.directory / "check.npy"), predictions[data.check_positions], rtol=1e-5
            )
    assert result.score == result.metrics[default_objective(data.task).name]


def test_history_and_reports_tell_the_same(toy, run):
    result = run(toy(), config={"schedule": "one_cycle"})
    rows = read_history(run.directory)
    assert [dict(report.metrics) for report in run.reports] == rows
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5]
    expected = {"epoch", "loss", "accuracy", "val_loss", "val_log_loss", "val_accuracy"}
    assert set(rows[0]) == expected | {"learning_rate", "seconds"}
    assert rows[0]["learning_rate"] != rows[3]["learning_rate"]
    assert rows[result.best_epoch - 1]["val_log_loss"] == result.score
    assert result.score == min(report.score for report in run.reports)
    with (run.directory / "history.csv").open() as file:
        assert next(csv.reader(file))[0] == "epoch"


def test_the_best_epoch_is_kept_not_the_last(toy, run):
    data = toy(rows=40)
    result = run(data, config={"learning_rate": 0.5}, epochs=20, patience=20)
    model = keras.models.load_model(run.directory / "model.keras")
    rows = data.validation.rows
    outputs = model.predict({"numeric": rows.inputs["numeric"]}, verbose=0)
    expected = compute_metrics(data.task, rows.truth, outputs)
    assert result.metrics == pytest.approx(expected, rel=1e-5)
    scores = [report.score for report in run.reports]
    assert result.best_epoch == 1 + int(np.argmin(scores)) < 20
    assert result.metrics["log_loss"] == result.score == min(scores)


def test_the_same_spec_gives_the_same_result_whatever_ran_before(toy, run):
    data, config = toy(), {"dropout": 0.3, "optimizer": "nadam"}
    first = run(data, config=config)
    history = read_history(run.directory)

    def unclean(config, inputs, task):
        keras.config.set_dtype_policy("mixed_float16")
        np.random.rand(5)
        return keras.layers.Dense(4, name="dense")(inputs)

    run(data, space_of(unclean), seed=3)
    run(data, config={"learning_rate": 1e20, "optimizer": "sgd"}, seed=4)
    again = run(data, config=config)
    assert stable(again) == stable(first)
    for ours, theirs in zip(read_history(run.directory), history, strict=True):
        assert {**ours, "seconds": 0} == {**theirs, "seconds": 0}


def test_seeds_differ_and_zero_is_one(toy, run):
    hashes = [run(toy(), seed=seed, epochs=1).model_hash for seed in (0, 1, 0, 2)]
    assert hashes[0] == hashes[2]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(("threshold", "kept"), [(None, True), (1e9, True), (1e-9, False)])
def test_only_a_model_that_beats_the_threshold_is_kept(toy, run, threshold, kept):
    result = run(toy(), keep_threshold=threshold, epochs=1)
    assert bool(result.model_hash) is kept
    assert ("model.keras" in files(run)) is kept
    assert result.metrics and result.train_metrics


def test_files_of_an_attempt_that_was_killed_are_replaced(toy, run):
    run.directory.mkdir(parents=True)
    for name in ("error.txt", "model.keras", "check.npy", "history.csv"):
        (run.directory / name).write_text("old")
    run(toy(), keep_threshold=1e-9, epochs=1)
    assert files(run) == ["history.csv"]


def test_pruning_ends_a_trial(toy, run):
    result = run(toy(), report=lambda epoch: epoch.epoch < 2)
    assert result.state is TrialState.PRUNED
    assert result.epochs == 2
    assert result.score is not None
    assert result.reason == "it was pruned after epoch 2"
    assert files(run) == ["history.csv"]


def test_a_trial_at_its_own_end_is_not_pruned(toy, run):
    result = run(toy(), report=lambda epoch: epoch.epoch < 5)
    assert result.state is TrialState.COMPLETED


def test_patience_and_goal_stop_a_trial(toy, run):
    tired = run(toy(rows=40), config={"learning_rate": 0.5}, epochs=50, patience=2)
    assert tired.state is TrialState.COMPLETED
    assert tired.epochs == tired.best_epoch + 2 < 50
    assert tired.reason == "it did not improve for 2 epochs"
    there = run(toy(), epochs=50, goal=0.8, objective=Objective("accuracy", "maximize"))
    assert there.score >= 0.8
    assert there.epochs == there.best_epoch < 50
    assert "goal of 0.8" in there.reason


def test_the_loss_as_objective_holds_the_regularization(toy, run):
    def build(config, inputs, task):
        return keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.1))(inputs)

    result = run(toy(), space_of(build), objective=Objective("loss", "minimize"))
    row = read_history(run.directory)[result.best_epoch - 1]
    assert result.score == row["val_loss"] == result.metrics["loss"]
    assert result.score > row["val_log_loss"] + 0.01


def test_a_heavy_metric_may_be_the_objective(toy, run):
    result = run(toy(TaskKind.BINARY), objective=Objective("roc_auc", "maximize"))
    assert result.score == result.metrics["roc_auc"]
    assert "val_roc_auc" in read_history(run.directory)[0]
    assert "val_f1" not in read_history(run.directory)[0]


def test_an_objective_that_is_not_defined_says_so(arrays, run):
    from automl.training.device_data import DeviceData

    given = arrays(TaskKind.BINARY)
    one_class = dataclasses.replace(
        given.validation,
        target=np.ones_like(given.validation.target),
        truth=np.ones_like(given.validation.truth),
    )
    data = DeviceData.from_arrays(dataclasses.replace(given, validation=one_class))
    result = run(data, objective=Objective("roc_auc", "maximize"))
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.EXCEPTION)
    assert "'roc_auc' is not defined" in result.reason


def test_class_weights_are_left_out_of_training_metrics(arrays, run):
    from automl.training.device_data import DeviceData

    given = arrays(weighted=True)
    train = dataclasses.replace(given.train, weight=None, loss_weight=given.train.weight)
    unweighted = dataclasses.replace(given.validation, weight=None)
    data = DeviceData.from_arrays(dataclasses.replace(given, train=train, validation=unweighted))
    result = run(data)
    model = keras.models.load_model(run.directory / "model.keras")
    outputs = model.predict({"numeric": given.train.inputs["numeric"]}, verbose=0)
    expected = compute_metrics(data.task, given.train.truth, outputs)
    assert result.train_metrics == pytest.approx(expected, rel=1e-5)


def test_a_batch_is_never_larger_than_the_rows(toy, run):
    result = run(toy(rows=50), config={"batch_size": 4096}, epochs=2)
    assert result.state is TrialState.COMPLETED


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_divergence_fails_the_trial(toy, run, optimizer):
    config = {"learning_rate": 1e30, "optimizer": optimizer}
    result = run(toy(TaskKind.REGRESSION), config=config)
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.DIVERGED)
    assert result.verdict is Verdict.DIVERGED
    assert "became" in result.reason or "finite" in result.reason
    assert "epoch 1" in result.reason
    assert result.score is None
    assert not run.directory.exists() or "model.keras" not in files(run)


def raising(error):
    def build(config, inputs, task):
        raise error

    return build


@pytest.mark.parametrize(
    ("build", "cause", "told"),
    [
        (raising(ValueError("no such thing\nmore")), FailureCause.BUILDER, "ValueError: no such"),
        (lambda config, inputs, task: None, FailureCause.BUILDER, "returned nothing (None)"),
        (lambda config, inputs, task: 1 / 0, FailureCause.BUILDER, "ZeroDivisionError"),
        (lambda config, inputs, task: sys.exit(3), FailureCause.BUILDER, "SystemExit: 3"),
        (raising(KeyboardInterrupt()), FailureCause.BUILDER, "KeyboardInterrupt"),
        (raising(MemoryError()), FailureCause.OUT_OF_MEMORY, "MemoryError"),
    ],
)
def test_a_builder_that_fails_fails_its_trial(toy, run, build, cause, told):
    result = run(toy(), space_of(build))
    assert (result.state, result.cause) == (TrialState.FAILED, cause)
    assert told in result.reason
    assert "\n" not in result.reason
    assert files(run) == ["error.txt"]
    assert "Traceback" in (run.directory / "error.txt").read_text()


def test_a_directory_that_cannot_be_written_is_no_fault_of_the_trial(toy, run):
    run.directory.parent.mkdir(parents=True, exist_ok=True)
    run.directory.write_text("no folder")
    result = run(toy())
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.UNWRITABLE)
    assert result.epochs == 0, "it was trained for nothing"


def test_a_run_that_was_renamed_is_not_made_again_at_the_old_place(toy, run):
    old = run.directory.parents[1]
    old.rename(old.with_name("renamed"))
    result = run(toy())
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.UNWRITABLE)
    assert not old.exists()
    old.with_name("renamed").rename(old)


class Failing(keras.layers.Layer):
    """Fails while it is traced or trained."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def compute_output_shape(self, shape):
        return shape

    def call(self, x, training=None):
        if training:
            raise self.error
        return x


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), "out of memory"),
        (RuntimeError("broken"), "exception"),
        (SystemExit(1), "exception"),
    ],
)
def test_errors_while_training_fail_the_trial(toy, run, error, cause):
    def build(config, inputs, task):
        x = keras.layers.Dense(4)(inputs)
        return Failing(error)(x)

    result = run(toy(), space_of(build))
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause(cause))
    assert type(error).__name__ in result.reason


def test_an_unknown_value_fails_the_trial(toy, run):
    result = run(toy(), config={"optimizer": "no such"})
    assert result.state is TrialState.FAILED
    assert "no such" in result.reason


def test_a_report_that_fails_leaves_the_history(toy, run):
    def report(epoch):
        if epoch.epoch == 3:
            raise RuntimeError("no answer")
        return True

    result = run(toy(), report=report)
    assert (result.state, result.epochs) == (TrialState.FAILED, 3)
    assert files(run) == ["error.txt", "history.csv"]


def test_an_interruption_keeps_what_was_reached(toy, run, monkeypatch):
    monkeypatch.setattr("automl.training.epoch_signals.ASK_SECONDS", 0.0)
    result = run(
        toy(),
        epochs=1000,
        patience=1000,
        interrupted=lambda: "the search's time ran out" if len(run.reports) >= 3 else None,
    )
    assert result.state is TrialState.COMPLETED
    assert result.reason == "the search's time ran out"
    assert 3 <= result.epochs < 1000
    assert result.verdict is Verdict.UNFINISHED
    assert "model.keras" in files(run)


def test_an_interruption_before_the_first_epoch_fails_the_trial(toy, run, monkeypatch):
    monkeypatch.setattr("automl.training.epoch_signals.ASK_SECONDS", 0.0)
    result = run(toy(), interrupted=lambda: "stop")
    assert (result.state, result.cause) == (TrialState.FAILED, FailureCause.TIME_LIMIT)
    assert (result.reason, result.epochs) == ("stop", 0)


def test_the_time_limit_holds(toy, run, clock):
    clock.step = 0.005
    result = run(toy(), epochs=100_000, patience=100_000, seconds=1.5)
    assert result.state is TrialState.COMPLETED
    assert result.reason.startswith("it reached its time limit of 1.5 s in epoch")
    assert result.seconds >= 1.0  # with the time for scoring and saving kept back
    clock.step = 1.0
    late = run(toy(), epochs=100_000, seconds=1e-3)
    assert (late.state, late.cause) == (TrialState.FAILED, FailureCause.TIME_LIMIT)


class Untraceable(keras.Model):
    """A train step that only runs eagerly; the same numbers as Keras's."""

    def train_step(self, data):
        assert data[1].numpy().size
        return super().train_step(data)


class OwnFit(keras.Model):
    """A `fit` of its own."""

    calls: tuple[int, ...] = ()

    def fit(self, *args, **kwargs):
        type(self).calls = (*type(self).calls, kwargs["epochs"])
        return super().fit(*args, **kwargs)


def build_with(kind, **compiled):
    def build(config, inputs, task):
        x = keras.layers.Dense(8, activation="relu")(inputs.numeric)
        x = keras.layers.Dropout(0.2)(x)
        outputs = keras.layers.Dense(task.outputs, activation="softmax")(x)
        model = kind(inputs.tensors, outputs)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **compiled)
        return model

    return space_of(build, inputs="table")


def test_models_that_only_fit_can_train_give_the_same(toy, run):
    data = toy(rows=40, weighted=True)
    expected = run(data, build_with(keras.Model), epochs=3)
    OwnFit.calls = ()
    spaces = [
        build_with(keras.Model, run_eagerly=True),
        build_with(Untraceable),
        build_with(OwnFit),
    ]
    for space in spaces:
        result = run(data, space, epochs=3)
        assert result.state is TrialState.COMPLETED, result.reason
        assert result.score == pytest.approx(expected.score, rel=1e-5)
        assert result.metrics == pytest.approx(expected.metrics, rel=1e-5)
        assert result.best_epoch == expected.best_epoch
    assert OwnFit.calls == (3,)


def test_a_users_own_learning_rate_is_left_alone(toy, run):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)

    def build(config, inputs, task):
        x = keras.layers.Dense(task.outputs, activation="softmax")(inputs.numeric)
        model = keras.Model(inputs.tensors, x)
        model.compile(keras.optimizers.Adam(schedule), "sparse_categorical_crossentropy")
        return model

    result = run(toy(), space_of(build, inputs="table"), epochs=2)
    assert result.state is TrialState.COMPLETED, result.reason
    rates = [row["learning_rate"] for row in read_history(run.directory)]
    assert rates == pytest.approx([0.01 * 0.5 ** (steps / 10) for steps in (5, 10)], rel=1e-5)


def test_nothing_of_a_trial_stays_in_memory(toy, run):
    data = toy()

    def kept():
        gc.collect()
        names = [type(thing).__name__ for thing in gc.get_objects()]
        return sum(name.endswith("FuncGraph") or name == "Functional" for name in names)

    run(data, config={"optimizer": "nadam"}, epochs=1)
    before = kept()
    for seed in range(3):
        run(data, config={"optimizer": "nadam", "dropout": 0.2}, seed=seed, epochs=1)
    run(data, space_of(raising(ValueError())))
    assert kept() <= before


def test_scores_are_finite_numbers(toy, run):
    result = run(toy(), epochs=1)
    assert math.isfinite(result.score)
    assert result == from_form(type(result), to_form(result))


def test_training_metrics_weigh_rows_as_validation_metrics_do(toy, run):
    """With weights of rows and of classes: the gap is between scores of the same kind."""
    data = toy(TaskKind.BINARY, weighted=True)
    plain = run(data, epochs=3)
    factor = np.where(np.asarray(data.train.rows.truth)[:, 0] > 0, 5.0, 1.0).astype(np.float32)
    loss_weight = data.train.rows.weight * factor
    rows = dataclasses.replace(data.train.rows, loss_weight=loss_weight)
    weighted = dataclasses.replace(data, train=type(data.train).from_rows(rows))
    np.testing.assert_array_equal(weighted.train.weight.numpy(), loss_weight)
    result = run(weighted, epochs=3)
    assert result.metrics != plain.metrics  # the loss has changed
    model = keras.models.load_model(run.directory / "model.keras", compile=False)
    predictions = data.answers(model.predict(dict(data.train.inputs), verbose=0))
    expected = compute_metrics(data.task, rows.truth, predictions, rows.weight)
    assert result.train_metrics == pytest.approx(expected, rel=1e-4)


def test_a_trial_that_has_taken_its_share_of_the_search_is_complete(toy, run, clock):
    clock.step = 0.005
    result = run(
        toy(TaskKind.BINARY), epochs=1_000_000, patience=1_000_000, time=TrialTime(share=2.0)
    )
    assert result.state is TrialState.COMPLETED
    assert result.score is not None and result.epochs > 0
    assert result.reason.startswith("it took its share of --time, 2 s")
