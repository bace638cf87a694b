"""Which trainer a model gets, and what is said where it is not the fastest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.common.forms import from_form, to_form
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.space import SearchSpace
from automl.training import graphs
from automl.training.device_data import DeviceData
from automl.training.kernel import trainer as kernel_trainer
from automl.training.kernel.loading import load_kernel
from automl.training.loop import CompiledTrainer
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState


@pytest.fixture(scope="module")
def data() -> DeviceData:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3)).astype(np.float32)
    return DeviceData.from_arrays(prepare(DataRequest((x, (x[:, 0] > 0).astype(np.int64)))))


def trained(build: Any, data: DeviceData, folder: Path, *callbacks: Any) -> TrialResult:
    space = SearchSpace("own", [], build, inputs="vector")
    spec = TrialSpec(0, {}, 0, TrialBudget(epochs=2, patience=2))
    return train_trial(
        spec,
        space,
        data,
        default_objective(data.task),
        folder / "trials" / "0",
        lambda _: Answer.GO_ON,
        lambda: None,
        callbacks=lambda: callbacks,
    )


def dense(config: Any, inputs: Any, task: Any) -> Any:
    return keras.layers.Dense(4, "relu")(inputs)


def other(config: Any, inputs: Any, task: Any) -> Any:
    """A net that the kernel does not know."""
    rows = keras.layers.Reshape((3, 1))(inputs)
    return keras.layers.Flatten()(keras.layers.LSTM(2)(rows))


def model_of(kind: type[keras.Model], **options: Any) -> Any:
    def build(config: Any, inputs: Any, task: Any) -> Any:
        made = kind(inputs, keras.layers.Dense(1, "sigmoid")(inputs))
        made.compile("adam", "binary_crossentropy", **options)
        return made

    return build


class Counting(keras.Model):
    """Its step asks for a number of Python's, which no graph can give."""

    def train_step(self, data: Any) -> Any:
        logs = super().train_step(data)
        self.last = float(logs["loss"])
        return logs


class Fitting(keras.Model):
    """Has a fit of its own."""

    def fit(self, *args: Any, **kwargs: Any) -> Any:
        return super().fit(*args, **kwargs)


class Subclassed(keras.Model):
    """Has layers and no graph of them, so neither ``inputs`` nor ``outputs``."""

    def __init__(self) -> None:
        super().__init__()
        self.last = keras.layers.Dense(1, "sigmoid")

    def call(self, x: Any) -> Any:
        return self.last(x)


class Stepping(Subclassed):
    """And a step of its own."""

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)


@pytest.mark.parametrize("kind", [Subclassed, Stepping])
def test_a_model_that_is_no_graph_of_layers_is_compiled(
    kind: type[keras.Model], data: DeviceData, tmp_path: Path
) -> None:
    def build(config: Any, inputs: Any, task: Any) -> Any:
        model = kind()
        model.compile("adam", "binary_crossentropy")
        return model

    result = trained(build, data, tmp_path)
    assert result.trainer == "compiled" and not any("slower" in note for note in result.notes)


def test_a_dense_net_is_trained_by_the_kernel(data: DeviceData, tmp_path: Path) -> None:
    result = trained(dense, data, tmp_path)
    assert result.trainer == ("kernel" if load_kernel() else "compiled")
    assert load_kernel() is None or result.notes == ()


def test_without_the_kernel_a_dense_net_is_compiled_and_it_is_told(
    data: DeviceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_trainer, "load_kernel", lambda: None)
    result = trained(dense, data, tmp_path)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.trainer == "compiled"
    (note,) = result.notes
    assert "slower than by the compiled kernel, which is not there" in note
    assert trained(other, data, tmp_path).notes == ()


def test_another_net_is_compiled(data: DeviceData, tmp_path: Path) -> None:
    result = trained(other, data, tmp_path)
    assert (result.trainer, result.notes) == ("compiled", ())


@pytest.mark.parametrize(
    ("build", "trainer", "words"),
    [
        (model_of(Counting), "eager", "eagerly"),
        (model_of(keras.Model, run_eagerly=True), "eager", "run_eagerly=True"),
        (model_of(Fitting), "fit", "of their own"),
    ],
)
def test_a_slower_trainer_is_recorded_and_told_with_its_reason(
    build: Any, trainer: str, words: str, data: DeviceData, tmp_path: Path
) -> None:
    result = trained(build, data, tmp_path)
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.trainer == trainer
    assert len(result.notes) == 1 and words in result.notes[0] and "\n" not in result.notes[0]
    assert from_form(TrialResult, to_form(result)) == result


@pytest.mark.parametrize(("build", "trainer"), [(other, "fit"), (model_of(Counting), "eager")])
def test_callbacks_call_fit_which_traces_what_can_be_traced(
    build: Any, trainer: str, data: DeviceData, tmp_path: Path
) -> None:
    seen: list[int] = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: seen.append(epoch))
    result = trained(build, data, tmp_path, callback)
    assert result.state is TrialState.COMPLETED, result.reason
    assert (result.trainer, seen) == (trainer, [0, 1])
    assert [("eagerly" in note) for note in result.notes] == [True] * (trainer == "eager")


def test_a_loop_that_cannot_be_traced_leaves_graphs_of_one_step(
    data: DeviceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = trained(other, data, tmp_path)

    def refuse(*_: Any) -> None:
        raise RuntimeError("not in a loop")

    monkeypatch.setattr(CompiledTrainer, "trace", refuse)
    result = trained(other, data, tmp_path)
    assert result.trainer == "fit"
    assert len(result.notes) == 1 and "not in a loop" in result.notes[0]
    assert result.score == pytest.approx(expected.score, rel=1e-5)


def test_a_private_tracer_that_fails_is_replaced_and_told(
    data: DeviceData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = trained(other, data, tmp_path)

    def changed(*_: Any, **__: Any) -> None:
        raise TypeError("trace_function() takes something else now")

    monkeypatch.setattr(graphs, "trace_function", changed)
    result = trained(other, data, tmp_path)
    assert result.trainer == "compiled"
    assert "something else now" in result.notes[0]
    assert result.score == pytest.approx(expected.score, rel=1e-6)


def test_a_result_of_an_older_run_has_no_trainer() -> None:
    form = to_form(TrialResult(TrialState.COMPLETED))
    del form["trainer"], form["unsaved"]
    assert from_form(TrialResult, form).trainer == ""
