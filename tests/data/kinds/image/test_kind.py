"""Images as rows: prepared as bytes, fitted on training rows, without a number for each pixel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from automl.common.forms import read_form, to_form
from automl.data.arrays import open_arrays, save_arrays
from automl.data.kinds import kind_named
from automl.data.kinds.image.fit import fit_images
from automl.data.kinds.image.plan import ImagePlan
from automl.data.plan import PreprocessingPlan
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.data.stored import open_view, save_views
from automl.data.targets.encode import encode_targets
from automl.data.targets.one_hot import frame_of_targets
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE


def images(rows: int = 120, shape: tuple[int, ...] = (6, 5)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (rows, *shape), np.uint8), rng.integers(0, 3, rows)


def prepared(x: np.ndarray, y: np.ndarray, **asked: object) -> PreparedData:
    return prepare(DataRequest((x, y), kind=IMAGE, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(6, 5), (6, 5, 3)])
def test_images_lie_as_bytes_and_are_scaled_by_training_statistics(shape, tmp_path: Path) -> None:
    x, y = images(shape=shape)
    data = prepared(x, y)
    rows = data.train.inputs[IMAGE]
    channels = shape[2] if len(shape) > 2 else 1
    assert rows.dtype == np.uint8 and rows.shape[1:] == (6, 5, channels)
    assert data.signature.inputs[IMAGE].shape == (6, 5, channels)
    flat = rows.reshape(-1, channels).astype(float)
    np.testing.assert_allclose(data.signature.mean, flat.mean(axis=0))
    np.testing.assert_allclose(data.signature.std, flat.std(axis=0))
    opened = open_arrays(save_arrays(data, tmp_path / "arrays"))
    assert opened.plan == data.plan and isinstance(opened.train.inputs[IMAGE], np.memmap)
    np.testing.assert_array_equal(opened.train.inputs[IMAGE], rows)


def test_a_plan_of_large_images_is_short() -> None:
    data = prepared(*images(rows=60, shape=(64, 64, 3)))
    assert len(json.dumps(data.plan.to_json())) < 500
    assert len(repr(data.signature)) < 500


def test_folds_share_the_images_on_disk(tmp_path: Path) -> None:
    data = prepared(*images(), cv=3)
    save_arrays(data, tmp_path)
    save_views({f"fold-{n}": fold for n, fold in enumerate(data.folds, 2)}, tmp_path)
    view = open_view(tmp_path, "fold-2")
    own = data.folds[0].arrays()
    np.testing.assert_array_equal(view.train.inputs[IMAGE], own.train.inputs[IMAGE])
    assert view.train.inputs[IMAGE].dtype == np.uint8
    assert len(list(tmp_path.glob("fold-2/*.npy"))) == 3  # positions and class numbers, no images


def test_equal_images_stay_together() -> None:
    x, y = images(rows=40)
    x, y = np.repeat(x, 3, axis=0), np.repeat(y, 3)
    data = prepared(x, y)
    kept = {row.tobytes() for row in data.train.inputs[IMAGE]}
    assert not kept & {row.tobytes() for row in data.validation.inputs[IMAGE]}


def test_sizes_and_channels_as_asked() -> None:
    x, y = images(shape=(6, 5, 3))
    data = prepared(x, y, image_size="8x12", channels=1, image_fit="pad")
    assert data.train.inputs[IMAGE].shape[1:] == (8, 12, 1)
    plan = data.plan.inputs
    assert isinstance(plan, ImagePlan) and plan.block.fit == "pad"
    again, _ = read_rows(x, data.plan)
    everything = {row.tobytes() for row in plan.apply(again)[IMAGE]}
    assert {row.tobytes() for row in data.train.inputs[IMAGE]} <= everything


def test_the_same_pixels_are_the_same_rows_for_a_trained_model() -> None:
    x, y = images()
    data = prepared(x / 255, y)
    raw, targets = read_rows((x / 255, y), data.plan)
    np.testing.assert_array_equal(data.plan.inputs.exported(raw, {})[""][..., 0], x)
    np.testing.assert_array_equal(targets, y)


def test_check_rows_come_back(tmp_path: Path) -> None:
    data = prepared(*images())
    kind = kind_named(IMAGE)
    path = tmp_path / kind.check_file
    with path.open("wb") as file:
        kind.write_check_rows(file, data.check)
    np.testing.assert_array_equal(kind.read_check_rows(path).x, data.check.x)


def test_what_is_no_image_is_refused_in_a_sentence() -> None:
    y = np.arange(60) % 2
    with pytest.raises(DataError, match=r"shape \(784,\), but models of images take"):
        prepared(np.zeros((60, 784)), y)
    with pytest.raises(DataError, match="one colour"):
        prepared(np.full((60, 4, 4), 7, np.uint8) + 0 * y.astype(np.uint8)[:, None, None], y)
    with pytest.raises(DataError, match="take images, but the rows are a table without"):
        prepare(DataRequest("iris", kind=IMAGE))


@pytest.mark.parametrize("side", [5_000, 10**6, 10**12])
def test_images_of_any_size_are_no_plan(side: int) -> None:
    plan = prepared(
        np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3)), np.arange(40) % 2
    ).plan
    form = to_form(plan)
    form["features"][0].update(height=side, width=side)
    with pytest.raises(ValueError, match=f"images cannot be of {side} x {side} pixels"):
        read_form(PreprocessingPlan, form)
    large = np.broadcast_to(np.zeros(1, np.uint8), (40, 5_000, 5_000, 3))
    with pytest.raises(DataError, match="5,000 x 5,000 pixels, and 16,777,216 in all are the most"):
        fit_images(large, np.arange(30), False, "resize", lambda _: None)


def folder_of(place: Path, images: int, size: tuple[int, int]) -> Path:
    rng = np.random.default_rng(len(place.name))
    for label in ("a", "b"):
        (place / label).mkdir(parents=True)
        for number in range(images):
            pixels = rng.integers(0, 256, (*size, 3), np.uint8)
            Image.fromarray(pixels).save(place / label / f"{number}.png")
    return place


def test_rows_of_another_folder_get_the_size_of_the_first(tmp_path: Path) -> None:
    first = folder_of(tmp_path / "first", 20, (6, 8))
    second = folder_of(tmp_path / "second", 5, (12, 10))
    data = prepare(DataRequest(first, validation=str(second), test=0))
    assert any(note.endswith("('a', 'b'), because 'target' names classes") for note in data.notes)
    assert data.train.inputs[IMAGE].shape == (40, 6, 8, 3)
    assert data.validation.inputs[IMAGE].shape == (10, 6, 8, 3)
    assert DataRequest.from_json(DataRequest(first, image_size=9).to_json()).image_size == (9, 9)


def test_a_class_of_one_image_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "first", 20, (6, 8))
    (folder / "c").mkdir()
    (folder / "a" / "0.png").rename(folder / "c" / "0.png")
    with pytest.raises(DataError, match="class 'c' of 'target' has 1 row"):
        prepare(DataRequest(folder))


def test_a_folder_is_a_class_whatever_it_is_called(tmp_path: Path) -> None:
    names = ("None", "NA", "nan", "?", "cat")
    for label in names:
        folder = folder_of(tmp_path / label, 8, (6, 8))
        (folder / "b").rename(folder / f"b of {label}")
    data = prepare(DataRequest(tmp_path))
    assert set(data.task.classes) == set(names)
    raw, y = read_rows(tmp_path, data.plan)
    truth, known = encode_targets(frame_of_targets(y, data.task), data.task)
    assert known.all() and [data.task.classes[code] for code in truth] == list(y)
    assert len(raw) == 16 * len(names)
