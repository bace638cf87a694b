"""Prepared rows on disk as memory-mapped arrays, which every worker process shares."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.bounded import MOST_JSON, parsed_json, read_bounded
from automl.common.forms import check_form, read_form, to_form
from automl.common.root import Root
from automl.common.sealed import SEAL, sealed, unsealed
from automl.data.plan import InputSignature, PreprocessingPlan, Rows
from automl.data.sources.npz import read_npy
from automl.data.task import Task, TaskKind
from automl.errors import RunError
from automl.trial import HOLDOUT

if TYPE_CHECKING:
    from automl.data.prepare import PreparedData

FORM = "data.json"
PARTS = ("train", "validation", "test")
FIRST_FOLD = "fold-1"


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


def save_arrays(data: PreparedData | Arrays, folder: str | Path) -> Path:
    """Writes prepared rows as ``.npy`` files, one for each array, and a JSON form.

    Args:
        data: The prepared data.
        folder: Where to; made if it is not there.

    Returns:
        The folder.
    """
    folder = Path(folder).absolute()
    root = Root(folder.parent)
    root.make_folder(folder)
    parts: dict[str, list[str]] = {}
    for part in PARTS:
        rows: Rows | None = getattr(data, part)
        if rows is not None:
            parts[part] = _save_rows(rows, root, folder, part)
    _save(root, folder / "check_positions.npy", data.check_positions)
    form = {
        "task": to_form(data.task),
        "plan": to_form(data.plan),
        "parts": parts,
        "checksums": _checksums(root, folder),
    }
    # Written last: a folder with this file is whole.
    root.write(folder / FORM, json.dumps(sealed(form)).encode())
    return folder


def view_folder(folder: str | Path, view: str) -> Path:
    """Where the arrays of a view lie.

    The first view's lie in the folder itself, for they are what is scored and exported in the end;
    those of the other folds in folders below it.

    Args:
        folder: The folder of all views.
        view: The view's name.
    """
    return Path(folder) if view in (HOLDOUT, FIRST_FOLD) else Path(folder) / view


def verify_arrays(folder: str | Path) -> Arrays:
    """Opens what `save_arrays` wrote, every byte of the arrays compared with its checksum.

    Raises:
        RunError: The folder does not hold a whole set of arrays, or one was changed.
    """
    arrays = open_arrays(folder)
    folder = Path(folder).absolute()
    root = Root(folder.parent)
    written = _read_form(root, folder).get("checksums")
    if written is None:
        return arrays
    for name, checksum in _checksums(root, folder).items():
        if checksum != written.get(name):
            raise RunError(
                f"The prepared rows {str(folder / name)!r} were changed since they were written."
            )
    return arrays


def _read_form(root: Root, folder: Path) -> dict[str, Any]:
    form = parsed_json(read_bounded(root, folder / FORM, MOST_JSON), folder / FORM)
    check_form(_Form, form, extra=(SEAL,))
    return unsealed(form)


def _checksums(root: Root, folder: Path) -> dict[str, int]:
    """Of every array in the folder."""
    names = [name for name in root.names(folder) if name.endswith(".npy")]
    return {name: _checksum(root, folder / name) for name in names}


def _checksum(root: Root, path: Path) -> int:
    crc = 0
    with root.open(path) as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc


def _save_rows(rows: Rows, root: Root, folder: Path, part: str) -> list[str]:
    arrays: dict[str, npt.NDArray[Any] | None] = {
        "numeric": rows.numeric,
        "categorical": rows.categorical,
        "target": rows.target,
        "truth": None if rows.truth is rows.target else rows.truth,
        "weight": rows.weight,
        "loss_weight": rows.loss_weight,
    }
    written = {name: array for name, array in arrays.items() if array is not None}
    for name, array in written.items():
        _save(root, folder / f"{part}.{name}.npy", array)
    return list(written)


def _save(root: Root, path: Path, array: npt.NDArray[Any]) -> None:
    with root.create(path) as file:
        np.save(file, array)


def open_arrays(folder: str | Path) -> Arrays:
    """Opens what `save_arrays` wrote, mapped into memory and read-only.

    Raises:
        RunError: The folder does not hold a whole set of arrays.
    """
    folder = Path(folder).absolute()
    root = Root(folder.parent)
    try:
        form = _read_form(root, folder)
        task = read_form(Task, form["task"])
        plan = read_form(PreprocessingPlan, form["plan"])
        unknown = form["parts"].keys() - set(PARTS)
        if unknown:
            raise ValueError(f"there are no rows called {unknown.pop()!r}")
        parts = {
            part: _open_rows(root, folder, part, names) for part, names in form["parts"].items()
        }
        for rows in parts.values():
            _check_rows(rows, task, plan.signature)
        positions = _open(root, folder, "check_positions")
        if positions.ndim != 1 or positions.dtype.kind != "i":
            raise ValueError("check_positions are no positions")
        return Arrays(
            task=task,
            plan=plan,
            train=parts["train"],
            validation=parts["validation"],
            test=parts.get("test"),
            check_positions=positions,
        )
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise RunError(f"The prepared rows in {str(folder)!r} cannot be read: {error}.") from error


@dataclass(frozen=True)
class _Form:
    """The JSON form beside the arrays."""

    task: Mapping[str, Any]
    plan: Mapping[str, Any]
    parts: Mapping[str, Sequence[str]]
    checksums: Mapping[str, int] | None = None


def _open_rows(root: Root, folder: Path, part: str, names: list[str]) -> Rows:
    if not {"numeric", "categorical", "target"} <= set(names) <= {f.name for f in fields(Rows)}:
        raise ValueError(f"{part} has the arrays {', '.join(names)}")
    arrays = {name: _open(root, folder, f"{part}.{name}") for name in names}
    return Rows(
        numeric=arrays["numeric"],
        categorical=arrays["categorical"],
        target=arrays["target"],
        truth=arrays.get("truth", arrays["target"]),
        weight=arrays.get("weight"),
        loss_weight=arrays.get("loss_weight"),
    )


def _open(root: Root, folder: Path, name: str) -> npt.NDArray[Any]:
    return read_npy(folder / f"{name}.npy", mapped=True, root=root)


def _check_rows(rows: Rows, task: Task, signature: InputSignature) -> None:
    """Checks that arrays have the shapes and types that the task and the plan lead to.

    Raises:
        ValueError: One has not.
    """
    count = len(rows.target) if rows.target.ndim else 0
    target = (count,) if task.kind is TaskKind.MULTICLASS else (count, task.outputs)
    kind = "int32" if task.kind is TaskKind.MULTICLASS else "float32"
    truth = "float64" if task.kind is TaskKind.REGRESSION else kind
    expected = {
        "numeric": (rows.numeric, (count, signature.numeric), "float32"),
        "categorical": (rows.categorical, (count, len(signature.cardinalities)), "int32"),
        "target": (rows.target, target, kind),
        "truth": (rows.truth, target, truth),
        "weight": (rows.weight, (count,), "float32"),
        "loss_weight": (rows.loss_weight, (count,), "float32"),
    }
    for name, (array, shape, dtype) in expected.items():
        if array is not None and (array.shape, str(array.dtype)) != (shape, dtype):
            raise ValueError(
                f"{name} has the shape {array.shape} and the type {array.dtype}, not {shape} and "
                f"{dtype}"
            )
