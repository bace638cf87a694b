"""A trial gives layers the first weights that they want, from its training rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.models import first_weights
from automl.models.first_weights import set_first_statistics
from automl.space import find_space
from automl.training import train_trial as train_trial_module
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec, TrialState
from automl.vocabulary.inputs import IMAGE


def images(rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Images of 12 x 12 whose class is the half that is bright."""
    generator = np.random.default_rng(0)
    x = generator.integers(0, 90, (rows, 12, 12, 1)).astype(np.uint8)
    y = np.arange(rows) % 2
    x[y == 0, :6] += 120
    x[y == 1, 6:] += 120
    return x, y


def trained(tmp_path: Path, **values: Any) -> Any:
    data = DeviceData.from_arrays(prepare(DataRequest(images(), kind=IMAGE)))
    space = find_space("fastcnn")
    config = space.configuration({"fast_widths": (16, 32, 64), "batch_size": 32, **values})
    result = train_trial(
        TrialSpec(0, config.to_json(), 1, TrialBudget(epochs=2, patience=2, seconds=300.0)),
        *(space, data, default_objective(data.task), tmp_path / "0"),
        *(lambda _: Answer.GO_ON, lambda: None),
    )
    assert result.state is TrialState.COMPLETED, result.reason
    return keras.models.load_model(tmp_path / "0" / "model.keras", compile=False)


def test_the_whitening_of_a_trained_model_is_that_of_its_rows(tmp_path: Path) -> None:
    kernel = trained(tmp_path).get_layer("whitening").kernel.numpy()
    assert np.array_equal(kernel[..., :4], -kernel[..., 4:])
    assert np.max(np.abs(kernel)) > 0


def test_a_trial_that_goes_on_computes_no_first_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def counted(own: Any, *given: Any) -> None:
        called.append(own.__name__)
        own(*given)

    for name in ("set_first_weights", "set_first_statistics"):
        own = getattr(first_weights, name)
        monkeypatch.setattr(train_trial_module, name, partial(counted, own))
    data = DeviceData.from_arrays(prepare(DataRequest(images(), kind=IMAGE)))
    space = find_space("fastcnn")
    values = {"fast_widths": (16, 32, 64), "batch_size": 32, "optimizer": "adam"}

    def run(folder: str, start: str = "", pause: int = 0, **others: Any) -> TrialResult:
        config = space.configuration({**values, **others}).to_json()
        path = tmp_path / folder / "trials" / "0"
        path.mkdir(parents=True, exist_ok=True)
        return train_trial(
            TrialSpec(0, config, 1, TrialBudget(epochs=3, patience=3), start=start),
            *(space, data, default_objective(data.task), path),
            *(lambda one: Answer.PAUSE if one.epoch == pause else Answer.GO_ON, lambda: None),
        )

    whole = run("whole")
    paused = run("parts", pause=1)
    assert called == ["set_first_weights", "set_first_statistics"] * 2
    gone_on = run("parts", start=paused.checkpoint)
    assert len(called) == 4 and gone_on.state is TrialState.COMPLETED and not gone_on.notes
    assert (gone_on.model_hash, gone_on.score) == (whole.model_hash, whole.score)
    other = run("other", pause=1, optimizer="sgd")  # its optimizer holds other numbers
    anew = run("other", start=other.checkpoint)
    assert len(called) == 8 and "began anew" in anew.notes[0]
    assert (anew.model_hash, anew.score) == (whole.model_hash, whole.score)


def normalized() -> Any:
    """A network with a depthwise convolution whose maps hardly vary, and what normalizes them."""
    inputs = keras.Input((6, 6, 2))
    small = keras.initializers.RandomNormal(stddev=0.01, seed=1)
    x = keras.layers.DepthwiseConv2D(3, depthwise_initializer=small)(inputs)
    x = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization(momentum=0.99, name="one")(x))
    x = keras.layers.Flatten()(keras.layers.BatchNormalization(name="two")(x))
    return keras.Model(inputs, keras.layers.BatchNormalization(name="flat")(x))


def test_normalizations_begin_with_the_statistics_of_a_batch() -> None:
    rows = np.random.default_rng(0).normal(3.0, 2.0, (40, 6, 6, 2)).astype(np.float32)
    asked: list[int] = []

    def first(count: int) -> Any:
        asked.append(count)
        return rows[:count]

    keras.utils.set_random_seed(0)
    model, plain = normalized(), normalized()
    seeds = [np.array(one) for one in model.non_trainable_variables if "seed" in one.path]
    set_first_statistics(model, first, 32)
    assert asked == [32]
    one, two = model.get_layer("one"), model.get_layer("two")
    maps = np.array(keras.Model(model.input, one.input)(rows[:32]))
    np.testing.assert_allclose(one.moving_mean, maps.mean((0, 1, 2)), rtol=1e-4)
    np.testing.assert_allclose(one.moving_variance, maps.var((0, 1, 2)), rtol=1e-3)
    # Behind it maps vary by 1: what was normalized by the batch is what the next layer has seen.
    np.testing.assert_allclose(
        two.moving_variance, maps.var((0, 1, 2)) / (maps.var((0, 1, 2)) + 1e-3), rtol=1e-3
    )
    assert (one.momentum, one.trainable) == (0.99, True)
    again = [np.array(one) for one in model.non_trainable_variables if "seed" in one.path]
    assert [np.array_equal(*both) for both in zip(seeds, again, strict=True)] == [True]
    # What is predicted afterwards is normalized by these, and learns nothing more.
    answers = [np.array(one(rows, training=False)) for one in (model, model, plain)]
    assert np.array_equal(*answers[:2]) and answers[0].std() > 5 * answers[2].std()


def test_normalizations_that_have_learnt_and_those_of_vectors_alone_stay() -> None:
    model = normalized()
    taken, frozen = model.get_layer("one"), model.get_layer("two")
    taken.moving_mean.assign([1.0, 2.0])
    frozen.trainable = False
    rows = np.ones((32, 6, 6, 2), np.float32)
    set_first_statistics(model, lambda count: rows[:count], 32)
    assert np.array_equal(taken.moving_mean, [1.0, 2.0])
    assert np.array_equal(frozen.moving_variance, [1.0, 1.0])
    inputs = keras.Input((3,))
    vectors = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
    set_first_statistics(vectors, lambda count: 1 / 0, 32)


def test_a_network_of_depthwise_convolutions_is_not_validated_at_chance(tmp_path: Path) -> None:
    data = DeviceData.from_arrays(prepare(DataRequest(images(), kind=IMAGE)))
    space = find_space("xception").override({"batch_size": 32})
    values = {"middle_blocks": 1, "width_factor": 0.125, "batch_norm_momentum": 0.99}
    result = train_trial(
        TrialSpec(0, space.configuration(values).to_json(), 1, TrialBudget(epochs=4, patience=4)),
        *(space, data, default_objective(data.task), tmp_path / "0"),
        *(lambda _: Answer.GO_ON, lambda: None),
    )
    assert result.metrics["accuracy"] > 0.9, result.metrics
