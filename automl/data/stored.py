"""Raw rows on disk once for all views, and a view of them: prepared where it is trained on.

The first view's rows lie prepared beside them (`automl.data.arrays`), for all workers to map; each
further view would be one more copy of nearly all rows. It is a plan and two lists of positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.forms import read_form, to_form
from automl.data.array_folder import ArrayFolder
from automl.data.arrays import Arrays, open_arrays, spread, verify_arrays, view_folder
from automl.data.kinds import kind_named
from automl.data.kinds.kind import Positions, StoredRows
from automl.data.plan import PreprocessingPlan, Rows
from automl.data.task import Task
from automl.errors import RunError

RAW_FOLDER = "raw"


@dataclass(frozen=True)
class RawData:
    """The rows that views divide among them.

    Attributes:
        inputs: What is learnt from.
        truth: True values, as `Rows.truth`.
        weight: Weight of each row, float32 (n,), or None.
        positions: Where each row was among all that were read, int64 (n,); None in an older run.
    """

    inputs: StoredRows
    truth: npt.NDArray[Any]
    weight: npt.NDArray[np.float32] | None = None
    positions: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True)
class StoredView:
    """A view of stored rows.

    Attributes:
        task: What is learnt.
        plan: How the rows are made; fitted on those that train.
        raw: The rows, shared by all views.
        train: Positions of the rows that train, int64 (m,).
        validation: Positions of those that validate.
        class_weight: What each row that trains counts for its class, float32 (m,), or None.
        test: Positions of the test rows, or None; no trial sees them.
    """

    task: Task
    plan: PreprocessingPlan
    raw: RawData
    train: Positions
    validation: Positions
    class_weight: npt.NDArray[np.float32] | None = None
    test: Positions | None = None

    def arrays(self) -> Arrays:
        """Prepares the rows of the view."""
        positions = self.raw.positions
        return Arrays(
            task=self.task,
            plan=self.plan,
            train=self._rows(self.train, self.class_weight),
            validation=self._rows(self.validation),
            test=None if self.test is None else self._rows(self.test),
            check_positions=spread(len(self.validation)),
            validation_positions=None if positions is None else positions[self.validation],
        )

    def without_test(self) -> StoredView:
        """The same without the test rows."""
        return replace(self, test=None)

    def rows_at(self, positions: npt.NDArray[np.int64]) -> Rows:
        """Prepares some rows as this view does.

        Args:
            positions: Where they are among all that were read, int64 (n,).

        Raises:
            RunError: They are not among those that are stored.
        """
        known = self.raw.positions
        found = None if known is None else np.searchsorted(known, positions)
        if (
            known is None
            or found is None
            or not np.array_equal(known[found % len(known)], positions)
        ):
            raise RunError("The rows that an export is checked by are not stored for all views.")
        return self._rows(found)

    def _rows(
        self, positions: Positions, class_weight: npt.NDArray[np.float32] | None = None
    ) -> Rows:
        inputs = self.raw.inputs.prepared(positions, self.plan.inputs)
        weight = None if self.raw.weight is None else self.raw.weight[positions]
        return self.plan.rows(inputs, self.raw.truth[positions], weight, class_weight)


@dataclass(frozen=True)
class _RawForm:
    """The JSON form beside the stored rows."""

    kind: str
    form: Mapping[str, Any]
    arrays: Sequence[str]
    has_weight: bool
    checksums: Mapping[str, int]
    has_positions: bool = False


@dataclass(frozen=True)
class _ViewForm:
    """The JSON form beside a view's positions."""

    task: Task
    plan: PreprocessingPlan
    has_class_weight: bool
    checksums: Mapping[str, int]
    has_test: bool = False


def save_views(views: Mapping[str, StoredView], folder: str | Path) -> None:
    """Writes views, and the rows that they share.

    Args:
        views: The views by their names, all of the same rows; may be empty.
        folder: The folder of all views.
    """
    for view in [*views.values()][:1]:
        raw = view.raw
        held = raw.inputs.arrays()
        ArrayFolder(Path(folder) / RAW_FOLDER).write(
            {**held, "truth": raw.truth, "weight": raw.weight, "positions": raw.positions},
            {
                "kind": view.plan.inputs.kind,
                "form": raw.inputs.form(),
                "arrays": list(held),
                "has_weight": raw.weight is not None,
                "has_positions": raw.positions is not None,
            },
        )
    for name, view in views.items():
        ArrayFolder(view_folder(folder, name)).write(
            {
                "train": view.train,
                "validation": view.validation,
                "class_weight": view.class_weight,
                "test": view.test,
            },
            {
                "task": to_form(view.task),
                "plan": to_form(view.plan),
                "has_class_weight": view.class_weight is not None,
                "has_test": view.test is not None,
            },
        )


def open_view(folder: str | Path, name: str) -> Arrays:
    """The rows of a view: the first one's are mapped from files, another's prepared.

    Args:
        folder: The folder of all views.
        name: The view's name.

    Raises:
        RunError: They are not there, or cannot be read.
    """
    return open_views(folder, [name])[name].arrays()


def open_views(
    folder: str | Path, names: Sequence[str], *, verified: bool = False
) -> dict[str, StoredView | Arrays]:
    """Views as they lie on disk, which share their rows.

    Args:
        folder: The folder of all views.
        names: The views' names.
        verified: Whether every byte is compared with its checksum.

    Raises:
        RunError: They are not there, cannot be read, or were changed.
    """
    path = Path(folder)
    found: dict[str, StoredView | Arrays] = {}
    raw: RawData | None = None
    try:
        for name in names:
            path = view_folder(folder, name)
            if (path / "check_positions.npy").exists():  # so are the folds of older runs
                found[name] = (verify_arrays if verified else open_arrays)(path)
                continue
            raw = raw or _open_raw(ArrayFolder(Path(folder) / RAW_FOLDER), verified)
            found[name] = _open_stored(ArrayFolder(path), raw, verified)
    except (OSError, ValueError, KeyError, RecursionError) as error:
        raise RunError(f"The prepared rows in {str(path)!r} cannot be read: {error}.") from error
    return found


def _open_raw(folder: ArrayFolder, verified: bool) -> RawData:
    if verified:
        folder.verify()
    form = read_form(_RawForm, folder.form())
    arrays = {name: folder.open(name) for name in form.arrays}
    truth = folder.open("truth")
    weight = folder.open("weight") if form.has_weight else None
    positions = folder.open("positions") if form.has_positions else None
    also = {"weight": weight, "positions": positions}
    for name, array in {**arrays, **also}.items():
        if array is not None and len(array) != len(truth):
            raise ValueError(f"{name} has {len(array)} rows, not {len(truth)}")
    return RawData(kind_named(form.kind).stored(form.form, arrays), truth, weight, positions)


def _open_stored(folder: ArrayFolder, raw: RawData, verified: bool) -> StoredView:
    if verified:
        folder.verify()
    form = read_form(_ViewForm, folder.form())
    train, validation = folder.open("train"), folder.open("validation")
    test = folder.open("test") if form.has_test else None
    for positions in (train, validation, *([] if test is None else [test])):
        if positions.ndim != 1 or positions.dtype != np.int64 or not len(positions):
            raise ValueError("train, validation or test are no positions")
        if positions.min() < 0 or positions.max() >= len(raw.truth):
            raise ValueError("a position is beyond the stored rows")
    class_weight = folder.open("class_weight") if form.has_class_weight else None
    if class_weight is not None and class_weight.shape != train.shape:
        raise ValueError("class_weight has another number of rows")
    return StoredView(form.task, form.plan, raw, train, validation, class_weight, test)
