"""Prepared rows on disk as memory-mapped arrays, which every worker process shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.forms import read_form, to_form
from automl.data.array_folder import ArrayFolder
from automl.data.kinds.signature import CATEGORICAL, NUMERIC, InputSignature
from automl.data.plan import BESIDE_INPUTS, PreprocessingPlan, Rows
from automl.data.task import Task, TaskKind
from automl.errors import RunError
from automl.trial import HOLDOUT

CHECK_ROWS = 200
PARTS = ("train", "validation", "test")
FIRST_FOLD = "fold-1"
VALIDATION_POSITIONS = "validation_positions"


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
        validation_positions: int64 (n,), where the validation rows were among all that were read,
            those of the data first, then those given for validation; None in an older run.
    """

    task: Task
    plan: PreprocessingPlan
    train: Rows
    validation: Rows
    test: Rows | None
    check_positions: npt.NDArray[np.int64]
    validation_positions: npt.NDArray[np.int64] | None = field(default=None, kw_only=True)

    def arrays(self) -> Arrays:
        """Itself: what another form of a view prepares (`automl.data.stored`)."""
        return self

    def without_test(self) -> Arrays:
        """The same without the test rows, which no trial sees."""
        return replace(self, test=None)

    @property
    def signature(self) -> InputSignature:
        """What the core model takes."""
        return self.plan.signature


def save_arrays(data: Arrays, folder: str | Path) -> Path:
    """Writes prepared rows as ``.npy`` files, one for each array, and a JSON form.

    Args:
        data: The prepared data.
        folder: Where to; made if it is not there.

    Returns:
        The folder.
    """
    found = {part: getattr(data, part) for part in PARTS}
    arrays = {part: rows.arrays() for part, rows in found.items() if rows is not None}
    to = ArrayFolder(folder)
    named = {f"{part}.{name}": x for part, held in arrays.items() for name, x in held.items()}
    form = {
        "task": to_form(data.task),
        "plan": to_form(data.plan),
        "parts": {part: list(held) for part, held in arrays.items()},
    }
    positions = {name: getattr(data, name) for name in ("check_positions", VALIDATION_POSITIONS)}
    to.write({**named, **positions}, form)
    return to.path


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
    ArrayFolder(folder).verify()
    return arrays


def open_arrays(folder: str | Path) -> Arrays:
    """Opens what `save_arrays` wrote, mapped into memory and read-only.

    Raises:
        RunError: The folder does not hold a whole set of arrays.
    """
    found = ArrayFolder(folder)
    try:
        form = found.form(_Form)
        task = read_form(Task, form["task"])
        plan = read_form(PreprocessingPlan, form["plan"])
        unknown = form["parts"].keys() - set(PARTS)
        if unknown:
            raise ValueError(f"there are no rows called {unknown.pop()!r}")
        parts = {
            part: _open_rows(found, part, names, plan.signature)
            for part, names in form["parts"].items()
        }
        for rows in parts.values():
            _check_rows(rows, task, plan.signature)
        positions = found.open("check_positions")
        if positions.ndim != 1 or positions.dtype.kind != "i":
            raise ValueError("check_positions are no positions")
        return Arrays(
            task=task,
            plan=plan,
            train=parts["train"],
            validation=parts["validation"],
            test=parts.get("test"),
            check_positions=positions,
            validation_positions=_open_positions(found, len(parts["validation"])),
        )
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise RunError(
            f"The prepared rows in {str(found.path)!r} cannot be read: {error}."
        ) from error


def _open_positions(folder: ArrayFolder, count: int) -> npt.NDArray[np.int64] | None:
    """Where the validation rows were among all, if that was kept."""
    if not (folder.path / f"{VALIDATION_POSITIONS}.npy").exists():
        return None
    positions: npt.NDArray[np.int64] = folder.open(VALIDATION_POSITIONS)
    if positions.dtype != np.int64 or positions.shape != (count,):
        raise ValueError(f"{VALIDATION_POSITIONS} are no positions of the validation rows")
    return positions


@dataclass(frozen=True)
class _Form:
    """The JSON form beside the arrays."""

    task: Mapping[str, Any]
    plan: Mapping[str, Any]
    parts: Mapping[str, Sequence[str]]
    checksums: Mapping[str, int] | None = None


def _open_rows(folder: ArrayFolder, part: str, names: list[str], signature: InputSignature) -> Rows:
    needed = {*signature.inputs, "target"}
    # Older runs hold an array without columns where there is no such input.
    if not needed <= set(names) <= needed | {NUMERIC, CATEGORICAL, *BESIDE_INPUTS}:
        raise ValueError(f"{part} has the arrays {', '.join(names)}")
    inputs = {name: folder.open(f"{part}.{name}") for name in signature.inputs}
    arrays = {name: folder.open(f"{part}.{name}") for name in names if name in BESIDE_INPUTS}
    return Rows(
        inputs,
        target=arrays["target"],
        truth=arrays.get("truth", arrays["target"]),
        weight=arrays.get("weight"),
        loss_weight=arrays.get("loss_weight"),
    )


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
        **{
            name: (rows.inputs[name], (count, *spec.shape), spec.dtype)
            for name, spec in signature.inputs.items()
        },
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


def spread(rows: int) -> npt.NDArray[np.int64]:
    """Positions of up to 200 rows, evenly spread."""
    return np.unique(np.linspace(0, rows - 1, min(rows, CHECK_ROWS)).round().astype(np.int64))
