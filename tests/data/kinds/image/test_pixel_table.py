"""Columns of pixels are images."""

from __future__ import annotations

import numpy as np
import pandas as pd

from automl.data.kinds.image.pixel_table import pixel_columns
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.vocabulary.inputs import IMAGE


def test_the_bundled_digits_are_images() -> None:
    data = prepare(DataRequest("digits", kind=IMAGE))
    assert data.train.inputs[IMAGE].shape[1:] == (8, 8, 1) and data.task.outputs == 10
    raw, y = read_rows("digits", data.plan)
    assert y is None and raw.x.shape == (1797, 8, 8, 1) and "target" in raw.table.columns
    assert any("pixels of images of 8 x 8" in note for note in data.notes)


def test_images_may_have_more_pixels_than_there_are_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 64))
    table = pd.DataFrame(pixels, columns=[f"pixel{i}" for i in range(64)])
    table["label"] = np.arange(30) % 2
    data = prepare(DataRequest(table, target=("label",), kind=IMAGE))
    assert data.train.inputs[IMAGE].shape[1:] == (8, 8, 1)


def test_what_is_no_square_is_no_image() -> None:
    table = pd.DataFrame(np.zeros((3, 26), int), columns=[f"p{i}" for i in range(25)] + ["label"])
    assert pixel_columns(table) == [f"p{i}" for i in range(25)]
    assert pixel_columns(table.drop(columns="p3")) == []
    assert pixel_columns(table.astype({"p3": str})) == []
    assert pixel_columns(table[["p1", "p2", "p3", "p4"]]) == []  # too few for an image
