"""TFRecord files as TensorFlow writes them are tables, and their images are images."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
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


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
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


def test_a_feature_has_the_same_columns_in_each_record(tmp_path: Path) -> None:
    rows = [{"label": [b"cat"]}, {"label": [b"cat", b"big"]}, {"label": []}]
    frame = load(write(tmp_path / "a.tfrecord", rows)).main
    assert list(frame.columns) == ["label_0", "label_1"]
    assert frame["label_0"].tolist()[:2] == ["cat", "cat"] and frame["label_1"][1] == "big"
    assert frame.isna().sum().tolist() == [1, 2]


def encoded(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_encoded_images_are_taken_and_not_the_names_beside_them(tmp_path: Path) -> None:
    """The features of ImageNet's records."""
    pictures = np.random.default_rng(0).integers(0, 256, (60, 6, 8, 3), np.uint8)
    rows = [
        {
            "image/filename": [b"n%d.png" % number],
            "image/encoded": [encoded(pixels)],
            "image/class/text": [(b"cat", b"dog")[number % 2]],
        }
        for number, pixels in enumerate(pictures)
    ]
    path = write(tmp_path / "a.tfrecord", rows)
    data = prepare(DataRequest(path, target=("image/class/text",), kind=IMAGE))
    assert data.task.classes == ("cat", "dog")
    assert data.train.inputs[IMAGE].shape[1:] == (6, 8, 3)


def test_bytes_of_plain_pixels_are_refused(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8)
    rows = [{"raw": [one.tobytes()], "label": [n % 2]} for n, one in enumerate(pixels)]
    path = write(tmp_path / "a.tfrecord", rows)
    with pytest.raises(DataError, match="'raw' holds bytes that are no file of an image"):
        prepare(DataRequest(path, target=("label",), kind=IMAGE))


def test_encoded_images_are_images(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows, pictures = [], []
    for number in range(60):
        pictures.append(rng.integers(0, 256, (6, 8, 3), np.uint8))
        rows.append({"image/encoded": [encoded(pictures[-1])], "label": [number % 3]})
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
