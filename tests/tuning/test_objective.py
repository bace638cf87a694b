"""The objective is tried on the validation rows before the first trial."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from automl.data.metrics import Objective, resolve_objective
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.errors import RequestError
from automl.space.registry import find_space
from automl.tuning.objective import check_objective, check_own_metric, one_loss
from automl.tuning.search_request import SearchRequest


def one_class_at_the_end() -> PreparedData:
    """Rows by time, whose latest, the validation rows, are all of one class."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"t": np.arange(200), "a": rng.normal(size=200), "y": [0, 1] * 100})
    frame.loc[100:, "y"] = 0
    return prepare(DataRequest(frame, "y", split_by_time="t", test=0.0))


def test_an_objective_that_is_undefined_there_is_refused() -> None:
    data = one_class_at_the_end()
    for name in ("roc_auc", "average_precision"):
        with pytest.raises(RequestError, match=f"{name} is not defined on the validation rows"):
            check_objective(resolve_objective(name, data.task), data)
    assert check_objective(resolve_objective("log_loss", data.task), data) == []
    beside = resolve_objective("log_loss", data.task, further=("roc_auc",))
    assert "roc_auc is not defined" in check_objective(beside, data)[0]
    assert check_objective(Objective("loss", "minimize"), data) == []


def test_a_search_by_loss_has_one_loss() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=100), "y": rng.integers(0, 2, 100)})
    task = prepare(DataRequest(frame, "y")).task
    space = find_space("mlp")
    request = SearchRequest(DataRequest(frame, "y"), objective="val_loss")
    fixed, note = one_loss(space, request, task)
    smoothing = [p for p in fixed.hyperparameters if p.name == "label_smoothing"]
    assert [p.options for p in smoothing] == [(0.0,)]
    assert "label_smoothing=0.0 in all trials" in note
    by_metric = replace(request, objective="log_loss")
    assert one_loss(space, by_metric, task) == (space, "")
    chosen = space.override({"label_smoothing": "0.1"})
    assert one_loss(chosen, request, task) == (chosen, "")


def test_a_metric_that_no_model_has_is_refused_before_the_first_trial() -> None:
    objective, space = Objective("profit", "maximize", of_model=True), find_space("mlp")
    for metrics in ((), ("accuracy", "top_2")):
        with pytest.raises(RequestError, match="'profit' is neither a metric of the task nor one"):
            check_own_metric(objective, space, metrics)
    check_own_metric(objective, space, ("profit",))
    assert "ends with the first trial if they do not" in check_own_metric(objective, space, None)
    check_own_metric(Objective("mse", "minimize"), space, ())


def test_mape_says_how_many_true_values_are_zero() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=100), "y": rng.integers(0, 3, 100) * 1.5})
    data = prepare(DataRequest(frame, "y", task="regression"))
    (note,) = check_objective(resolve_objective("mape", data.task), data)
    zeros = int((data.validation.truth == 0).sum())
    assert zeros > 0
    assert f"is 0 in {zeros} of the validation rows" in note
    assert check_objective(resolve_objective("mae", data.task), data) == []
