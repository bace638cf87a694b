"""What may be given as the objective: a name, or KerasTuner's object; never several."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from automl.errors import RequestError
from automl.tuning.objective_given import metrics_given, objective_given
from automl.vocabulary.metric import Metric


def made(name: str, direction: str) -> Any:
    """As ``keras_tuner.Objective``, which imports TensorFlow."""
    return SimpleNamespace(name=name, direction=direction)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, (None, None)),
        ("val_accuracy", ("val_accuracy", None)),
        (made("val_accuracy", "max"), ("val_accuracy", "maximize")),
        (made("val_loss", "min"), ("val_loss", "minimize")),
        ([made("val_loss", "min")], ("val_loss", "minimize")),
        (["val_loss"], ("val_loss", None)),
        (made("default_objective", "min"), (None, None)),
    ],
)
def test_names_and_objects(given: Any, expected: tuple[str | None, str | None]) -> None:
    assert objective_given(given) == (*expected, ())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["val_loss", made("val_accuracy", "max")], "2 metrics (val_loss, val_accuracy)"),
        (SimpleNamespace(objectives=[made("a", "min"), made("b", "max")]), "2 metrics (a, b)"),
        (made("a", "up"), "'a' with the direction 'up'"),
        (3, "of type int"),
    ],
)
def test_what_no_trial_can_be_ranked_by_is_refused(given: Any, told: str) -> None:
    with pytest.raises(RequestError, match=re.escape(told)):
        objective_given(given)


def test_kerastuner_s_own_object() -> None:
    keras_tuner = pytest.importorskip("keras_tuner")
    objective = keras_tuner.Objective("val_auc", direction="max")
    assert objective_given(objective) == ("val_auc", "maximize", ())


def test_metrics_are_names_and_functions() -> None:
    assert metrics_given(None) == ((), ())
    assert metrics_given("mae") == ("mae", ())
    assert metrics_given(["mae", "r2"]) == (("mae", "r2"), ())

    def mine(truth: Any, predicted: Any) -> float:
        return float((truth - predicted).max())

    assert metrics_given([mine, "mae"]) == (("mine", "mae"), (Metric("mine", mine),))
    assert metrics_given(mine) == (("mine",), (Metric("mine", mine),))
    with pytest.raises(RequestError, match=r"metrics holds SimpleNamespace, which is no metric"):
        metrics_given([made("auc", "max")])
    assert objective_given(mine, "min") == ("mine", "minimize", (Metric("mine", mine, "min"),))
    assert objective_given(Metric("worst", mine, "max")) == (
        "worst",
        "maximize",
        (Metric("worst", mine, "max"),),
    )
