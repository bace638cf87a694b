"""The gradient boosting baseline: what it is given, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from automl.common.forms import from_form, to_form
from automl.common.root import Root
from automl.data.arrays import save_arrays
from automl.data.metrics import Objective, compute_metrics, default_objective
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.results.predictions import read_predictions
from automl.training import boosting
from automl.training.boosting import BoostedTrees, Extent, extent_of
from automl.training.boosting_in_child import score_boosting_in_child, train_in_child
from automl.trial import BOOSTING, FailureCause, TrialBudget, TrialResult, TrialSpec, TrialState
from automl.vocabulary.losses import LOSS

FULL = Extent()


def frame(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, colour = rng.normal(size=rows), rng.choice(["red", "green", "blue"], rows)
    return pd.DataFrame(
        {
            "a": a,
            "colour": colour,
            "w": rng.uniform(0.5, 2.0, rows),
            "number": 100.0 + 5.0 * a * (colour == "red") + rng.normal(scale=0.1, size=rows),
            "binary": np.where(a + (colour == "blue") > 0.3, "yes", "no"),
            "classes": np.where(a > 0.5, "high", np.where(colour == "green", "green", "low")),
            "one": (a > 0).astype(int),
            "two": (colour == "blue").astype(int),
        }
    )


def prepared(
    target: Any, inputs: tuple[str, ...] = ("a", "colour"), **options: Any
) -> PreparedData:
    targets = [target] if isinstance(target, str) else list(target)
    weight = [options["weight"]] if "weight" in options else []
    rows = frame()[[*inputs, *weight, *targets]]
    return prepare(DataRequest(rows, target, **options))


@pytest.mark.parametrize("target", ["binary", "classes", "number", ("one", "two")])
def test_each_kind_of_task_is_learnt(target: Any) -> None:
    options = {} if isinstance(target, str) else {"task": "multilabel"}
    data = prepared(target, **options)
    trees = BoostedTrees(data, 1, FULL)
    found = trees.in_own_units(trees.outputs(data.validation))
    assert found.shape == (len(data.validation), data.task.outputs)
    metrics = compute_metrics(data.task, data.validation.truth, found, data.validation.weight)
    known = metrics.get("accuracy", metrics.get("subset_accuracy", metrics.get("r2")))
    assert known is not None and known > 0.9
    assert trees.nodes > 100


def test_several_numbers_are_a_model_each() -> None:
    data = prepared(("number", "w"), task="regression")
    trees = BoostedTrees(data, 1, FULL)
    alone = BoostedTrees(prepared("number"), 1, FULL)
    both = trees.in_own_units(trees.outputs(data.validation))
    assert both.shape == (len(data.validation), 2)
    one = alone.in_own_units(alone.outputs(data.validation))
    np.testing.assert_allclose(both[:, :1], one, rtol=1e-5)


@pytest.mark.parametrize("class_weight", [None, {"yes": 30.0}])
def test_rows_weigh_in_training_what_they_weigh_for_trials(class_weight: Any) -> None:
    data = prepared("binary", weight="w", class_weight=class_weight)
    train = data.train
    weight = train.weight if class_weight is None else train.loss_weight
    inputs = np.concatenate([train.inputs["numeric"], train.inputs["categorical"]], axis=1)
    categories = np.arange(inputs.shape[1]) >= data.signature.numeric
    own = HistGradientBoostingClassifier(random_state=3, categorical_features=categories)
    own.fit(inputs.astype(np.float32), np.ravel(train.target), weight)
    trees = BoostedTrees(data, 3, FULL)
    expected = own.predict_proba(inputs.astype(np.float32))[:, 1:]
    np.testing.assert_array_equal(trees.outputs(train), expected)


def test_categories_beyond_what_scikit_learn_can_split_are_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = prepared("number", inputs=("colour",))
    monkeypatch.setattr(boosting, "MOST_CATEGORIES", 3)  # red, green, blue, and any other
    inputs = data.train.inputs["categorical"].astype(np.float32)
    own = HistGradientBoostingRegressor(random_state=0).fit(inputs, np.ravel(data.train.target))
    found = BoostedTrees(data, 0, FULL).outputs(data.train)[:, 0]
    np.testing.assert_allclose(found, own.predict(inputs))


def test_a_label_that_no_training_row_has_is_never_told() -> None:
    data = prepared(("one", "two"), task="multilabel")
    target = np.array(data.train.target)
    target[:, 1] = 0.0
    data = replace(data, train=replace(data.train, target=target))
    assert (BoostedTrees(data, 0, FULL).outputs(data.validation)[:, 1] == 0.0).all()


def test_a_class_of_one_row_costs_no_early_stopping_s_stratification(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boosting, "EARLY_STOPPING_ROWS", 100)
    data = prepared("classes")
    target = np.array(data.train.target)
    rare = int(target.max())
    target[target == rare] = 0
    target[0] = rare
    data = replace(data, train=replace(data.train, target=target))
    assert BoostedTrees(data, 0, FULL).outputs(data.validation).shape[1] == 3


def test_what_would_take_too_long_is_cut() -> None:
    data = prepared("classes")
    work = len(data.train) * 2 * 3  # rows x columns x classes
    assert extent_of(data, 1, None) == FULL
    assert extent_of(data, 1, 50 * work / boosting.WORK_A_SECOND).iterations == 50
    assert extent_of(data, 5, 100 * work / boosting.WORK_A_SECOND).iterations == 20
    assert extent_of(data, 1, 0.0).iterations == boosting.FEWEST_ITERATIONS
    few = BoostedTrees(data, 0, Extent(rows=50))
    assert few.nodes < BoostedTrees(data, 0, FULL).nodes


def trained(
    folder: Path, data: PreparedData, objective: Objective | None = None, **limits: Any
) -> TrialResult:
    save_arrays(data, folder / "arrays")
    spec = TrialSpec(BOOSTING, {}, 5, TrialBudget(1, 1, **limits), space=BOOSTING)
    form = to_form(objective or default_objective(data.task))
    arrays = str(folder / "arrays")
    return from_form(TrialResult, train_in_child(to_form(spec), arrays, str(folder), form))


def test_it_is_scored_as_trials_are_and_its_predictions_are_kept(tmp_path: Path) -> None:
    data = prepared("number", weight="w")
    result = trained(tmp_path, data)
    assert result.state is TrialState.COMPLETED and result.trainer == "scikit-learn"
    assert result.score == result.metrics["mse"] and "mse" in result.train_metrics
    assert result.folds == () and result.parameters > 100 and result.notes == ()
    kept = read_predictions(Root(tmp_path), tmp_path / result.predictions)["holdout"]
    rows = data.validation
    again = compute_metrics(data.task, rows.truth, kept.values, rows.weight)
    assert again["mse"] == pytest.approx(result.score, rel=1e-4)
    np.testing.assert_array_equal(kept.rows, data.validation_positions)


def test_the_same_trees_are_scored_on_the_test_rows(tmp_path: Path) -> None:
    data = prepared("classes")
    result = trained(tmp_path, data, seconds=0.001)
    iterations = result.scaled["max_iter"]
    assert iterations < 100
    assert f"for {iterations} of 100 iterations" in result.notes[0]
    assert data.test is not None
    trees = BoostedTrees(data, 5, Extent(iterations))
    expected = compute_metrics(data.task, data.test.truth, trees.outputs(data.test))
    arrays = str(tmp_path / "arrays")
    scored = score_boosting_in_child(arrays, 5, result.scaled, "log_loss")
    assert scored["metrics"] == expected
    low, high = scored["interval"]
    assert low < expected["log_loss"] < high


@pytest.mark.parametrize("target", ["number", "classes"])
def test_ranked_by_the_loss_it_has_that_of_the_task_s_models(tmp_path: Path, target: str) -> None:
    data = prepared(target)
    result = trained(tmp_path, data, Objective(LOSS, "minimize"))
    if target == "classes":
        assert result.score == result.metrics["log_loss"]
    else:
        (scale,) = data.plan.target_scale.std
        assert result.score == pytest.approx(result.metrics["mse"] / scale**2, rel=1e-5)
    assert result.loss


def test_a_metric_of_the_trials_own_models_it_has_not(tmp_path: Path) -> None:
    result = trained(tmp_path, prepared("number"), Objective("own", "minimize", of_model=True))
    assert result.state is TrialState.COMPLETED and result.score is None


def test_what_it_raises_is_its_own_failure(tmp_path: Path) -> None:
    data = prepared("number")
    broken = np.full_like(data.train.target, np.nan)
    save_arrays(data, tmp_path / "arrays")
    np.save(tmp_path / "arrays" / "train.target.npy", broken)
    spec = to_form(TrialSpec(BOOSTING, {}, 5, TrialBudget(1, 1), space=BOOSTING))
    objective = to_form(default_objective(data.task))
    form = train_in_child(spec, str(tmp_path / "arrays"), str(tmp_path), objective)
    result = from_form(TrialResult, form)
    assert result.state is TrialState.FAILED and result.cause is FailureCause.EXCEPTION
    assert "NaN" in result.reason
    assert "Traceback" in (tmp_path / "trials" / "boosting" / "error.txt").read_text()
