"""What trials run on: cores or GPUs, decided without either."""

from __future__ import annotations

from collections import Counter

import pytest

from automl.engines.devices import choose_devices, joined_devices
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


def test_in_a_cluster_its_cpus_or_gpus_count() -> None:
    table = joined_devices("auto", None, "vector", lambda: (12, 4))
    assert (table.workers, table.gpus) == (12, 0)
    images = joined_devices("auto", None, "array", lambda: (12, 4))
    assert (images.workers, bool(images.gpus)) == (4, True)
    without = joined_devices("auto", None, "array", lambda: (12, 0))
    assert without.workers == 12
    for chosen in (table, images, without):
        assert "of the cluster (--workers overrules)" in chosen.note


def test_a_cluster_is_not_asked_for_what_was_said() -> None:
    def size() -> tuple[int, int]:
        raise AssertionError

    assert joined_devices("auto", 7, "vector", size).workers == 7


def test_what_a_cluster_does_not_have_is_refused() -> None:
    with pytest.raises(RequestError, match="the cluster has none"):
        joined_devices("gpu", 2, "vector", lambda: (12, 0))
    with pytest.raises(RequestError, match="say with --workers"):
        joined_devices("auto", None, "vector", lambda: (0, 0))
