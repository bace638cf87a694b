"""Losses and optimizers given beside a builder: recorded, sent, or refused."""

from __future__ import annotations

import json
from typing import Any

import keras
import pytest

from automl.common.forms import to_form
from automl.engines.contract import SpaceHandle
from automl.errors import RequestError
from automl.space.fit_options import (
    FitOptions,
    check_fit,
    recordable,
)
from automl.space.keras_tuner import fitted_with, hyper_space


@pytest.mark.parametrize(
    ("loss", "arguments"),
    [
        (keras.losses.Huber(0.3), {"delta": 0.3}),  # which Keras leaves out of its own form
        (keras.losses.Tversky(alpha=0.2), {"alpha": 0.2}),
        (keras.losses.BinaryCrossentropy(from_logits=True), {"from_logits": True}),
        (keras.losses.MeanSquaredError, {}),
    ],
)
def test_a_loss_survives_its_record(loss: Any, arguments: dict[str, Any]) -> None:
    form = json.loads(json.dumps(recordable("loss", loss)))
    found = keras.losses.get(FitOptions(loss=form).loss)
    assert type(found) is (loss if isinstance(loss, type) else type(loss))
    assert arguments.items() <= found._fn_kwargs.items()


def test_an_optimizer_survives_its_record() -> None:
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    form = json.loads(json.dumps(recordable("optimizer", keras.optimizers.SGD(decay, 0.8))))
    found = keras.optimizers.get(FitOptions(optimizer=form).optimizer)
    assert (type(found), found.momentum) == (keras.optimizers.SGD, 0.8)
    assert float(found.learning_rate) == pytest.approx(0.1)


def test_one_form_makes_an_optimizer_for_every_trial() -> None:
    from automl.models.hyper import compile_as_asked

    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    fit = FitOptions(optimizer=recordable("optimizer", keras.optimizers.Adam(decay)))
    before = json.dumps(to_form(fit))
    for _ in range(2):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        compile_as_asked(model, fit)
        assert type(model.optimizer) is keras.optimizers.Adam
    assert json.dumps(to_form(fit)) == before


def test_names_stay_names() -> None:
    assert recordable("loss", "mae") == "mae"
    assert recordable("loss", keras.losses.mean_squared_error) == "mean_squared_error"
    assert recordable("loss", None) is None


def own(truth: Any, predicted: Any) -> Any:
    return truth - predicted


class Own(keras.losses.Loss):
    """A loss of a person's own."""


@pytest.mark.parametrize("loss", [own, Own(), Own])
def test_what_is_of_one_s_own_is_refused(loss: Any) -> None:
    with pytest.raises(RequestError, match=r"is [Oo]wn, which is not Keras's own"):
        recordable("loss", loss)


@pytest.mark.parametrize(
    "form",
    [
        {"module": "evil", "class_name": "Loss", "config": {}, "registered_name": None},
        {"module": "keras.losses", "class_name": "__lambda__", "config": {}},
        {"module": "keras.losses", "class_name": "L", "config": {}, "registered_name": "a>L"},
        {"module": "keras.losses", "class_name": "L", "config": {"x": [{"class_name": "Y"}]}},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
    ],
)
def test_a_record_that_names_other_code_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="names code that is not Keras's own"):
        FitOptions(loss=form)


@pytest.mark.parametrize("name", ["loss", "optimizer"])
def test_other_spaces_refuse_them(name: str) -> None:
    with pytest.raises(RequestError, match=f"--{name} is for models of your own"):
        check_fit("mlp", False, {name: ("x",)})
    check_fit("mlp", False, {})
    check_fit("net", True, {name: "x"})


def build(hp: Any) -> Any:
    return None


def test_they_reach_a_worker_with_the_space() -> None:
    options = FitOptions(loss="mae", settled=("rate",))
    for reference in (None, f"{__name__}:build"):
        handle = SpaceHandle.of(fitted_with(hyper_space(build, reference), options))
        again = SpaceHandle(**json.loads(json.dumps(vars(handle))))
        assert again.load().build.fit == options  # type: ignore[union-attr]
