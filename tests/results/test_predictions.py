"""Predictions of a trial on disk: read as they were written, or refused in one sentence."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from automl.common.root import Root
from automl.data import memory
from automl.data.task import Task, TaskKind
from automl.errors import RunError
from automl.results.predictions import ViewPredictions, add_predictions, read_predictions

VALUES, ROWS = np.arange(12, dtype=np.float32).reshape(6, 2), np.arange(6)


def archived(array: np.ndarray, claimed: tuple[int, ...] | None = None) -> bytes:
    """An archive of one view, whose header may promise another shape."""
    member, whole = io.BytesIO(), io.BytesIO()
    np.save(member, array, allow_pickle=True)
    content = member.getvalue()
    if claimed is not None:
        plain, other = (str(shape).encode() for shape in (array.shape, claimed))
        content = content.replace(plain + b", }", other + b", }").replace(
            b" " * max(0, len(other) - len(plain)) + b"\n", b"\n", 1
        )
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fold-1.npy", content)
    return whole.getvalue()


def plain(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    root = Root(tmp_path)
    add_predictions(root, tmp_path / "trial", {"fold-1": ViewPredictions(VALUES, ROWS)})
    path = add_predictions(root, tmp_path / "trial", {"fold-2": ViewPredictions(VALUES + 1, None)})
    found = read_predictions(root, path)
    assert list(found) == ["fold-1", "fold-2"]
    np.testing.assert_array_equal(found["fold-1"].rows, ROWS)
    np.testing.assert_array_equal(found["fold-2"].values, VALUES + 1)
    assert found["fold-2"].rows is None


def test_what_is_true_of_the_rows_stands_beside(tmp_path: Path) -> None:
    truth, weight = np.array([[0.0]] * 6, np.float32), np.ones(6, np.float32)
    one = VALUES[:, :1]
    added = {
        "fold-1": ViewPredictions(one, ROWS, truth, weight),
        "holdout": ViewPredictions(one, None),
    }
    found = read_predictions(Root(tmp_path), add_predictions(Root(tmp_path), tmp_path / "t", added))
    np.testing.assert_array_equal(found["fold-1"].truth, truth)
    np.testing.assert_array_equal(found["fold-1"].weight, weight)
    assert (found["holdout"].truth, found["holdout"].weight) == (None, None)
    classes = ViewPredictions(VALUES, None, np.zeros(6, np.int32))
    path = add_predictions(Root(tmp_path), tmp_path / "c", {"fold-1": classes})
    assert read_predictions(Root(tmp_path), path)["fold-1"].truth is not None
    for beside in ((truth[:5], None), (truth.astype(str), None), (truth, weight[:5]), (None, ROWS)):
        other = ViewPredictions(one, None, *beside)  # type: ignore[arg-type]
        path = add_predictions(Root(tmp_path), tmp_path / "odd", {"fold-1": other})
        with pytest.raises(RunError, match="of other rows"):
            read_predictions(Root(tmp_path), path)
        path.unlink()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (plain(VALUES), "not a zip file"),
        (plain(VALUES)[:40], "not a zip file"),
        (archived(np.array([{}, {}])), "holds pickled objects"),
        (archived(VALUES, (6_000_000, 2)), "its header promises 48,000,000"),
        (archived(VALUES.astype(np.float64)), "has the type float64"),
        (archived(VALUES.reshape(-1)), "has the type float32 and 1 axes"),
    ],
)
def test_what_was_changed_since_is_one_sentence(content: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "predictions.npz"
    path.write_bytes(content)
    with pytest.raises(RunError, match=f"predictions .* cannot be read .*{why}"):
        read_predictions(Root(tmp_path), path)


def test_what_unpacks_to_more_than_the_memory_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "predictions.npz"
    path.write_bytes(archived(np.zeros((100_000, 2), np.float32)))
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(memory, "total_memory", lambda: 1_000_000)
    with pytest.raises(RunError, match=r"cannot be read .*of memory"):
        read_predictions(Root(tmp_path), path)


def test_a_file_larger_than_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "predictions.npz"
    path.touch()
    os.truncate(path, 64 << 30)  # which takes no room on the disk
    monkeypatch.setattr(memory, "total_memory", lambda: 1 << 30)
    with pytest.raises(RunError, match=r"cannot be read .*of memory"):
        read_predictions(Root(tmp_path), path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    outside = add_predictions(
        Root(tmp_path), tmp_path / "other", {"fold-1": ViewPredictions(VALUES, ROWS)}
    )
    (tmp_path / "run" / "predictions.npz").symlink_to(outside)
    with pytest.raises(RunError, match="link"):
        read_predictions(Root(tmp_path / "run"), tmp_path / "run" / "predictions.npz")


BINARY = Task(TaskKind.BINARY, 1, ("y",), ("no", "yes"))
THREE = Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c"))
ONE_COLUMN, THREE_COLUMNS = np.full((6, 1), 0.5, np.float32), np.full((6, 3), 0.3, np.float32)
CLASSES = np.array([0, 1, 2, 0, 1, 2])
NOUGHTS = np.zeros((6, 1), np.float32)


def told(
    values: np.ndarray, truth: np.ndarray | None, weight: float | None = None
) -> ViewPredictions:
    weights = None if weight is None else np.full(len(values), weight, np.float32)
    return ViewPredictions(values, np.arange(len(values)), truth, weights)


@pytest.mark.parametrize(
    ("task", "predictions"),
    [
        (BINARY, told(ONE_COLUMN, NOUGHTS, 2.0)),
        (BINARY, told(ONE_COLUMN, None)),
        (THREE, told(THREE_COLUMNS, CLASSES)),
        (Task(TaskKind.MULTILABEL, 3, ("a", "b", "c")), told(THREE_COLUMNS, np.ones((6, 3)))),
        (Task(TaskKind.REGRESSION, 1, ("y",)), told(ONE_COLUMN, NOUGHTS - 1e9)),
    ],
)
def test_predictions_of_a_task_are_read_for_it(
    task: Task, predictions: ViewPredictions, tmp_path: Path
) -> None:
    path = add_predictions(Root(tmp_path), tmp_path, {"holdout": predictions})
    assert read_predictions(Root(tmp_path), path, task).keys() == {"holdout"}


@pytest.mark.parametrize(
    ("task", "predictions"),
    [
        (BINARY, told(THREE_COLUMNS, np.zeros((6, 3)))),
        (BINARY, told(ONE_COLUMN[:0], NOUGHTS[:0])),
        (BINARY, told(ONE_COLUMN, np.zeros(6))),
        (BINARY, told(ONE_COLUMN, NOUGHTS + 7)),
        (BINARY, told(ONE_COLUMN, NOUGHTS + np.nan)),
        (BINARY, told(ONE_COLUMN, NOUGHTS, 0.0)),
        (BINARY, told(ONE_COLUMN, NOUGHTS, -1.0)),
        (BINARY, told(ONE_COLUMN, NOUGHTS, np.inf)),
        (THREE, told(THREE_COLUMNS, CLASSES + 1)),
        (THREE, told(THREE_COLUMNS, CLASSES - 1)),
        (THREE, told(THREE_COLUMNS, CLASSES.astype(np.float32))),
        (Task(TaskKind.REGRESSION, 1, ("y",)), told(ONE_COLUMN, np.zeros(6))),
    ],
)
def test_predictions_of_another_task_are_refused(
    task: Task, predictions: ViewPredictions, tmp_path: Path
) -> None:
    path = add_predictions(Root(tmp_path), tmp_path, {"holdout": predictions})
    assert read_predictions(Root(tmp_path), path).keys() == {"holdout"}
    with pytest.raises(RunError, match=r"cannot be read \(holdout has"):
        read_predictions(Root(tmp_path), path, task)
