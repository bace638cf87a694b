"""Where weights are averaged, the average is what is validated and saved."""

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
from automl.training.averaged_weights import (
    AveragedWeights,
    CheckpointAverages,
    MovingAverages,
)
from automl.training.device_data import DeviceData
from automl.training.evaluation import Evaluator
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialResult, TrialSpec
from tests.training.conftest import make_arrays

AVERAGED = {"weight_averaging": "moving_average", "average_decay": 0.9}
LATE = {"weight_averaging": "checkpoint_average", "averaged_epochs": 3}


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
    with MovingAverages(averaged.optimizer).in_place(1):
        np.testing.assert_allclose(averaged.get_weights()[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(averaged.get_weights()[0], trained[0])


def test_the_weights_are_back_where_scoring_them_fails() -> None:
    model = compiled(AVERAGED)
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
    model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))
    trained = model.get_weights()[0]
    with pytest.raises(ValueError, match="no"), MovingAverages(model.optimizer).in_place(1):
        assert not np.array_equal(model.get_weights()[0], trained)
        raise ValueError("no")
    np.testing.assert_array_equal(model.get_weights()[0], trained)


def test_without_averages_nothing_is_put_in_place() -> None:
    with AveragedWeights().in_place(1):
        assert AveragedWeights().packed() == []


def scored_after_each(epochs: int, most: int, weights: list[Any]) -> list[Any]:
    """The weights that are scored after each epoch, where those of the epochs are these."""
    model = compiled({})
    evaluator = Evaluator(model)
    averages, scored = CheckpointAverages(evaluator, most), []
    for epoch in range(1, epochs + 1):
        model.set_weights(weights[epoch - 1])
        with averages.in_place(epoch):
            scored.append(model.get_weights())
        for now, trained in zip(model.get_weights(), weights[epoch - 1], strict=True):
            np.testing.assert_array_equal(now, trained)
    return scored


def test_the_mean_is_that_of_the_last_epochs_and_of_no_more_than_the_later_half() -> None:
    rng = np.random.default_rng(0)
    shapes = [weight.shape for weight in compiled({}).get_weights()]
    weights = [[rng.normal(size=shape).astype(np.float32) for shape in shapes] for _ in range(9)]
    scored = scored_after_each(9, 3, weights)
    for epoch, count in zip(range(1, 10), (1, 1, 2, 2, 3, 3, 3, 3, 3), strict=True):
        for place in range(len(shapes)):
            late = [one[place] for one in weights[epoch - count : epoch]]
            np.testing.assert_allclose(scored[epoch - 1][place], np.mean(late, axis=0), rtol=1e-6)


def test_whole_numbers_and_narrow_ones_keep_their_type() -> None:
    class Counting(keras.layers.Layer):
        def build(self, _: Any) -> None:
            self.count = self.add_weight(name="count", shape=(), dtype="int64", trainable=False)
            self.factor = self.add_weight(name="factor", shape=(2,), dtype="bfloat16")

        def call(self, x: Any) -> Any:
            return x

    model = keras.Sequential([keras.Input((3,)), Counting()])
    model.compile("sgd", "mse")
    averages = CheckpointAverages(Evaluator(model), 3)
    for epoch, (count, factor) in enumerate([(1, 1.0), (2, 2.0), (3, 4.0)], start=1):
        model.layers[0].count.assign(count)
        model.layers[0].factor.assign([factor, factor])
        with averages.in_place(epoch):
            found = int(model.layers[0].count), float(model.layers[0].factor[0])
    assert found == (3, 3.0)
    assert model.layers[0].factor.dtype == "bfloat16"


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


@pytest.mark.parametrize(("averaging", "trainer"), [(AVERAGED, "compiled"), (LATE, "kernel")])
def test_the_model_that_is_saved_is_the_averaged_one_that_was_scored(
    averaging: dict[str, Any], trainer: str, tmp_path: Path
) -> None:
    result, data = trained(tmp_path / "averaged", **averaging)
    plain, _ = trained(tmp_path / "plain")
    assert (plain.trainer, result.trainer) == ("kernel", trainer)
    assert result.score != plain.score
    model = load_keras(tmp_path / "averaged" / "trials" / "0" / "model.keras")
    rows = data.validation
    probabilities = model.predict(dict(rows.inputs), verbose=0)
    truth = np.asarray(rows.rows.truth).astype(int).reshape(-1)
    loss = -np.log(probabilities[np.arange(len(truth)), truth]).mean()
    assert loss == pytest.approx(result.score, rel=1e-5)


def test_it_is_one_of_the_hyperparameters_of_training_of_every_space() -> None:
    assert {"weight_averaging", "average_decay", "averaged_epochs"} <= set(SPACE.names)
    without = SearchSpace("own", training_hyperparameters(averaging=False), dense)
    assert "weight_averaging" not in without.names
