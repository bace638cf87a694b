"""Spaces for small images learn the bundled digits, as a search trains them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.space import find_space
from automl.training.device_data import DeviceData
from automl.training.train_trial import train_trial
from automl.trial import Answer, TrialBudget, TrialSpec, TrialState

#: What is changed of each default, so that it is small, and its epochs.
SMALL: dict[str, tuple[dict[str, Any], int]] = {
    "lenet5": ({"learning_rate": 5e-3}, 12),
    "plain_cnn": ({"first_filters": 16, "first_kernel": 3, "learning_rate": 2e-3}, 10),
    "resnet": ({"residual_groups": (1, 1, 1), "first_filters": 16}, 6),
    "fastcnn": ({"fast_widths": (24, 48, 96)}, 4),
    "image": ({}, 4),
}


@pytest.fixture(scope="module")
def digits() -> DeviceData:
    return DeviceData.from_arrays(prepare(DataRequest("digits", kind="image", seed=1)))


@pytest.mark.parametrize("name", SMALL)
def test_the_digits_are_learnt(name: str, digits: DeviceData, tmp_path: Path) -> None:
    values, epochs = SMALL[name]
    space = find_space(name)
    config = space.override({"batch_size": 32}).configuration(values).to_json()
    result = train_trial(
        TrialSpec(0, config, 1, TrialBudget(epochs, epochs)),
        *(space, digits, default_objective(digits.task), tmp_path / "trials" / "0"),
        *(lambda _: Answer.GO_ON, lambda: None),
    )
    assert result.state is TrialState.COMPLETED, result.reason
    assert result.metrics["accuracy"] > 0.9
