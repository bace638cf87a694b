"""The constant baseline: the majority of the rows, whatever their classes weigh in the loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.data.metrics import resolve_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.trial import TrialResult
from automl.tuning.baselines import constant_baseline


def majority(frame: pd.DataFrame, weight: str | None, class_weight: object) -> TrialResult:
    data = prepare(DataRequest(frame, "y", class_weight=class_weight, weight=weight))  # type: ignore[arg-type]
    objective = resolve_objective("accuracy", data.task)
    return constant_baseline(data.task, objective, data.train, data.validation)


@pytest.mark.parametrize("weight", [None, "w"])
@pytest.mark.parametrize("class_weight", ["balanced", {"no": 30.0}])
def test_class_weights_do_not_move_the_majority(weight: str | None, class_weight: object) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=400),
            "y": np.where(rng.random(400) < 0.9, "yes", "no"),
            "w": rng.choice([1.0, 2.0], 400),
        }
    )
    plain = majority(frame, weight, None)
    weighted = majority(frame, weight, class_weight)
    assert plain.score is not None and plain.score > 0.85
    for given, expected in (
        (weighted.metrics, plain.metrics),
        (weighted.train_metrics, plain.train_metrics),
    ):
        assert given == pytest.approx(expected, rel=1e-5)
