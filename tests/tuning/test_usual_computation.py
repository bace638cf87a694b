"""How trials are computed is settled in order: XLA is measured in the precision that was taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.engines.devices import Devices
from automl.engines.warm_processes import warm_processes
from automl.space.registry import find_space
from automl.tuning import usual_computation as file
from automl.tuning.search_request import SearchRequest
from automl.tuning.usual_computation import with_usual_computation

GPU = Devices(1, gpus=1, note="")


def data_request() -> DataRequest:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (100, 16, 16, 1), np.uint8)
    return DataRequest((images, rng.integers(0, 3, 100)), kind="image")


def test_xla_is_measured_in_the_precision_that_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def measured(space: Any, task: Any, signature: Any, training: Any, *_: Any) -> dict[str, Any]:
        seen.append((space.defaults()["dtype_policy"], signature.shape, training["rows"]))
        return {"pays": True, "gain": 2.0, "compiling": 5.0, "problem": ""}

    monkeypatch.setattr(file, "measured_gain", lambda *_: 1.75)
    monkeypatch.setattr(file, "measured_xla", measured)
    data = prepare(data_request())
    request = SearchRequest(data_request(), space="fastcnn")
    space = find_space("fastcnn")
    settled, notes = with_usual_computation(request, space, data, GPU, None)  # type: ignore[arg-type]
    assert settled.settings == {"dtype_policy": "mixed_bfloat16", "jit_compile": True}
    assert [note.partition(":")[0] for note in notes] == ["dtype_policy", "jit_compile"]
    assert seen == [("mixed_bfloat16", (16, 16, 1), len(data.train))]


def test_a_gpu_measures_it_where_there_is_one_and_cores_stand_in_here() -> None:
    data = prepare(data_request())
    request = SearchRequest(data_request(), space="lenet5")
    processes = warm_processes()
    try:
        settled, notes = with_usual_computation(request, find_space("lenet5"), data, GPU, processes)
    finally:
        processes.close()
    assert set(settled.settings) <= {"dtype_policy", "jit_compile"}
    assert not any("could not be measured" in note for note in notes)
