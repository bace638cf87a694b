"""Targets that are lists of labels, such as ``["cat", "dog"]``: several labels of each row.

One column of lists asks for a multilabel task with an output for each label that the training rows
have. A list that lacks a label says that it does not hold; an empty one that none does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from automl.common.names import did_you_mean
from automl.common.texts import valid_text
from automl.data.columns.column import clean_apart, holds_lists
from automl.data.say import Say
from automl.data.targets.numbered_classes import MOST_NUMBERED_CLASSES
from automl.data.task import Task, TaskKind
from automl.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

# Labels that a sentence names.
SHOWN = 10
# As of single labels (`automl.data.targets.unfit`): beyond this share of the rows they are no set.
MOST_LABELS_SHARE = 0.5
EXAMPLE = '["cat", "dog"], or [] for none'


def clean_target(parts: Sequence[pd.Series], keep_words: bool, say: Say) -> list[pd.Series]:
    """A raw target as `clean_apart` gives it, or as `label_lists` does where it holds lists.

    Args:
        parts: Its values in the rows to learn from, and in those of other parts.
        keep_words: As for `clean_apart`.
        say: As for `label_lists`.
    """
    cleaned: list[pd.Series] = []
    known: set[str] = set()
    for part in parts:
        if holds_lists(part):
            cleaned.append(label_lists(part, say, known))
            known.update(*cleaned[-1].dropna())
        else:
            cleaned.append(clean_apart(part, keep_words))
    return cleaned


def label_lists(
    column: pd.Series, say: Say = lambda _: None, known: Collection[str] = ()
) -> pd.Series:
    """A target whose values are lists of labels, each label a text, once, as it was written.

    Args:
        column: The target, raw; missing values stay missing. What this gave may be given again.
        say: Called with how many rows name a label twice.
        known: The labels of a task, where there is one; [0, 1] may hold two of them.

    Returns:
        The column, of tuples of texts.

    Raises:
        DataError: There is a value that is no list, or something in a list that is no label.
    """
    import pandas as pd

    values = column.tolist()
    if not {"0", "1"} <= {*known}:
        _refuse_indicators(column.name, values)
    found: list[tuple[str, ...] | None] = []
    twice = 0
    for row, value in enumerate(values, start=1):
        if not isinstance(value, tuple):
            if not _is_missing(value):
                raise DataError(
                    f"The target {column.name!r} holds lists of labels, but {value!r} in row "
                    f"{row:,}: give a list in every row, such as {EXAMPLE}."
                )
            found.append(None)
            continue
        labels = tuple(_label(one, column.name, row) for one in value)
        found.append(tuple(dict.fromkeys(labels)))
        twice += len(found[-1] or ()) < len(labels)
    if twice:
        say(
            f"target {column.name!r}: in {twice:,} {'row' if twice == 1 else 'rows'} a label "
            "stands twice in one list, which counts once"
        )
    return pd.Series(found, index=column.index, name=column.name, dtype=object)


def _is_missing(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def _label(value: Any, name: object, row: int) -> str:
    """A label as a text; 3 and 3.0 are one.

    Raises:
        DataError: It is none.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(
        value, str | int | float | np.integer | np.floating
    ):
        what = "null" if value is None else f"{value!r}"
    elif isinstance(value, str):
        text = valid_text(value).strip()
        if text:
            return text
        what = "an empty text"
    elif isinstance(value, int | np.integer) or float(value).is_integer():
        return str(int(value))
    else:
        what = f"the number {value}"
    raise DataError(
        f"The target {name!r} holds {what[:80]} in a list in row {row:,}, which is no label: give "
        f"lists of texts or whole numbers, such as {EXAMPLE} (several numbers to learn are a "
        "column each)."
    )


def _refuse_indicators(name: object, values: Sequence[Any]) -> None:
    """Refuses lists such as [0, 1, 1], whose places are labels that have no names.

    Raises:
        DataError: They are such.
    """
    lists = [value for value in values if isinstance(value, tuple)]
    width = len(lists[0]) if lists else 0
    if width < 2 or any(len(one) != width for one in lists):
        return
    numbers = all(isinstance(v, int | float | np.number | np.bool_) for one in lists for v in one)
    if numbers and all(v in (0, 1) for one in lists for v in one):
        raise DataError(
            f"The target {name!r} holds lists of {width} times 0 or 1, whose labels have no names: "
            f"give the labels of each row by name, such as {EXAMPLE}, or a column for each label."
        )


