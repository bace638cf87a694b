"""The rows of the workloads: shapes, scaling from training rows alone, nothing missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.rows import read_rows, write_rows


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
