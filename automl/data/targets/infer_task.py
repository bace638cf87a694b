"""Targets: what kind of task they ask for, and their values as numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.data.columns.column import (
    ColumnSource,
    booleans,
    holds_lists,
    is_text,
    numbers,
)
from automl.data.columns.infer import are_codes, infer_column
from automl.data.columns.number_format import NumberFormat
from automl.data.columns.schema import Conventions
from automl.data.say import Say
from automl.data.targets.label_lists import task_of_lists
from automl.data.targets.labels import class_labels
from automl.data.targets.numbered_classes import MOST_NUMBERED_CLASSES, why_measured
from automl.data.targets.unfit import (
    DATES,
    check_numbers,
    moments_of,
    refuse_text,
    why_no_classes,
)
from automl.data.task import ClassLabel, Task, TaskKind
from automl.errors import DataError, RequestError
from automl.vocabulary.task_kinds import RECONSTRUCTION

if TYPE_CHECKING:
    import pandas as pd

# Of image-like data, class numbers counted from 0 may be more (ImageNet has 1,000 classes).
MOST_COUNTED_CLASSES = 1_000
LEAST_COUNTED = 0.9

CLASSIFICATION = "classification"
KINDS = (*(kind.value for kind in TaskKind), CLASSIFICATION, RECONSTRUCTION)


def infer_task(
    columns: pd.DataFrame,
    asked: str | None,
    say: Say,
    *,
    counted_classes: bool = False,
    declared: Collection[str] = (),
    decimal: str | None = None,
    rows: npt.NDArray[np.int64] | None = None,
) -> Task:
    """Finds what the target columns ask for.

    Text and booleans are classes, and so are whole numbers that look like classes (see
    `why_measured`); other numbers are regression targets. Several columns are labels if they hold
    only 0 and 1; lists in one column hold labels (`task_of_lists`).

    Args:
        columns: The target columns, cleaned, without missing values.
        asked: A kind of task to overrule what the columns look like, or None.
        say: Called with what a person should be told.
        counted_classes: Whether class numbers counted from 0 may be up to 1,000 (images).
        declared: Names of targets that are classes whatever they look like.
        decimal: Decimal mark of numbers in texts, where it is known.
        rows: Number of each row in its source, int64 (n,), counted from 1; None where the columns
            are the whole source.

    Raises:
        DataError: The columns do not fit the task, or do not vary.
        RequestError: There is no such kind of task.
    """
    if asked is not None and asked not in KINDS:
        raise RequestError(f"There is no task {asked!r}{did_you_mean(asked, KINDS)}")
    reconstructs = asked == RECONSTRUCTION
    asked = TaskKind.REGRESSION if reconstructs else asked
    names = [str(name) for name in columns.columns]
    if any(holds_lists(columns[name]) for name in columns.columns):
        return task_of_lists(columns, asked, say)
    is_declared = asked is None and len(names) == 1 and names[0] in declared
    asked = CLASSIFICATION if is_declared else asked
    _check_vary(columns, say)
    written = [_Written.of(columns[name], decimal, asked, say) for name in names]
    kind, why = _kind(written, asked, counted_classes, rows)
    why = f"{names[0]!r} names classes" if is_declared else why
    if kind is TaskKind.REGRESSION:
        task = _number_task(written, rows, reconstructs)
    elif kind is TaskKind.MULTILABEL:
        task = Task(kind, len(names), tuple(names))
        _check_labels(columns)
    else:
        task = _class_task(written[0], kind, asked)
    said = f" ({', '.join(_shown(c) for c in task.classes[:10])})" if task.classes else ""
    say(f"task: {_called(task)}{said}, because {why}{'' if asked else '; --task overrules'}")
    return task


def _called(task: Task) -> str:
    if task.reconstructs:
        return (
            f"reconstruction of a row's {task.outputs:,} numbers (a model without a layer narrower "
            "than that may copy them)"
        )
    return {
        TaskKind.BINARY: "binary classification",
        TaskKind.MULTICLASS: f"classification into {task.outputs} classes",
        TaskKind.MULTILABEL: f"{task.outputs} labels that may hold together (multilabel)",
        TaskKind.REGRESSION: "regression"
        + (f" of {task.outputs} targets" if task.outputs > 1 else ""),
    }[task.kind]


def _shown(label: ClassLabel) -> str:
    return repr(label) if isinstance(label, str) else str(label)


def _check_vary(columns: pd.DataFrame, say: Say) -> None:
    """Checks that there is something to learn; of several targets some may be constant."""
    constant = [name for name in columns.columns if columns[name].nunique(dropna=False) == 1]
    if len(constant) == columns.shape[1]:
        column = columns[constant[0]]
        raise DataError(
            f"The target {column.name!r} has the same value in every row "
            f"({str(column.iloc[0])!r}): give rows of at least two classes or values."
        )
    if constant:
        more = f" and {len(constant) - 1:,} more" if constant[1:] else ""
        say(
            f"of {columns.shape[1]:,} targets {str(constant[0])!r}{more} have one value in all "
            "rows; they are learnt as they are"
        )
    for name in columns.columns:
        if columns[name].dtype.kind == "M":
            raise DataError(
                f"The target {str(name)!r} holds dates, which cannot be learnt: give numbers (for "
                "example days) or classes."
            )


@dataclass(frozen=True)
class _Written:
    """A target and how its texts are read as numbers.

    Attributes:
        column: The target, cleaned.
        number_format: How its numbers are written where they are texts.
        values: Its values as numbers, float64 (n,), NaN where one is none.
        are_codes: Whether it holds codes such as 00501, which are no numbers.
    """

    column: pd.Series
    number_format: NumberFormat
    values: npt.NDArray[np.float64]
    are_codes: bool = False

    @classmethod
    def of(cls, column: pd.Series, decimal: str | None, asked: str | None, say: Say) -> _Written:
        if not is_text(column):
            return cls(column, NumberFormat(), numbers(column))
        if are_codes(column):
            if asked == TaskKind.REGRESSION:  # whoever asks for numbers knows that they are
                return cls(column, NumberFormat(), NumberFormat().read(column))
            return cls(column, NumberFormat(), np.full(len(column), np.nan), True)
        notes: list[str] = []
        guess = infer_column(column, notes.append, Conventions(decimal))
        found = guess.reading.number_format
        if guess.reading.source is not ColumnSource.NUMBER:
            return cls(column, NumberFormat(), NumberFormat().read(column))
        values = found.read(column)
        for note in notes if not guess.reading.strays else ():
            say(note)
        return cls(column, found, values)


def _kind(
    written: Sequence[_Written],
    asked: str | None,
    counted: bool,
    rows: npt.NDArray[np.int64] | None,
) -> tuple[TaskKind, str]:
    several = len(written) > 1
    if asked is not None and asked != CLASSIFICATION:
        kind = TaskKind(asked)
        if several and kind in (TaskKind.BINARY, TaskKind.MULTICLASS):
            raise DataError(
                f"A {kind} task has one target, but {len(written)} were given: give one, or "
                "--task multilabel."
            )
        return kind, "it was asked for"
    if several:
        return _kind_of_several(written, asked)
    if asked == CLASSIFICATION:
        two = written[0].column.nunique() == 2
        return (TaskKind.BINARY if two else TaskKind.MULTICLASS), "it was asked for"
    return _kind_of_one(written[0], counted, rows)


def _kind_of_several(written: Sequence[_Written], asked: str | None) -> tuple[TaskKind, str]:
    values = np.stack([label_values(found.column) for found in written], axis=1)
    if np.isin(values, (0.0, 1.0)).all():
        return TaskKind.MULTILABEL, "all targets hold only 0 and 1"
    if asked == CLASSIFICATION:
        raise DataError(
            "Several targets are labels, which must hold only 0 and 1 (true and false)."
        )
    return TaskKind.REGRESSION, "the targets hold numbers"


def _kind_of_one(
    written: _Written, counted: bool, rows: npt.NDArray[np.int64] | None
) -> tuple[TaskKind, str]:
    column, values = written.column, written.values
    name, distinct = str(column.name), int(column.nunique())
    kind = TaskKind.BINARY if distinct == 2 else TaskKind.MULTICLASS
    if column.dtype.kind == "b":
        return TaskKind.BINARY, f"{name!r} is true or false"
    if written.are_codes:
        return kind, f"{name!r} holds codes that begin with 0, with {distinct} different values"
    unread = np.isnan(values)
    if unread.any():
        if not unread.all() and unread.mean() < 0.5:
            refuse_text(column, unread, rows)
        return kind, f"{name!r} holds {distinct} different texts"
    if moments_of(column) == DATES:
        raise DataError(
            f"The target {name!r} holds dates such as {column.iloc[0]!s}, which cannot be "
            "learnt: give numbers (for example days), or insist with --task regression or "
            "classification."
        )
    whole = bool((values == np.round(values)).all())
    if not whole:
        return TaskKind.REGRESSION, f"{name!r} holds numbers with {distinct:,} different values"
    # Of a class with few rows none may train.
    from_zero = values.min() == 0 and distinct > LEAST_COUNTED * values.max()
    if counted and from_zero and distinct <= MOST_COUNTED_CLASSES:
        return kind, f"{name!r} counts classes from 0 to {values.max():.0f}"
    measured = why_measured(values)
    if measured is not None:
        return TaskKind.REGRESSION, f"{name!r} holds whole numbers {measured}"
    return kind, f"{name!r} holds whole numbers with {distinct} different values"


def _number_task(
    written: Sequence[_Written], rows: npt.NDArray[np.int64] | None, reconstructs: bool
) -> Task:
    for found in written:
        if reconstructs and np.isnan(found.values).any():
            raise DataError(
                f"The column {str(found.column.name)!r} holds text, and --task reconstruction is "
                "of numbers: leave it out with --ignore."
            )
        check_numbers(found.column, found.values, rows, several=len(written) > 1)
    names = tuple(str(found.column.name) for found in written)
    formats = tuple(found.number_format for found in written)
    plain = all(found.is_plain for found in formats)
    kind = TaskKind.REGRESSION
    return Task(kind, len(names), names, (), () if plain else formats, reconstructs)


def _check_labels(columns: pd.DataFrame) -> None:
    for name in columns.columns:
        if not np.isin(label_values(columns[name]), (0.0, 1.0)).all():
            raise DataError(
                f"The label {name!r} holds something other than 0 and 1 (or true and false), which "
                "is all that a multilabel task may have: correct it, or choose another --task."
            )


def label_values(column: pd.Series) -> npt.NDArray[np.float64]:
    """The values of a label that holds or not, float64 (n,), NaN where one is no number."""
    values = numbers(column)
    return booleans(column) if np.isnan(values).any() else values


def _class_task(written: _Written, kind: TaskKind, asked: str | None) -> Task:
    column = written.column
    name = str(column.name)
    classes = class_labels(column, written.values)
    if kind is TaskKind.BINARY and len(classes) != 2:
        raise DataError(
            f"The target {name!r} has {len(classes)} classes, but a binary task has two: choose "
            "--task multiclass."
        )
    if asked is None and is_text(column) and len(classes) > MOST_NUMBERED_CLASSES:
        what = why_no_classes(column, len(classes))
        if what:
            raise DataError(
                f"The target {name!r} has {len(classes):,} different texts in {len(column):,} "
                f"rows, such as {str(column.iloc[0])!r}, {what}, or insist with --task "
                "classification."
            )
    outputs = 1 if kind is TaskKind.BINARY else len(classes)
    return Task(kind, outputs, (name,), classes)
