"""TFRecord files as TensorFlow writes them are tables, and their images are images."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.sources import load
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE


def feature(values: list[Any]) -> Any:
    if values and isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if values and isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def write(path: Path, rows: list[dict[str, list[Any]]]) -> Path:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for row in rows:
            features = tf.train.Features(feature={k: feature(v) for k, v in row.items()})
            writer.write(tf.train.Example(features=features).SerializeToString())
    return path


def test_each_feature_is_a_column(tmp_path: Path) -> None:
    rows = [
        {"n": [-3], "x": [1.5, -2.0], "t": ["größe".encode()], "z": [2**62]},
        {"n": [300], "x": [0.25, 4.0], "t": [b"b"], "z": []},
    ]
    frame = load(write(tmp_path / "a.tfrecord", rows)).main
    assert set(frame.columns) == {"n", "x_0", "x_1", "t", "z"}
    assert frame["n"].tolist() == [-3, 300] and frame["x_1"].tolist() == [-2.0, 4.0]
    assert frame["t"].tolist() == ["größe", "b"]
    assert frame["z"][0] == 2**62 and frame["z"].isna().tolist() == [False, True]


def test_encoded_images_are_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows, pictures = [], []
    for number in range(60):
        pictures.append(rng.integers(0, 256, (6, 8, 3), np.uint8))
        file = io.BytesIO()
        Image.fromarray(pictures[-1]).save(file, "PNG")
        rows.append({"image/encoded": [file.getvalue()], "label": [number % 3]})
    path = write(tmp_path / "a.tfrecord", rows)
    data = prepare(DataRequest(path, kind=IMAGE))
    assert data.task.outputs == 3 and data.train.inputs[IMAGE].shape[1:] == (6, 8, 3)
    row = int(data.check.files[0].removeprefix("row ")) - 1
    np.testing.assert_array_equal(data.check.x[0], pictures[row])


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tfrecord", [{"n": [1]}] * 3)
    whole = path.read_bytes()
    for content in (whole[:-5], b"a,b\n1,2\n3,4\n5,6\n", b"\1" + whole[1:]):
        path.write_bytes(content)
        with pytest.raises(DataError, match="cannot be read as TFRecord"):
            load(path)
