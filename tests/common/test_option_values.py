"""Values of a wrong type, given in Python, are refused in a sentence before anything is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import automl
from automl.common.option import check_options
from automl.common.option_values import above_zero_bytes, above_zero_count, above_zero_seconds
from automl.errors import RequestError
from automl.export.bundle import open_bundle
from automl.export.writing import check_free
from automl.results.run_directory import RunDirectory
from automl.tuning.options import SEARCH_OPTIONS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("trials", "2x", "trials is '2x', of the type str; give a whole number"),
        ("trials", 2.5, "trials is 2.5, of the type float; give a whole number"),
        ("trials", True, "the type bool; give a whole number"),
        ("trials", 10**30, "--trials is 1e\\+30; it must be below"),
        ("seed", "3", "seed is '3'"),
        ("seed", 10**30, "--seed is 1e\\+30; it must be below"),
        ("seed", None, "seed is None"),
        ("epochs", [5], r"epochs is \[5\], of the type list"),
        ("workers", float("nan"), "workers is nan"),
        ("patience", float("inf"), "patience is inf"),
        ("goal", "high", "goal is 'high', of the type str; give a number"),
        ("goal", float("nan"), "goal is nan; it must be a finite number"),
        ("time", float("inf"), "time is inf"),
        ("time", 10**400, "time is"),
        ("time", [1], "give seconds as a number, or a text such as '10m'"),
        ("grace", True, "grace is True"),
        ("max_disk", 1.5, "give bytes as a whole number, or a text such as '4G'"),
        (
            "sampler",
            5,
            "sampler is of the type int; give a name, or an object of a class that "
            "derives from optuna.samplers.BaseSampler",
        ),
        ("directory", 5, "directory is 5, of the type int; give a path"),
        ("time", "9" * 400, "--time is inf; it must be a finite number"),
        ("storage", 5, "storage is 5"),
        ("day_first", "no", "day_first is 'no', of the type str; give True or False"),
        ("input", "none", "There is no --input none; choose raw, standardize or auto"),
    ],
)
def test_values_of_a_wrong_type_are_refused(tmp_path, name, value, message):
    with pytest.raises(RequestError, match=message):
        automl.search("iris", **{"directory": tmp_path / "run", name: value})
    assert not (tmp_path / "run").exists()


def test_numbers_of_numpy_are_numbers():
    given = check_options(
        SEARCH_OPTIONS,
        {"trials": np.int64(3), "seed": np.uint8(0), "time": np.float32(60), "epochs": 4.0},
    )
    assert given == {"trials": 3, "seed": 0, "time": 60.0, "epochs": 4}
    assert [type(value) for value in given.values()] == [int, int, float, int]


def test_what_is_no_option_is_left_alone():
    rows = object()
    given = {"data": rows, "workers": None, "time": "10m"}
    assert check_options(SEARCH_OPTIONS, given) == {"data": rows, "workers": None, "time": 600.0}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1000", 1000),
        ("500M", 500 << 20),
        ("4G", 4 << 30),
        ("4 GB", 4 << 30),
        ("1.5gib", 3 << 29),
        ("2k", 2048),
        ("1T", 1 << 40),
    ],
)
def test_sizes_are_read(text: str, size: int) -> None:
    assert above_zero_bytes("max_disk", text) == size


@pytest.mark.parametrize("text", ["", "G", "4X", "-4G", "4G4M", "0", "0.0001K", "1e9"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"--max-disk is .*500M"):
        above_zero_bytes("max_disk", text)


@pytest.mark.parametrize(
    ("given", "count"),
    [
        (7, 7),
        ("500000", 500_000),
        ("500,000", 500_000),
        ("500k", 500_000),
        ("1.5 G", 1_500_000_000),
    ],
)
def test_counts_are_read(given: object, count: int) -> None:
    assert above_zero_count("max_parameters", given) == count
    assert above_zero_count("max_parameters", count) == count


@pytest.mark.parametrize("given", ["", "k", "lots", "-5", "0", 0, 2.5, "5kk", True, None])
def test_what_is_no_count_is_refused(given: object) -> None:
    with pytest.raises(RequestError, match=r"max.parameters is "):
        above_zero_count("max_parameters", given)


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90.0), ("10m", 600.0), (" 1H30m ", 5400.0), ("1.5h", 5400.0)]
)
def test_durations_are_read(given: str, seconds: float) -> None:
    assert above_zero_seconds("time", given) == seconds


@pytest.mark.parametrize("given", ["", "m", "10x", "-5s", "1h 30m", "0s", 0, -1.0])
def test_what_is_no_duration_is_refused(given: object) -> None:
    with pytest.raises(RequestError, match="--time is "):
        above_zero_seconds("time", given)


@pytest.mark.parametrize("place", [None, 5, b"x", [], {}, "x" * 5000, "a\0b", "\ud800"])
@pytest.mark.parametrize("look", [RunDirectory.open, open_bundle, check_free])
def test_what_is_no_path_is_one_sentence(look: Any, place: Any) -> None:
    with pytest.raises(RequestError, match=r"^(run|bundle|to) is "):
        look(place)
