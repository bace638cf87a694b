"""True values of rows whose task is known: what metrics compare with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.column import MISSING_TEXTS, Reading, clean, holds_lists, read_column
from automl.data.say import Say
from automl.data.targets.infer_task import label_values
from automl.data.targets.label_lists import encode_lists, label_lists
from automl.data.targets.labels import known_codes
from automl.data.targets.unknown import learnable, say_unknown
from automl.data.task import Task, TaskKind
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def encode_targets(
    frame: pd.DataFrame,
    task: Task,
    say: Say | None = None,
    what: str = "rows",
    rows: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Reads true values of a known task.

    Args:
        frame: Rows with the task's target columns.
        task: The task, as training rows have decided it.
        say: Called with what a person should be told, of values that training has not shown too.
        what: What the rows are, for the messages.
        rows: Number of each row in its source, int64 (n,), counted from 1; None where the frame
            is the whole source.

    Returns:
        The values as in `Rows.truth`: binary float32 (n, 1), multiclass int32 (n,), multilabel
        float32 (n, k), regression float64 (n, t); and which rows have them, bool (n,): where a
        value is missing or unknown to the task, the first array means nothing.

    Raises:
        DataError: A target column is not there.
    """
    say = say or (lambda _: None)
    apart = {*task.targets} <= {*frame.columns}  # a column of 0 and 1 for each label
    if task.lists and (task.lists in frame.columns or not apart):
        return _encode_lists(frame, task, say, what, rows)
    words = any(label in MISSING_TEXTS for label in task.classes)
    columns = target_columns(frame, task.targets, f"The {what}", task.targets if words else ())
    for name in task.targets:
        if holds_lists(columns[name]):
            raise DataError(
                f"The {what} hold lists in the target {name!r}, where the training rows have one "
                "value each: give all rows alike."
            )
    missing = columns.isna().any(axis=1).to_numpy(np.bool_)
    _say_missing(missing, task.targets, say, what)
    if task.classes:
        return _encode_classes(columns.iloc[:, 0], task, missing, say, what, rows)
    values, known = [], ~missing
    for name in task.targets:
        if task.kind is TaskKind.MULTILABEL:
            own = label_values(columns[name])
            fits = np.isin(own, (0.0, 1.0))
        else:
            reading = Reading(number_format=task.number_format(name))
            own = read_column(frame[name], reading).values.to_numpy(np.float64)
            fits = learnable(own)
        say_unknown(columns[name], ~fits & ~missing, task, say, what, rows)
        values.append(own)
        known &= fits
    dtype = np.float32 if task.kind is TaskKind.MULTILABEL else np.float64
    with np.errstate(over="ignore"):
        return np.stack(values, axis=1).astype(dtype), known


def _encode_classes(
    column: pd.Series,
    task: Task,
    missing: npt.NDArray[np.bool_],
    say: Say,
    what: str,
    rows: npt.NDArray[np.int64] | None,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    codes, dotted = known_codes(column, task.classes)
    if dotted:
        say(
            f"{what}: class labels with a full stop at the end, such as {dotted!r}, are taken "
            f"as {dotted.rstrip('.')!r}"
        )
    say_unknown(column, (codes < 0) & ~missing, task, say, what, rows)
    if task.kind is TaskKind.BINARY:
        return codes.astype(np.float32).reshape(-1, 1), codes >= 0
    return codes, codes >= 0


def _encode_lists(
    frame: pd.DataFrame,
    task: Task,
    say: Say,
    what: str,
    rows: npt.NDArray[np.int64] | None,
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    if task.lists not in frame.columns:
        raise _no_column(frame, task.lists, f"The {what}")
    column = label_lists(frame[task.lists], known=task.targets)
    truth, known = encode_lists(column, task, say, what, rows)
    _say_missing(~known, (task.lists,), say, what)
    return truth, known


def _say_missing(
    missing: npt.NDArray[np.bool_], targets: Sequence[str], say: Say, what: str
) -> None:
    if missing.any():
        named = ", ".join(map(repr, targets))
        count = int(missing.sum())
        of, are = (what.removesuffix("s"), "is") if count == 1 else (what, "are")
        say(f"{count:,} {of} without a value of the target {named} {are} left out")


def refuse_unknown(frame: pd.DataFrame, task: Task, what: str) -> DataError:
    """The error of rows none of which has a target that the task knows.

    Args:
        frame: These rows, with the targets.
        task: The task.
        what: What the rows are.
    """
    column = frame[task.lists if task.lists in frame.columns else task.targets[0]]
    value = str(clean(column).iloc[0])
    if task.classes:
        near = did_you_mean(value, task.classes)
        return DataError(
            f"All {len(column):,} {what} have classes of {column.name!r} that the training rows do "
            f"not have, such as {value!r}{near}"
        )
    return DataError(
        f"None of the {len(column):,} {what} has a target {column.name!r} that can be read as the "
        f"training rows' is, such as {value!r}: give rows whose targets are written alike."
    )


def _no_column(frame: pd.DataFrame, name: str, what: str) -> DataError:
    return DataError(f"{what} have no target column {name!r}{did_you_mean(name, frame.columns)}")


def target_columns(
    frame: pd.DataFrame, targets: Sequence[str], what: str, declared: Collection[str] = ()
) -> pd.DataFrame:
    """The target columns of a table, cleaned; lists of labels as `label_lists` gives them.

    Args:
        frame: The table.
        targets: Names of the targets.
        what: What the rows are, for the message.
        declared: Names of targets that are classes, whatever they look like.

    Raises:
        DataError: A column is not there.
    """
    import pandas as pd

    for name in targets:
        if name not in frame.columns:
            raise _no_column(frame, name, what)
    return pd.DataFrame(
        {
            t: label_lists(frame[t])
            if holds_lists(frame[t])
            else clean(frame[t].infer_objects(), keep_words=t in declared)
            for t in targets
        }
    )
