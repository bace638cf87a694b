"""What trials run on: cores or GPUs, decided without either."""

from __future__ import annotations

from collections import Counter

import pytest

from automl.engines.devices import choose_devices
from automl.errors import RequestError


def test_without_a_gpu_each_core_has_a_trial() -> None:
    for inputs in ("vector", "array", "columns"):
        chosen = choose_devices("auto", None, inputs, cores=8, gpus=0)
        assert (chosen.workers, chosen.gpus, chosen.note) == (8, 0, "")


def test_each_gpu_has_one_trial() -> None:
    chosen = choose_devices("auto", None, "array", cores=64, gpus=2)
    assert (chosen.workers, chosen.gpus) == (2, 2)
    assert [chosen.of_worker(index) for index in range(2)] == [0, 1]
    assert "--workers" in chosen.note
    assert "--device" in chosen.note


def test_models_of_table_rows_get_the_cores_beside_a_gpu() -> None:
    chosen = choose_devices("auto", None, "vector", cores=16, gpus=1)
    assert (chosen.workers, chosen.gpus, chosen.of_worker(3)) == (16, 0, None)
    assert "--device gpu" in chosen.note
    assert choose_devices("gpu", None, "vector", cores=16, gpus=1).gpus == 1


def test_workers_that_are_asked_for_share_the_gpus() -> None:
    chosen = choose_devices("auto", 5, "array", cores=4, gpus=2)
    shares = Counter(chosen.of_worker(index) for index in range(chosen.workers))
    assert shares == {0: 3, 1: 2}


def test_the_cores_can_be_asked_for() -> None:
    assert choose_devices("cpu", None, "array", cores=4, gpus=2).gpus == 0


def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(RequestError, match="leave --device out"):
        choose_devices("gpu", None, "array", cores=4, gpus=0)
