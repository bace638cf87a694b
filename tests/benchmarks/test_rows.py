"""The rows of the workloads: shapes, scaling from training rows alone, nothing missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import search_time, small_sets
from benchmarks.catalogue import WORKLOADS
from benchmarks.figures import __main__ as figures
from benchmarks.peers import __main__ as peers
from benchmarks.rows import FILES, gratings, read_rows, write_rows


def make_data(folder: Path) -> Path:
    draw = np.random.default_rng(0)
    names = (
        "median_income", "housing_median_age", "total_rooms", "total_bedrooms", "population",
        "households", "latitude", "longitude", "median_house_value",
    )  # fmt: skip
    table = pd.DataFrame({name: draw.uniform(1, 100, 64) for name in names})
    table.loc[::7, "total_bedrooms"] = np.nan
    table["ocean_proximity"] = "INLAND"
    table.to_csv(folder / "housing.csv", index=False)
    shapes = {"train": 60_000, "test": 20}
    np.savez(
        folder / "fashion_mnist.npz",
        allow_pickle=False,
        **{f"x_{part}": np.full((n, 2, 2), 255, "uint8") for part, n in shapes.items()},
        **{f"y_{part}": np.arange(n).astype("uint8") % 10 for part, n in shapes.items()},
    )
    return folder


@pytest.mark.parametrize(
    ("workload", "train", "features"),
    [
        ("digits", 1400, (64,)),
        ("housing", 36, (8,)),
        ("fashion-mlp", 55_000, (4,)),
        ("fashion-cnn", 10_000, (2, 2, 1)),
        ("images-28", 10_000, (2, 2, 1)),
    ],
)
def test_shapes_and_types(
    tmp_path: Path, workload: str, train: int, features: tuple[int, ...]
) -> None:
    rows = read_rows(write_rows(workload, make_data(tmp_path), tmp_path))
    assert rows["x_train"].shape == (train, *features)
    assert rows["y_train"].shape == (train,)
    for name, array in rows.items():
        assert len(array) == len(rows[f"y{name[1:]}"])
        assert np.isfinite(array).all()
    assert rows["x_val"].dtype == np.float32
    assert np.issubdtype(rows["y_val"].dtype, np.floating) == (workload == "housing")


def test_housing_is_scaled_by_its_training_rows(tmp_path: Path) -> None:
    rows = read_rows(write_rows("housing", make_data(tmp_path), tmp_path))
    assert rows["x_train"].mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-5)
    assert rows["x_train"].std(axis=0) == pytest.approx(np.ones(8), abs=1e-5)
    assert abs(rows["x_val"].mean(axis=0)).max() > 1e-3
    assert {"x_test", "y_test"} <= set(rows)


def test_images_are_scaled_to_one(tmp_path: Path) -> None:
    rows = read_rows(write_rows("fashion-cnn", make_data(tmp_path), tmp_path))
    assert rows["x_train"].max() == 1.0
    assert len(rows["x_val"]) == 5000


def test_fewer_rows_are_the_first(tmp_path: Path) -> None:
    data = make_data(tmp_path)
    whole = read_rows(write_rows("images-28", data, tmp_path))
    fewer = read_rows(write_rows("images-28", data, tmp_path, most=30))
    assert set(fewer) == {"x_train", "y_train", "x_val", "y_val"}
    for name, part in fewer.items():
        assert len(part) == 30
        assert np.array_equal(part, whole[name][:30])


def test_made_images_are_the_same_each_time_and_differ_by_class() -> None:
    rows = gratings(train=400, validation=50)
    assert rows["x_train"].shape == (400, 64, 64, 3)
    assert rows["x_val"].shape == (50, 64, 64, 3)
    assert set(rows["y_train"]) == set(range(8))
    steps = rows["x_train"] * 255
    assert np.abs(steps - np.rint(steps)).max() < 1e-3
    assert (rows["x_train"].min(), rows["x_train"].max()) == (0.0, 1.0)
    again = gratings(train=400, validation=50)
    assert all(np.array_equal(part, again[name]) for name, part in rows.items())
    grey = rows["x_train"].mean(axis=-1)
    down, along = (np.abs(np.diff(grey, axis=axis)).mean(axis=(1, 2)) for axis in (1, 2))
    upright = np.isin(rows["y_train"], (0, 4))
    level = np.isin(rows["y_train"], (2, 6))
    ratio = along / down
    assert ratio[upright].mean() > ratio[level].mean()


BOTH = "no housing.csv and no fashion_mnist.npz in FOLDER"


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        (peers.main, ["--data", "FOLDER"], BOTH),
        (peers.main, ["digits", "fashion-cnn", "--data", "FOLDER"], "no fashion_mnist.npz in"),
        (figures.main, ["--data", "FOLDER"], BOTH),
        (figures.main, ["stages", "--workloads", "housing", "--data", "FOLDER"], "no housing.csv"),
        (search_time.main, ["housing", "--folder", "FOLDER"], "there are no rows 'housing'"),
        (search_time.main, ["FOLDER/none.csv:y"], "there is no file FOLDER/none.csv"),
        (
            small_sets.main,
            ["--records", "FOLDER/r", "--folder", "FOLDER"],
            "and no adult-train.csv",
        ),
        (
            small_sets.main,
            ["--records", "FOLDER/r", "--folder", "FOLDER", "--only", "housing 300"],
            "there is no housing.csv in FOLDER",
        ),
    ],
)
def test_a_folder_without_the_file_is_told_in_a_sentence(
    command: Any, words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command([word.replace("FOLDER", str(tmp_path)) for word in words])
    told = capsys.readouterr().err.replace(str(tmp_path), "FOLDER")
    assert ended.value.code == 2 and said in told and "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_what_needs_no_file_is_not_asked_for_one(tmp_path: Path) -> None:
    assert set(FILES) < set(WORKLOADS)
    none = ["--data", str(tmp_path)]
    assert peers.options(["digits", "images-64", *none]).workloads == ["digits", "images-64"]
    assert figures.options(["startup", "memory", *none]).names == ["startup", "memory"]
    assert figures.options(["stages", "--workloads", "digits", *none]).workloads == ["digits"]
    assert search_time.options(["iris", "letter", "--folder", str(tmp_path)]).data
