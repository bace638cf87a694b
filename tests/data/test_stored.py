"""Raw rows are stored once for all views, and each view is prepared from them to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest

from automl.data.arrays import save_arrays, view_folder
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.data.stored import RAW_FOLDER, open_view, open_views, save_views
from automl.errors import RunError


def mixed(n: int = 120) -> pd.DataFrame:
    """A table with all that columns may be, some of them read otherwise by each view."""
    rng = np.random.default_rng(0)
    words = np.array(["a", "b", None, *[f"rare {i}" for i in range(40)]], dtype=object)
    return pd.DataFrame(
        {
            "number": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "text": words[rng.integers(0, len(words), n)],
            "written": [f"{v:.1f} kg" for v in rng.normal(size=n)],
            "when": pd.date_range("2020-01-01", periods=n, freq="17D").astype(str),
            # In one fold only are there texts among the numbers.
            "odd": [str(i % 7) if i else "none of these" for i in range(n)],
            "weight": rng.random(n) + 0.5,
            "y": rng.choice(["no", "yes"], n),
        }
    )


def images(n: int = 90) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (n, 6, 5), np.uint8), rng.integers(0, 3, n)


SOURCES = {
    "table": DataRequest(mixed(), "y", cv=4, weight="weight", class_weight="balanced"),
    "regression": DataRequest(mixed().drop(columns=["y"]), "number", cv="3x2", input="raw"),
    "images": DataRequest(images(), cv=3),
}


def hashed(inputs: Any) -> set[bytes]:
    """Each row as bytes."""
    return {row.tobytes() for row in np.hstack([x.view(np.int32) for x in inputs.values()])}


@pytest.mark.parametrize("name", SOURCES)
def test_a_stored_view_is_what_its_plan_makes_of_the_raw_rows(name: str, tmp_path: Path) -> None:
    request = SOURCES[name]
    data = prepare(request)
    save_arrays(data, tmp_path)
    views = {f"fold-{number}": view for number, view in enumerate(data.folds, 2)}
    save_views(views, tmp_path)
    x = request.source[0] if isinstance(request.source, tuple) else request.source
    raw = next(iter(views.values())).raw
    assert not sorted(path.name for path in view_folder(tmp_path, "fold-2").glob("*numeric*"))
    for view, stored in views.items():
        opened = open_view(tmp_path, view)
        assert opened.plan == stored.plan and opened.task == stored.task
        for part, positions in (("train", stored.train), ("validation", stored.validation)):
            rows = getattr(opened, part)
            again = getattr(stored.arrays(), part)
            for key, array in again.arrays().items():
                np.testing.assert_array_equal(rows.arrays()[key], array)
            assert all(np.isfinite(x).all() for x in rows.inputs.values())
            assert len(rows) == len(positions)
            # The rows of the source that they are, found by what they hold, whatever their order.
            assert hashed(rows.inputs) <= hashed(stored.plan.apply(x))
            np.testing.assert_array_equal(rows.truth, raw.truth[positions])
        if request.class_weight:
            assert opened.train.loss_weight is not None and opened.validation.loss_weight is None


def test_images_stay_as_they_came(tmp_path: Path) -> None:
    data = prepare(SOURCES["images"])
    save_views({"fold-2": data.folds[0]}, tmp_path)
    stored = np.load(tmp_path / RAW_FOLDER / "x.npy")
    assert stored.dtype == np.uint8 and stored.shape[1:] == (6, 5)
    assert data.folds[0].raw is data.folds[1].raw


def test_views_that_cross_to_another_machine_carry_their_rows_once(tmp_path: Path) -> None:
    data = prepare(SOURCES["images"])
    save_arrays(data, tmp_path)
    save_views({"fold-2": data.folds[0], "fold-3": data.folds[1]}, tmp_path)
    one = len(cloudpickle.dumps(open_views(tmp_path, ["fold-2"])))
    both = len(cloudpickle.dumps(open_views(tmp_path, ["fold-2", "fold-3"])))
    assert both - one < data.folds[0].raw.inputs.arrays()["x"].nbytes


def test_folds_of_an_older_run_are_opened_as_they_were(tmp_path: Path) -> None:
    data = prepare(SOURCES["table"])
    save_arrays(data.folds[0].arrays(), view_folder(tmp_path, "fold-2"))
    rows = open_view(tmp_path, "fold-2").train
    assert isinstance(rows.inputs["numeric"], np.memmap)
    np.testing.assert_array_equal(
        rows.inputs["numeric"], data.folds[0].arrays().train.inputs["numeric"]
    )


@pytest.mark.parametrize("file", [f"{RAW_FOLDER}/numbers.npy", "fold-2/train.npy"])
def test_stored_rows_that_were_changed_are_told(file: str, tmp_path: Path) -> None:
    data = prepare(SOURCES["table"])
    save_views({"fold-2": data.folds[0]}, tmp_path)
    open_views(tmp_path, ["fold-2"], verified=True)
    content = bytearray((tmp_path / file).read_bytes())
    content[-3] ^= 1
    (tmp_path / file).write_bytes(content)
    with pytest.raises(RunError, match="were changed"):
        open_views(tmp_path, ["fold-2"], verified=True)


def test_positions_beyond_the_rows_are_told(tmp_path: Path) -> None:
    data = prepare(SOURCES["images"])
    save_views({"fold-2": data.folds[0]}, tmp_path)
    np.save(tmp_path / "fold-2" / "train.npy", np.array([10**6]))
    with pytest.raises(RunError, match="beyond the stored rows"):
        open_view(tmp_path, "fold-2")
