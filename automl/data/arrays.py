"""Prepared rows on disk as memory-mapped arrays, which every worker process shares."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.plan import InputSignature, PreprocessingPlan, Rows
from automl.data.task import Task
from automl.errors import RunError

if TYPE_CHECKING:
    from automl.data.prepare import PreparedData

FORM = "data.json"
PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Arrays:
    """What a worker reads: the prepared rows with their task and plan.

    Attributes:
        task: What is learnt.
        plan: How the rows were made.
        train: Training rows.
        validation: Validation rows.
        test: Test rows, or None.
        check_positions: int64 (m,), positions among the validation rows of the rows by which an
            exported model is checked.
    """

    task: Task
    plan: PreprocessingPlan
    train: Rows
    validation: Rows
    test: Rows | None
    check_positions: npt.NDArray[np.int64]

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        return self.plan.signature


def save_arrays(data: PreparedData, folder: str | Path) -> Path:
    """Writes prepared rows as ``.npy`` files, one for each array, and a JSON form.

    Args:
        data: The prepared data.
        folder: Where to; made if it is not there.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[str]] = {}
    for part in PARTS:
        rows: Rows | None = getattr(data, part)
        if rows is not None:
            parts[part] = _save_rows(rows, folder, part)
    np.save(folder / "check_positions.npy", data.check_positions)
    form = {"task": data.task.to_json(), "plan": data.plan.to_json(), "parts": parts}
    # Written last: a folder with this file is whole.
    (folder / FORM).write_text(json.dumps(form), encoding="utf-8")
    return folder


def _save_rows(rows: Rows, folder: Path, part: str) -> list[str]:
    arrays: dict[str, npt.NDArray[Any] | None] = {
        "numeric": rows.numeric,
        "categorical": rows.categorical,
        "target": rows.target,
        "truth": None if rows.truth is rows.target else rows.truth,
        "weight": rows.weight,
    }
    written = {name: array for name, array in arrays.items() if array is not None}
    for name, array in written.items():
        np.save(folder / f"{part}.{name}.npy", array)
    return list(written)


def open_arrays(folder: str | Path) -> Arrays:
    """Opens what `save_arrays` wrote, mapped into memory and read-only.

    Raises:
        RunError: The folder does not hold a whole set of arrays.
    """
    folder = Path(folder)
    try:
        form = json.loads((folder / FORM).read_text(encoding="utf-8"))
        parts = {part: _open_rows(folder, part, names) for part, names in form["parts"].items()}
        positions = np.load(folder / "check_positions.npy", allow_pickle=False)
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"The prepared rows in {str(folder)!r} cannot be read: {error}.") from error
    return Arrays(
        task=Task.from_json(form["task"]),
        plan=PreprocessingPlan.from_json(form["plan"]),
        train=parts["train"],
        validation=parts["validation"],
        test=parts.get("test"),
        check_positions=positions,
    )


def _open_rows(folder: Path, part: str, names: list[str]) -> Rows:
    arrays = {name: _open(folder / f"{part}.{name}.npy") for name in names}
    return Rows(
        numeric=arrays["numeric"],
        categorical=arrays["categorical"],
        target=arrays["target"],
        truth=arrays.get("truth", arrays["target"]),
        weight=arrays.get("weight"),
    )


def _open(path: Path) -> npt.NDArray[Any]:
    # An array without numbers has no bytes to map.
    mapped = np.load(path, mmap_mode=None if _is_empty(path) else "r", allow_pickle=False)
    array: npt.NDArray[Any] = mapped
    return array


def _is_empty(path: Path) -> bool:
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, _ = read(file)
    return 0 in shape
