"""The rows of each workload, made once and handed to every tool as the same NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.catalogue import ROOT

Array = npt.NDArray[Any]
Rows = Mapping[str, Array]

#: Folder of the data beside the project.
DEFAULT_DATA = ROOT.parent / "shared" / "data"
#: Géron's notebooks split with it (Hands-On Machine Learning, 2nd ed., chapter 10).
_GERON_SEED = 42


def write_rows(workload: str, data: Path, to: Path) -> Path:
    """Makes a workload's rows and writes them.

    Args:
        workload: Name of the workload.
        data: Folder with ``housing.csv`` and ``fashion_mnist.npz``.
        to: Folder to write to.

    Returns:
        The file: x_train, y_train, x_val, y_val, and x_test, y_test where there are test rows.
    """
    made: dict[str, Array] = {}
    if workload == "digits":
        made = digits()
    elif workload == "housing":
        made = housing(data / "housing.csv")
    elif workload == "fashion-mlp":
        made = fashion(data / "fashion_mnist.npz", train=55_000)
        made |= {key: x.reshape(len(x), -1) for key, x in made.items() if key[0] == "x"}
    elif workload == "fashion-cnn":
        made = fashion(data / "fashion_mnist.npz", train=10_000)
        made |= {key: x[..., None] for key, x in made.items() if key[0] == "x"}
    else:
        raise ValueError(f"{workload!r} has no rows; add them to benchmarks/rows.py.")
    path = to / f"{workload}.npz"
    np.savez(path, allow_pickle=False, **made)
    return path


def read_rows(path: str | Path) -> Rows:
    """Reads what `write_rows` wrote, whole."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def digits() -> dict[str, Array]:
    """scikit-learn's digits: 1,400 training and 397 validation rows of 64 pixels from 0 to 1."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order].astype("int32")
    return {"x_train": x[:1400], "y_train": y[:1400], "x_val": x[1400:], "y_val": y[1400:]}


def housing(path: Path) -> dict[str, Array]:
    """California housing: its eight numeric columns, standardized; Géron's split of chapter 10.

    The columns are the file's own. scikit-learn's averages a household would put a district 500
    standard deviations away among the validation rows, whose loss would then be that of one row.
    207 districts miss their number of bedrooms and get the training rows' median. The target is
    in 100,000 dollars.
    """
    import pandas as pd
    from sklearn.model_selection import train_test_split

    table = pd.read_csv(path)
    y = table.pop("median_house_value").to_numpy() / 100_000
    x = table.select_dtypes("number").to_numpy(dtype=float)
    x_full, x_test, y_full, y_test = train_test_split(x, y, random_state=_GERON_SEED)
    x_train, x_val, y_train, y_val = train_test_split(x_full, y_full, random_state=_GERON_SEED)
    median = np.nanmedian(x_train, axis=0)
    filled = {
        name: np.where(np.isnan(part), median, part)
        for name, part in {"x_train": x_train, "x_val": x_val, "x_test": x_test}.items()
    }
    mean, deviation = filled["x_train"].mean(axis=0), filled["x_train"].std(axis=0)
    scaled = {name: (part - mean) / deviation for name, part in filled.items()}
    parts = {**scaled, "y_train": y_train, "y_val": y_val, "y_test": y_test}
    return {name: np.asarray(part, dtype="float32") for name, part in parts.items()}


def fashion(path: Path, train: int) -> dict[str, Array]:
    """Fashion-MNIST images from 0 to 1: the first ``train`` rows, and the last 5,000 of 60,000."""
    with np.load(path, allow_pickle=False) as file:
        x, y = file["x_train"], file["y_train"]
        chosen = {
            "x_train": x[:train],
            "y_train": y[:train],
            "x_val": x[-5000:],
            "y_val": y[-5000:],
            "x_test": file["x_test"],
            "y_test": file["y_test"],
        }
    return {
        name: (part / np.float32(255)).astype("float32") if name[0] == "x" else part.astype("int32")
        for name, part in chosen.items()
    }
