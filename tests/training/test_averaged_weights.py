"""Where a moving average of the weights is kept, that is what is validated and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from automl.data.metrics import default_objective
from automl.data.task import TaskKind
from automl.export.bundle import load_keras
from automl.models.optimizers import make_optimizer
from automl.space import SearchSpace, training_hyperparameters
from automl.training.averaged_weights import AveragedWeights
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec
from tests.training.conftest import make_arrays

AVERAGED = {"weight_averaging": "moving_average", "average_decay": 0.9}


def compiled(config: dict[str, Any]) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(make_optimizer({"optimizer": "sgd", "learning_rate": 0.1, **config}), "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def test_the_average_is_that_of_the_weights_after_each_step() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 2))
    plain, averaged = compiled({}), compiled(AVERAGED)
    expected = None
    for _ in range(5):
        for model in (plain, averaged):
            model.train_on_batch(x, y)
        now = plain.get_weights()[0]
        expected = now if expected is None else 0.9 * expected + 0.1 * now
    trained = averaged.get_weights()
    np.testing.assert_array_equal(trained[0], plain.get_weights()[0])
    with AveragedWeights(averaged).in_place():
        np.testing.assert_allclose(averaged.get_weights()[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(averaged.get_weights()[0], trained[0])


def test_the_weights_are_back_where_scoring_them_fails() -> None:
    model = compiled(AVERAGED)
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
    trained = model.get_weights()[0]
    with pytest.raises(ValueError, match="no"), AveragedWeights(model).in_place():
        assert not np.array_equal(model.get_weights()[0], trained)
        raise ValueError("no")
    np.testing.assert_array_equal(model.get_weights()[0], trained)


def test_without_averages_nothing_is_put_in_place() -> None:
    model = compiled({})
    before = model.get_weights()[0]
    for averages in (AveragedWeights(model), AveragedWeights()):
        with averages.in_place():
            np.testing.assert_array_equal(model.get_weights()[0], before)


def dense(config: Any, inputs: Any, task: Any) -> Any:
    return keras.layers.Dense(8, activation="relu")(inputs)


SPACE = SearchSpace("own", training_hyperparameters(), dense)


def trained(path: Path, **config: Any) -> tuple[TrialResult, DeviceData]:
    data = DeviceData.from_arrays(make_arrays(TaskKind.MULTICLASS, rows=90, validation=30))
    whole = SPACE.configuration({"optimizer": "adam", "learning_rate": 0.01, **config})
    spec = TrialSpec(0, whole.to_json(), 0, TrialBudget(4, 4))
    objective = default_objective(data.task)
    path.mkdir()
    where = path / "trials" / "0"
    result = train_trial(spec, SPACE, data, objective, where, lambda _: Answer.GO_ON, lambda: None)
    return result, data


def test_the_model_that_is_saved_is_the_averaged_one_that_was_scored(tmp_path: Path) -> None:
    result, data = trained(tmp_path / "averaged", **AVERAGED)
    plain, _ = trained(tmp_path / "plain")
    assert (plain.trainer, result.trainer) == ("kernel", "compiled")
    assert result.score != plain.score
    model = load_keras(tmp_path / "averaged" / "trials" / "0" / "model.keras")
    rows = data.validation
    probabilities = model.predict(dict(rows.inputs), verbose=0)
    truth = np.asarray(rows.rows.truth).astype(int).reshape(-1)
    loss = -np.log(probabilities[np.arange(len(truth)), truth]).mean()
    assert loss == pytest.approx(result.score, rel=1e-5)


def test_it_is_one_of_the_hyperparameters_of_training_of_every_space() -> None:
    assert {"weight_averaging", "average_decay"} <= set(SPACE.names)
    without = SearchSpace("own", training_hyperparameters(averaging=False), dense)
    assert "weight_averaging" not in without.names
