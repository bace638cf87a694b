"""Searches of a person's own models on arrays: numbers come as the models want them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

import automl
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.export.bundle import open_bundle
from automl.export.predict import predict
from automl.models.hyper_tracing import traced
from automl.space.keras_tuner import hyper_space
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec
from automl.tuning.observer import Observer

EMBEDDING = """
import keras


def build(hp):
    model = keras.Sequential(
        [
            keras.Input((10,)),
            keras.layers.Embedding(64, hp.Int("size", 4, 8)),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model
"""


def tokens() -> tuple[Any, Any]:
    """Rows of tokens; those with the token 7 are of the second class."""
    rng = np.random.default_rng(0)
    x = rng.integers(8, 64, (600, 10))
    y = np.arange(600) % 2
    x[y == 1, 3] = 7
    return x, y


class Listener(Observer):
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def note(self, sentence: str) -> None:
        self.sentences.append(sentence)


def test_tokens_stay_whole_numbers(warm: None, tmp_path: Path) -> None:
    space = tmp_path / "tokens.py"
    space.write_text(EMBEDDING)
    x, y = tokens()
    listener = Listener()
    run = automl.search(
        (x, y),
        space=str(space),
        trials=1,
        epochs=15,
        workers=1,
        cv="none",
        directory=tmp_path / "run",
        observer=listener,
    )
    result = run.record.trials[0].result
    assert result is not None and result.metrics["accuracy"] > 0.97
    said = [sentence for sentence in listener.sentences if "--input" in sentence]
    assert len(said) == 1 and "Embedding" in said[0]
    assert json.loads((run.path / "run.json").read_text())["request"]["data"]["input"] == "raw"
    bundle = open_bundle(run.path / "best")
    assert bundle.config["input"] == "raw"
    assert (predict(run.path / "best", x)["prediction"] == y).mean() > 0.97


def own_scaling(hp: Any) -> Any:
    """Scales for itself; its weights are known and stay, for its rate is 0."""
    hp.Int("unused", 1, 2)
    inputs = keras.Input((4, 4))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    known = keras.initializers.Constant(0.3)
    outputs = keras.layers.Dense(1, "sigmoid", kernel_initializer=known)(x)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy")
    return model


def images() -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (200, 4, 4)).astype(np.uint8)
    return x, (x.mean((1, 2)) > 127).astype(np.int64)


@pytest.mark.parametrize(("how", "equal"), [("raw", True), ("standardize", False)])
def test_a_model_that_scales_gets_what_plain_keras_gives_it(
    how: str, equal: bool, tmp_path: Path
) -> None:
    data = prepare(DataRequest(images()), wanted=lambda task, signature: how)
    space = traced(hyper_space(own_scaling))
    spec = TrialSpec(0, space.defaults().to_json(), 0, TrialBudget(epochs=1, patience=1))
    result = train_trial(
        spec,
        space,
        DeviceData.from_arrays(data),
        default_objective(data.task),
        tmp_path / "trials" / "0",
        lambda _: Answer.GO_ON,
        lambda: None,
    )
    images_of_255 = data.validation.inputs["numeric"].reshape(-1, 4, 4)
    assert bool((images_of_255 == images_of_255.round()).all()) is equal
    raw = prepare(DataRequest(images(), input="raw")).validation
    plain = own_scaling(keras_tuner.HyperParameters())
    expected = plain.evaluate(raw.inputs["numeric"].reshape(-1, 4, 4), raw.target, verbose=0)
    assert result.score is not None
    assert (abs(result.score - expected) < 1e-5) is equal


def test_what_is_asked_for_overrules(tmp_path: Path) -> None:
    asked: list[str] = []

    def wanted(task: Any, signature: Any) -> str:
        asked.append("asked")
        return "raw"

    x, y = tokens()
    data = prepare(DataRequest((x, y), input="standardize"), wanted)
    assert not asked
    assert abs(float(data.train.inputs["numeric"].mean())) < 0.01
    raw = prepare(DataRequest((x, y), input="raw"))
    assert set(np.unique(raw.train.inputs["numeric"])) <= set(range(64))
    assert DataRequest.from_json({"source": "iris"}).input == "standardize"  # of an older run
    with pytest.raises(automl.errors.RequestError, match="There is no --input none"):
        DataRequest((x, y), input="none")


def test_a_table_is_left_as_it_is_too() -> None:
    data = prepare(DataRequest("iris", input="raw"))
    assert float(data.train.inputs["numeric"].min()) == pytest.approx(0.1)
