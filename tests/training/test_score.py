"""A saved model scores as its trial did."""

from __future__ import annotations

import pytest

from automl.data.arrays import save_arrays
from automl.data.metrics import default_objective
from automl.data.task import TaskKind
from automl.errors import RunError
from automl.space import Int, SearchSpace
from automl.training.device_data import DeviceData
from automl.training.score import score_in_child
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec

SPACE = SearchSpace("linear", [Int("width", 2, 8)], lambda config, inputs, task: inputs)


@pytest.mark.parametrize("kind", [TaskKind.REGRESSION, TaskKind.BINARY])
def test_a_saved_model_scores_as_its_trial_did(arrays, tmp_path, kind):
    given = arrays(kind, weighted=True)
    save_arrays(given, tmp_path / "arrays")
    result = train_trial(
        TrialSpec(0, {}, 0, TrialBudget(epochs=3, patience=3)),
        SPACE,
        DeviceData.from_arrays(given),
        default_objective(given.task),
        tmp_path,
        lambda _: Answer.GO_ON,
        lambda: None,
    )
    model = str(tmp_path / "model.keras")
    for part, expected in (("validation", result.metrics), ("train", result.train_metrics)):
        objective = default_objective(given.task).name
        scores = score_in_child(model, str(tmp_path / "arrays"), part, objective)
        assert scores["metrics"] == pytest.approx(expected, rel=1e-5)
        low, high = scores["interval"]
        assert low < expected[objective] < high
    with pytest.raises(RunError, match="no test rows"):
        score_in_child(model, str(tmp_path / "arrays"), "test", "log_loss")
