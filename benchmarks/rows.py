"""The rows of each workload, made once and handed to every tool as the same NumPy arrays."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.catalogue import ROOT

Array = npt.NDArray[Any]
Rows = Mapping[str, Array]

#: Folder of the data beside the project.
DEFAULT_DATA = ROOT.parent / "shared" / "data"
#: The file that a workload's rows come from; those of others are made, or come with a library.
FILES = {
    "housing": "housing.csv",
    **dict.fromkeys(("fashion-mlp", "fashion-cnn", "images-28"), "fashion_mnist.npz"),
}
#: Géron's notebooks split with it (Hands-On Machine Learning, 2nd ed., chapter 10).
_GERON_SEED = 42
#: Pixels of a side of made images, and their classes: directions, and stripes across an image.
_SIDE = 64
_DIRECTIONS = 4
_STRIPES = (4.0, 8.0)


def check_files(
    parser: argparse.ArgumentParser, folder: Path, files: Iterable[str], option: str = "--data"
) -> None:
    """Ends the command with a sentence where the folder of the data lacks a file.

    Args:
        parser: That of the command.
        folder: The folder.
        files: Names of the files that are needed.
        option: What names the folder.
    """
    lacking = [name for name in dict.fromkeys(files) if not (folder / name).is_file()]
    if lacking:
        parser.error(
            f"there is no {' and no '.join(lacking)} in {folder}; give the folder that has what "
            f"is asked for with {option}"
        )


def files_of(workloads: Iterable[str]) -> list[str]:
    """Names of the files that workloads need."""
    return [FILES[name] for name in workloads if name in FILES]


def write_rows(workload: str, data: Path, to: Path, most: int | None = None) -> Path:
    """Makes a workload's rows and writes them.

    Args:
        workload: Name of the workload.
        data: Folder with the workload's file (`FILES`).
        to: Folder to write to.
        most: Most rows to train, to validate and to test with; None for all that there are.

    Returns:
        The file: x_train, y_train, x_val, y_val, and x_test, y_test where there are test rows.
    """
    made: dict[str, Array] = {}
    if workload == "digits":
        made = digits()
    elif workload == "housing":
        made = housing(data / FILES[workload])
    elif workload == "fashion-mlp":
        made = fashion(data / FILES[workload], train=55_000)
        made |= {key: x.reshape(len(x), -1) for key, x in made.items() if key[0] == "x"}
    elif workload == "fashion-cnn":
        made = fashion(data / FILES[workload], train=10_000)
        made |= {key: x[..., None] for key, x in made.items() if key[0] == "x"}
    elif workload == "images-28":
        made = fashion(data / FILES[workload], train=10_000)
        made = {key: x[..., None] if key[0] == "x" else x for key, x in made.items()}
        made = {key: part for key, part in made.items() if not key.endswith("_test")}
    elif workload == "images-64":
        made = gratings()
    else:
        raise ValueError(f"{workload!r} has no rows; add them to benchmarks/rows.py.")
    path = to / f"{workload}.npz"
    made = {name: part[:most] for name, part in made.items()}
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


def gratings(train: int = 5_000, validation: int = 1_000) -> dict[str, Array]:
    """Made colour images of 64 x 64 pixels: stripes in four directions and two widths, with noise.

    The class is direction and width. Both vary within it, as do the stripes' colours, phase and
    contrast, and the round window in which they are seen. Numbers are steps of 1/255 from 0 to 1.
    """
    draw = np.random.default_rng(0)
    y = draw.integers(0, _DIRECTIONS * len(_STRIPES), train + validation, dtype=np.int32)
    x = np.empty((len(y), _SIDE, _SIDE, 3), np.float32)
    for row, one in enumerate(y):
        x[row] = _grating(int(one), draw)
    return {
        "x_train": x[:train],
        "y_train": y[:train],
        "x_val": x[train:],
        "y_val": y[train:],
    }


def _grating(number: int, draw: np.random.Generator) -> Array:
    """One image of a class."""
    direction, width = number % _DIRECTIONS, number // _DIRECTIONS
    angle = np.pi * (direction + draw.uniform(-0.35, 0.35)) / _DIRECTIONS
    stripes = _STRIPES[width] * draw.uniform(0.85, 1.15)
    down, along = np.mgrid[0 : 1 : _SIDE * 1j, 0 : 1 : _SIDE * 1j].astype(np.float32)
    phase = draw.uniform(0.0, 2.0 * np.pi)
    across = along * np.cos(angle) + down * np.sin(angle)
    wave = np.sin(2.0 * np.pi * stripes * across + phase) * draw.uniform(0.3, 0.9)
    middle = draw.uniform(0.3, 0.7, 2)
    window = np.exp(-((down - middle[0]) ** 2 + (along - middle[1]) ** 2) / 0.08)
    ground, colour = draw.uniform(0.3, 0.7, 3), draw.uniform(-0.5, 0.5, 3)
    image = ground + (wave * window)[..., None] * colour
    image = image + draw.normal(0.0, 0.12, image.shape)
    return np.asarray(np.rint(255.0 * image.clip(0.0, 1.0)) / 255.0, dtype=np.float32)
