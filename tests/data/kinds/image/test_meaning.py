"""Numbers of images of another scale than those of training are refused, or told of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from automl.data.kinds.image.meaning import Meaning, unified
from automl.data.prepare import PreparedData, prepare
from automl.data.request import DataRequest
from automl.data.rows import read_rows
from automl.errors import DataError
from automl.vocabulary.inputs import IMAGE

BYTES = np.random.default_rng(0).integers(0, 256, (40, 6, 5), np.uint8)
# The same images on each scale; bytes of several types are one.
SCALES = {
    "bytes": BYTES,
    "bytes as floats": BYTES.astype(np.float64),
    "shares": BYTES / 255,
    "from -1": (BYTES / 127.5 - 1).astype(np.float32),
    "16 bits": BYTES.astype(np.uint16) * 257,
    "standardized": (BYTES - 127.5) / 73.3,
    "masks": BYTES > 127,
}
# Trained on the first, what the second holds is known to be the same images.
KNOWN = [("bytes", "bytes as floats"), ("bytes as floats", "bytes"), ("shares", "bytes")]
# Of these the second lie among the first, and may be of their scale.
MAY_BE = [
    ("from -1", "shares"),
    ("from -1", "standardized"),
    ("standardized", "shares"),
    ("standardized", "from -1"),
    ("shares", "masks"),
]


def trained_on(x: np.ndarray) -> PreparedData:
    return prepare(DataRequest((x, np.arange(len(x)) % 2), kind=IMAGE))


def told(first: str, second: str) -> str:
    """What is said of images for a model that was trained on others, the refusal included."""
    said: list[str] = []
    try:
        rows, _ = read_rows(SCALES[second], trained_on(SCALES[first]).plan, say=said.append)
    except DataError as error:
        return str(error)
    if (first, second) in KNOWN:
        np.testing.assert_array_equal(rows.x[..., 0], BYTES)
    return "; ".join(said)


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(SCALES, 2)))
def test_every_other_scale_is_refused_or_told_of(first: str, second: str) -> None:
    assert ("of training" in told(first, second)) is ((first, second) not in KNOWN + MAY_BE)


def test_the_same_scale_is_taken_without_a_word() -> None:
    for name, x in SCALES.items():
        said: list[str] = []
        data = trained_on(x)
        rows, _ = read_rows(x[:7], data.plan, say=said.append)
        assert not said, name
        np.testing.assert_array_equal(data.plan.inputs.exported(rows, {})[""], rows.x)


def test_true_is_the_brightest_for_a_model_of_shares() -> None:
    rows, _ = read_rows(BYTES > 127, trained_on(SCALES["shares"]).plan)
    np.testing.assert_array_equal(rows.x[..., 0], (BYTES > 127) * 255)


@pytest.mark.parametrize("brightest", [1, 16])
def test_brighter_files_than_any_of_training_are_not_taken_silently(
    brightest: int, tmp_path: Path
) -> None:
    Image.fromarray(BYTES[0]).save(tmp_path / "0.png")
    data, said = trained_on((BYTES // (256 // (brightest + 1))).clip(0, brightest)), list[str]()
    if brightest == 1:
        with pytest.raises(DataError, match="those of training held numbers from 0 to 1: give"):
            read_rows(tmp_path, data.plan)
        return
    read_rows(tmp_path, data.plan, say=said.append)
    assert "those of training held 0 to 16" in said[-1]


def test_dark_files_are_images() -> None:
    read_rows(np.zeros((2, 6, 5), np.uint8), trained_on(BYTES).plan, say=pytest.fail)
    read_rows(np.zeros((0, 6, 5), np.uint8), trained_on(BYTES).plan, say=pytest.fail)


def test_parts_of_a_set_are_of_one_scale() -> None:
    (first, none, last), shares = unified([BYTES / 255, None, BYTES], lambda _: None)
    assert shares and none is None
    np.testing.assert_array_equal(first, last)
    for main, test in (("bytes", "shares"), ("from -1", "bytes"), ("bytes", "16 bits")):
        with pytest.raises(DataError, match="of training"):
            unified([SCALES[main], SCALES[test]], lambda _: None)


def test_test_images_of_another_scale_are_not_joined_to_the_others(tmp_path: Path) -> None:
    y = np.arange(40) % 2
    np.savez(tmp_path / "a.npz", x_train=BYTES, y_train=y, x_test=BYTES / 255, y_test=y)
    with pytest.raises(DataError, match="of training"):
        prepare(DataRequest(tmp_path / "a.npz", kind=IMAGE))
    np.savez(tmp_path / "b.npz", x_train=BYTES / 255, y_train=y, x_test=BYTES, y_test=y)
    data = prepare(DataRequest(tmp_path / "b.npz", kind=IMAGE))
    assert data.test is not None
    np.testing.assert_array_equal(data.test.inputs[IMAGE][..., 0], BYTES)


@pytest.mark.parametrize(
    ("known", "other", "is_like"),
    [
        (Meaning("uint8", False, 0, 255), Meaning("uint8", True, 0, 255), True),
        (Meaning("uint8", False, 0, 255), Meaning("uint8", False, 0, 16), True),
        (Meaning("uint8", False, 0, 255), Meaning("uint8", False, 0, 1), False),
        (Meaning("uint8", False, 0, 1), Meaning("uint8", False, 0, 255), False),
        (Meaning("uint8", False, 0, 255), Meaning("float32", False, 0, 255), False),
        (Meaning("float32", False, -1, 1), Meaning("float32", False, -0.9, 1), True),
        (Meaning("float32", False, -1, 1), Meaning("float32", False, 0, 65_535), False),
        (Meaning("float32", False, 0, 65_535), Meaning("float32", False, -1, 1), False),
        (Meaning("float32", False, None, None), Meaning("float32", False, -1, 1), True),
    ],
)
def test_layers_know_images_of_their_scale_only(
    known: Meaning, other: Meaning, is_like: bool
) -> None:
    assert (known.unlike(other) == "") is is_like


def test_another_scale_in_a_table_of_pixels_is_told_once() -> None:
    names = [f"pixel{place}" for place in range(36)]
    dark = pd.DataFrame(BYTES[:, :, :1].repeat(6, 2).reshape(40, 36) // 16, columns=names)
    plan = prepare(DataRequest(dark.assign(y=["a", "b"] * 20), "y", kind=IMAGE)).plan
    said: list[str] = []
    rows, _ = read_rows(dark * 15, plan, say=said.append)
    assert len(said) == 1 and "of training held 0 to 15" in said[0] and len(rows) == 40


def test_a_run_of_an_older_version_is_not_asked_for_its_scale() -> None:
    inputs = trained_on(SCALES["from -1"]).plan.inputs
    assert "trained on pixels of uint8" in inputs.unlike(None)
    older = replace(inputs, block=replace(inputs.block, low=None, high=None))
    assert older.unlike(None) == ""
