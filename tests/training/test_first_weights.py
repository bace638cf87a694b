"""A trial gives layers the first weights that they want, from its training rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.space import find_space
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState
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
