"""Targets: what kind of task they ask for, and their values as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.data.columns import booleans, clean, is_text, numbers, text_values
from automl.data.names import nearest
from automl.data.task import ClassLabel, Task, TaskKind
from automl.data.text_file import Say
from automl.errors import DataError, RequestError

if TYPE_CHECKING:
    import pandas as pd

# Own choice: whole numbers with at most this many different values are classes.
MOST_NUMBERED_CLASSES = 20
# Of image-like data, class numbers counted from 0 may be more (ImageNet has 1,000 classes).
MOST_COUNTED_CLASSES = 1_000
# A text target that has more different values than this, most of them rare, is no set of classes.
MOST_TEXT_CLASSES_SHARE = 0.5

CLASSIFICATION = "classification"
KINDS = (*(kind.value for kind in TaskKind), CLASSIFICATION)


def infer_task(
    columns: pd.DataFrame, asked: str | None, say: Say, *, counted_classes: bool = False
) -> Task:
    """Finds what the target columns ask for.

    Text and booleans are classes, whole numbers with at most 20 different values too; other
    numbers are regression targets. Several columns are labels if they hold only 0 and 1.

    Args:
        columns: The target columns, cleaned, without missing values.
        asked: A kind of task to overrule what the columns look like, or None.
        say: Called with what a person should be told.
        counted_classes: Whether class numbers counted from 0 may be up to 1,000 (images).

    Raises:
        DataError: The columns do not fit the task, or do not vary.
        RequestError: There is no such kind of task.
    """
    if asked is not None and asked not in KINDS:
        raise RequestError(f"There is no task {asked!r}{nearest(asked, KINDS)}")
    names = [str(name) for name in columns.columns]
    for name in names:
        _check_varies(columns[name])
    kind, why = _kind(columns, asked, counted_classes)
    if kind is TaskKind.REGRESSION:
        task = Task(kind, len(names), tuple(names))
        _check_numbers(columns, asked)
    elif kind is TaskKind.MULTILABEL:
        task = Task(kind, len(names), tuple(names))
        _check_labels(columns)
    else:
        task = _class_task(columns[names[0]], kind, asked)
    said = f" ({', '.join(_shown(c) for c in task.classes[:10])})" if task.classes else ""
    way_out = "" if asked is not None else "; --task overrules"
    say(f"task: {_called(task)}{said}, because {why}{way_out}")
    return task


def _called(task: Task) -> str:
    return {
        TaskKind.BINARY: "binary classification",
        TaskKind.MULTICLASS: f"classification into {task.outputs} classes",
        TaskKind.MULTILABEL: f"{task.outputs} labels that may hold together (multilabel)",
        TaskKind.REGRESSION: "regression"
        + (f" of {task.outputs} targets" if task.outputs > 1 else ""),
    }[task.kind]


def _shown(label: ClassLabel) -> str:
    return repr(label) if isinstance(label, str) else str(label)


def _check_varies(column: pd.Series) -> None:
    distinct = column.unique()
    if len(distinct) == 1:
        raise DataError(
            f"The target {column.name!r} has the same value in every row "
            f"({str(distinct[0])!r}): give rows of at least two classes or values."
        )
    if column.dtype.kind == "M":
        raise DataError(
            f"The target {column.name!r} holds dates, which cannot be learnt: give numbers (for "
            "example days) or classes."
        )


def _kind(columns: pd.DataFrame, asked: str | None, counted: bool) -> tuple[TaskKind, str]:
    several = columns.shape[1] > 1
    if asked is not None and asked != CLASSIFICATION:
        kind = TaskKind(asked)
        if several and kind in (TaskKind.BINARY, TaskKind.MULTICLASS):
            raise DataError(
                f"A {kind} task has one target, but {columns.shape[1]} were given: give one, or "
                "--task multilabel."
            )
        return kind, "it was asked for"
    if several:
        return _kind_of_several(columns, asked)
    column = columns.iloc[:, 0]
    found, why = _kind_of_one(column, counted)
    if asked == CLASSIFICATION and found is TaskKind.REGRESSION:
        kind = TaskKind.BINARY if column.nunique() == 2 else TaskKind.MULTICLASS
        return kind, "it was asked for"
    return found, why


def _kind_of_several(columns: pd.DataFrame, asked: str | None) -> tuple[TaskKind, str]:
    values = np.stack([_label_values(columns[name]) for name in columns.columns], axis=1)
    if np.isin(values, (0.0, 1.0)).all():
        return TaskKind.MULTILABEL, "all targets hold only 0 and 1"
    if asked == CLASSIFICATION:
        raise DataError(
            "Several targets are labels, which must hold only 0 and 1 (true and false)."
        )
    return TaskKind.REGRESSION, "the targets hold numbers"


def _kind_of_one(column: pd.Series, counted: bool) -> tuple[TaskKind, str]:
    name, distinct = str(column.name), int(column.nunique())
    kind = TaskKind.BINARY if distinct == 2 else TaskKind.MULTICLASS
    if column.dtype.kind == "b":
        return TaskKind.BINARY, f"{name!r} is true or false"
    values = numbers(column)
    unread = np.isnan(values)
    if unread.any():
        if not unread.all() and unread.mean() < 0.5:
            _refuse_text(column, unread)
        return kind, f"{name!r} holds {distinct} different texts"
    whole = bool((values == np.round(values)).all())
    if whole and distinct <= MOST_NUMBERED_CLASSES:
        return kind, f"{name!r} holds whole numbers with {distinct} different values"
    from_zero = whole and values.min() == 0 and values.max() == distinct - 1
    if counted and from_zero and distinct <= MOST_COUNTED_CLASSES:
        return kind, f"{name!r} counts classes from 0 to {distinct - 1}"
    what = "whole numbers" if whole else "numbers"
    return TaskKind.REGRESSION, f"{name!r} holds {what} with {distinct:,} different values"


def _refuse_text(column: pd.Series, unread: npt.NDArray[np.bool_]) -> None:
    texts = sorted({str(text) for text in column[unread].head(1000)})
    shown = ", ".join(repr(text) for text in texts[:3])
    raise DataError(
        f"The target {column.name!r} holds text ({shown}) in {int(unread.sum()):,} of "
        f"{len(column):,} rows where numbers were expected: correct or remove these rows, or ask "
        "for classes with --task classification."
    )


def _check_numbers(columns: pd.DataFrame, asked: str | None) -> None:
    for name in columns.columns:
        column = columns[name]
        unread = np.isnan(_label_values(column))
        if unread.any():
            _refuse_text(column, unread)
        values = _label_values(column)
        if np.isinf(values).any():
            raise DataError(
                f"The target {name!r} has infinite values: correct or remove these rows."
            )
        # Squares of larger ones leave single precision.
        if np.abs(values).max() > 1e18:
            raise DataError(
                f"The target {name!r} has values beyond 1e18, too large for single precision: "
                "scale them down, or take their logarithm."
            )


def _check_labels(columns: pd.DataFrame) -> None:
    for name in columns.columns:
        if not np.isin(_label_values(columns[name]), (0.0, 1.0)).all():
            raise DataError(
                f"The label {name!r} holds something other than 0 and 1 (or true and false), which "
                "is all that a multilabel task may have: correct it, or choose another --task."
            )


def _label_values(column: pd.Series) -> npt.NDArray[np.float64]:
    values = numbers(column)
    return booleans(column) if np.isnan(values).any() else values


def _class_task(column: pd.Series, kind: TaskKind, asked: str | None) -> Task:
    name = str(column.name)
    classes = _classes(column)
    if kind is TaskKind.BINARY and len(classes) != 2:
        raise DataError(
            f"The target {name!r} has {len(classes)} classes, but a binary task has two: choose "
            "--task multiclass."
        )
    rare = len(classes) > MOST_TEXT_CLASSES_SHARE * len(column)
    if asked is None and is_text(column) and rare and len(classes) > MOST_NUMBERED_CLASSES:
        raise DataError(
            f"The target {name!r} has {len(classes):,} different texts in {len(column):,} rows, so "
            "it looks like an identifier, not like classes: choose another target."
        )
    outputs = 1 if kind is TaskKind.BINARY else len(classes)
    return Task(kind, outputs, (name,), classes)


def _classes(column: pd.Series) -> tuple[ClassLabel, ...]:
    if column.dtype.kind == "b":
        return (False, True)
    values = numbers(column)
    if np.isfinite(values).all():
        unique = np.unique(values)
        whole = bool((unique == np.round(unique)).all())
        return tuple(int(v) if whole else float(v) for v in unique)
    return tuple(str(text) for text in np.unique(text_values(column).astype(str)))


def encode_targets(
    frame: pd.DataFrame, task: Task, say: Say | None = None, what: str = "The rows"
) -> npt.NDArray[Any]:
    """Reads true values of a known task.

    Args:
        frame: Rows with the task's target columns, without missing values in them.
        task: The task.
        say: Called with what a person should be told.
        what: What the rows are, for the messages.

    Returns:
        The values as in `Rows.truth`: binary float32 (n, 1), multiclass int32 (n,), multilabel
        float32 (n, k), regression float64 (n, t).

    Raises:
        DataError: A target column is not there, or has a value that the task does not know.
    """
    columns = target_columns(frame, task.targets, what)
    if task.classes:
        numbered = _encode_classes(columns.iloc[:, 0], task, say, what)
        if task.kind is TaskKind.BINARY:
            return numbered.astype(np.float32).reshape(-1, 1)
        return numbered
    if task.kind is TaskKind.MULTILABEL:
        _check_labels(columns)
    else:
        _check_numbers(columns, None)
    values = np.stack([_label_values(columns[name]) for name in task.targets], axis=1)
    return values.astype(np.float32) if task.kind is TaskKind.MULTILABEL else values


def target_columns(frame: pd.DataFrame, targets: Sequence[str], what: str) -> pd.DataFrame:
    """The target columns of a table, cleaned.

    Raises:
        DataError: A column is not there.
    """
    import pandas as pd

    for name in targets:
        if name not in frame.columns:
            raise DataError(
                f"{what} have no target column {name!r}{nearest(name, map(str, frame.columns))}"
            )
    return pd.DataFrame({name: clean(frame[name]) for name in targets})


def _encode_classes(
    column: pd.Series, task: Task, say: Say | None, what: str
) -> npt.NDArray[np.int32]:
    codes = _codes(column, task.classes)
    unknown = codes < 0
    if unknown.any() and is_text(column):
        # The UCI repository's adult.test ends each label in a full stop.
        undotted = _codes(column.str.rstrip("."), task.classes)
        if (undotted >= 0).all():
            if say is not None:
                label = str(column[unknown].iloc[0])
                say(
                    f"{what}: class labels with a full stop at the end, such as {label!r}, are "
                    f"taken as {label.rstrip('.')!r}"
                )
            return undotted
    if unknown.any():
        label = str(column[unknown].iloc[0])
        names = [str(c) for c in task.classes]
        raise DataError(
            f"{what} have the class {label!r} of {column.name!r}, which the training rows do not "
            f"have{nearest(label, names)}"
        )
    return codes


def _codes(column: pd.Series, classes: Sequence[ClassLabel]) -> npt.NDArray[np.int32]:
    """Position of each value among the classes, -1 where it is none of them."""
    import pandas as pd

    labels: list[Any]
    values: npt.NDArray[Any]
    if isinstance(classes[0], bool):
        labels, values = [float(c) for c in classes], booleans(column)
    elif isinstance(classes[0], str):
        labels, values = list(classes), text_values(column)
    else:
        labels, values = [float(c) for c in classes], numbers(column)
    codes: npt.NDArray[np.int32] = pd.Index(labels).get_indexer(pd.Index(values)).astype(np.int32)
    return codes


def class_weights(
    truth: npt.NDArray[Any], task: Task, asked: Any
) -> npt.NDArray[np.float32] | None:
    """Weight of each training row by its class.

    Args:
        truth: The training rows' classes, binary (n, 1) or multiclass (n,).
        task: The task.
        asked: ``"balanced"`` (rows / (classes x rows of the class), as scikit-learn has it), a
            weight for each class (1 for those not named), or None.

    Returns:
        float32 (n,), or None where nothing was asked.

    Raises:
        RequestError: The task has no classes, or there is no such class, or a weight is not a
            positive number.
    """
    if asked is None:
        return None
    if not task.classes:
        raise RequestError(f"Class weights need a target with classes, but this is {task.kind}.")
    codes = truth.reshape(-1).astype(np.int64)
    if asked == "balanced":
        counts = np.bincount(codes, minlength=len(task.classes))
        table = len(codes) / (len(counts) * np.maximum(counts, 1))
    else:
        names = [str(c) for c in task.classes]
        table = np.ones(len(names))
        for label, weight in asked.items():
            if str(label) not in names:
                raise RequestError(
                    f"There is no class {str(label)!r} to weight{nearest(str(label), names)}"
                )
            if not 0 < float(weight) < np.inf:
                raise RequestError(
                    f"The weight {weight} of class {str(label)!r} is not a positive number."
                )
            table[names.index(str(label))] = float(weight)
    weights: npt.NDArray[np.float32] = table[codes].astype(np.float32)
    return weights
