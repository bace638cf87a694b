"""Scores of a bundle weigh rows as the search did, or say that they cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from run_maker import ROWS, Exported, exported, people

from automl.data.request import DataRequest
from automl.errors import DataError
from automl.export.predict import evaluate, predict


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    request = DataRequest(weighted_people(), target=("income",), ignore=("price",), weight="w")
    return exported(tmp_path_factory.mktemp("weighted"), request)


def weighted_people() -> pd.DataFrame:
    return people().assign(w=np.random.default_rng(0).uniform(0.0, 3.0, ROWS))


def accuracy(bundle: Exported, weight: object) -> float:
    told = predict(bundle.bundle, people())["prediction"]
    return float(sk.accuracy_score(people()["income"], told, sample_weight=weight))


def test_the_recorded_column_weighs(weighted: Exported) -> None:
    rows = weighted_people()
    scores = evaluate(weighted.bundle, rows)
    assert scores["accuracy"] == pytest.approx(accuracy(weighted, rows["w"]))
    assert scores["accuracy"] != pytest.approx(accuracy(weighted, None))


def test_without_the_column_it_is_said(weighted: Exported) -> None:
    said: list[str] = []
    scores = evaluate(weighted.bundle, people(), say=said.append)
    assert scores["accuracy"] == pytest.approx(accuracy(weighted, None))
    assert any("no column 'w'" in sentence and "--weight" in sentence for sentence in said)


def test_another_column_or_an_array_may_weigh(weighted: Exported, classes: Exported) -> None:
    other = np.random.default_rng(1).uniform(0.5, 1.0, ROWS)
    expected = accuracy(weighted, other)
    given = evaluate(weighted.bundle, weighted_people().assign(v=other), weight="v")
    assert given["accuracy"] == pytest.approx(expected)
    assert evaluate(weighted.bundle, people(), weight=other)["accuracy"] == pytest.approx(expected)
    expected = accuracy(classes, other)
    assert evaluate(classes.bundle, people(), weight=other)["accuracy"] == pytest.approx(expected)
    with pytest.raises(DataError, match="no weight column 'wt'"):
        evaluate(weighted.bundle, people(), weight="wt")
    with pytest.raises(DataError, match="of the class 'low' have the weight 0"):
        evaluate(weighted.bundle, people(), weight=(people()["income"] == "high").astype(float))