def task_of_lists(columns: pd.DataFrame, asked: str | None, say: Say) -> Task:
    """The multilabel task that lists of labels in training rows ask for.

    Args:
        columns: The target columns, one of which holds lists as `label_lists` gives them, without
            missing values.
        asked: A kind of task that a person asks for, or None.
        say: Called with what a person should be told.

    Raises:
        DataError: There is another target, the task is another, or there is nothing to learn.
    """
    name = next(str(c) for c in columns.columns if holds_lists(columns[c]))
    if columns.shape[1] > 1:
        raise DataError(
            f"The target {name!r} holds lists of labels, beside which there can be no other "
            "target: give it alone."
        )
    if asked not in (None, TaskKind.MULTILABEL, "classification"):
        raise DataError(
            f"The target {name!r} holds lists of labels, which are a multilabel task, but "
            f"{asked} was asked for: leave --task out, or give one value in each row."
        )
    lists = columns[name].tolist()
    counts = Counter(label for labels in lists for label in labels)
    labels = sorted(counts, key=_order)
    _check_learnable(name, lists, counts)
    shown = ", ".join(map(repr, labels[:SHOWN])) + (", ..." if len(labels) > SHOWN else "")
    say(
        f"task: {len(labels):,} {'label' if len(labels) == 1 else 'labels that may hold together'} "
        f"(multilabel) ({shown}), because {name!r} holds lists of labels"
    )
    if len(labels) > 1 and all(len(one) == 1 for one in lists):
        say(
            f"target {name!r}: each list has one label; where labels exclude each other, give them "
            "as texts in place of lists, for a task of classes"
        )
    always = [label for label in labels if counts[label] == len(lists)]
    if always:
        more = f" and {len(always) - 1:,} more" if always[1:] else ""
        say(f"label {always[0]!r}{more} of {name!r} holds in all training rows")
    return Task(TaskKind.MULTILABEL, len(labels), tuple(labels), lists=name)


def _order(label: str) -> tuple[int, int, str]:
    """Numbers by their value, before texts."""
    whole = label.lstrip("-").isdecimal() and label.isascii()
    return (0, int(label), label) if whole and len(label) < 20 else (1, 0, label)


def _check_learnable(name: str, lists: Sequence[tuple[str, ...]], counts: Counter[str]) -> None:
    """Checks that there are labels, that rows differ in them, and that they repeat.

    Raises:
        DataError: It is not so.
    """
    if not counts:
        raise DataError(
            f"The target {name!r} holds empty lists alone in the {len(lists):,} training rows: "
            "give rows with labels."
        )
    if all(count == len(lists) for count in counts.values()):
        raise DataError(
            f"The target {name!r} holds the same labels ({', '.join(sorted(counts))}) in every "
            "training row: give rows whose labels differ."
        )
    if len(counts) > max(MOST_NUMBERED_CLASSES, MOST_LABELS_SHARE * len(lists)):
        raise DataError(
            f"The lists of the target {name!r} hold {len(counts):,} different labels in "
            f"{len(lists):,} training rows, such as {next(iter(counts))!r}, so they look like "
            "identifiers or words of texts, not like labels: give labels that repeat."
        )


def encode_lists(
    column: pd.Series,
    task: Task,
    say: Say,
    what: str,
    rows: npt.NDArray[np.int64] | None = None,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Which labels each row has.

    Labels that training has not shown are counted and named; their rows stay, with the labels that
    it has shown.

    Args:
        column: The target, as `label_lists` gives it.
        task: What is learnt.
        say: Called with what a person should be told.
        what: What the rows are, such as ``"test rows"``.
        rows: Number of each row in its source, int64 (n,), counted from 1; None where the column
            is the whole source.

    Returns:
        float32 (n, labels) of 0 and 1; and which rows have a list, bool (n,).
    """
    place = {label: number for number, label in enumerate(task.targets)}
    truth = np.zeros((len(column), len(place)), np.float32)
    known = column.notna().to_numpy(np.bool_)
    unknown: Counter[str] = Counter()
    odd: list[int] = []
    for at, labels in enumerate(column.tolist()):
        if not known[at]:
            continue
        truth[at, [place[label] for label in labels if label in place]] = 1.0
        new = [label for label in labels if label not in place]
        unknown.update(new)
        odd += [at] if new else []
    if odd:
        _say_unknown(unknown, odd, task, say, f"{int(known.sum()):,} {what}", rows)
    return truth, known


def _say_unknown(
    unknown: Counter[str],
    odd: Sequence[int],
    task: Task,
    say: Say,
    of: str,
    rows: npt.NDArray[np.int64] | None,
) -> None:
    named = ", ".join(f"{label!r} ({count:,})" for label, count in unknown.most_common(SHOWN))
    named += f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
    row = odd[0] + 1 if rows is None else int(rows[odd[0]])
    meant = did_you_mean(unknown.most_common(1)[0][0], task.targets, "")
    hint = f" ({meant.removeprefix('; ')})" if meant else ""
    say(
        f"target {task.lists!r}: {len(odd):,} of {of} hold labels that no training row has: "
        f"{named}, first in row {row:,}{hint}; no model can tell them, and scores do not count them"
    )
