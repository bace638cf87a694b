"""Class labels: as they were written, and found again in however they are written later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.common.texts import is_number_text
from automl.data.columns.column import booleans, is_text, numbers
from automl.data.columns.infer import are_codes
from automl.data.targets.unfit import infinite_target
from automl.data.task import ClassLabel

if TYPE_CHECKING:
    import pandas as pd


def class_labels(
    column: pd.Series, values: npt.NDArray[np.float64] | None = None
) -> tuple[ClassLabel, ...]:
    """The different labels of a target, as they were written.

    Texts become numbers only where those are written like the texts: 3 and 0.5 do, 00, 1.50, +1
    and 10% stay texts. Where one number is written in several ways, it is one label.

    Args:
        column: The target, cleaned, without missing values.
        values: Its values as numbers, float64 (n,), where it holds numbers in texts.

    Returns:
        The labels in the order of their values, or else of their texts.

    Raises:
        DataError: One is an infinite number.
    """
    if column.dtype.kind == "b":
        return (False, True)
    if not is_text(column):
        unique = np.unique(column.to_numpy())
        if unique.dtype.kind == "f" and not np.isfinite(unique).all():
            raise infinite_target(column)
        whole = unique.dtype.kind == "i" or bool((unique == np.round(unique)).all())
        return tuple(int(v) if whole else float(v) for v in unique)
    texts = column.to_numpy(dtype=object)
    if values is None or not np.isfinite(values).all():
        return tuple(sorted({str(text) for text in texts}))
    value_of = {str(text): float(v) for text, v in zip(texts, values, strict=True)}
    by_value = sorted(value_of, key=lambda text: (value_of[text], text))
    if all(_is_written(text, int) for text in by_value):
        return tuple(sorted(int(text) for text in by_value))
    several = len(set(value_of.values())) < len(value_of)
    # Only of plain numbers: `0%` and `0` may be two classes.
    plain = all(is_number_text(text) for text in by_value)
    if several and plain and not are_codes(column):
        unique = np.unique(values)
        whole = bool((unique == np.round(unique)).all())
        return tuple(int(v) if whole else float(v) for v in unique)
    if all(_is_written(text, float) for text in by_value):
        return tuple(float(text) for text in by_value)
    return tuple(by_value)


def _is_written(text: str, kind: type) -> bool:
    try:
        return str(kind(text)) == text
    except ValueError:
        return False


def known_codes(
    column: pd.Series, classes: Sequence[ClassLabel]
) -> tuple[npt.NDArray[np.int32], str]:
    """As `label_codes`, and where that finds more, without a full stop at the end of labels.

    The UCI repository's adult.test ends each label in a full stop.

    Args:
        column: The target, cleaned, without missing values.
        classes: The labels.

    Returns:
        The positions, -1 where a value is no class; and a label whose full stop was left out,
        or "".
    """
    codes = label_codes(column, classes)
    unknown = codes < 0
    if not unknown.any() or not is_text(column):
        return codes, ""
    undotted = label_codes(column.str.rstrip("."), classes)
    found = unknown & (undotted >= 0)
    if not found.any():
        return codes, ""
    return np.where(unknown, undotted, codes).astype(np.int32), str(column[found].iloc[0])


def label_codes(column: pd.Series, classes: Sequence[ClassLabel]) -> npt.NDArray[np.int32]:
    """Position of each value among the classes, -1 where it is none of them or missing.

    A value is a class if it is written like it, or else if both are the same number.

    Args:
        column: The target, cleaned.
        classes: The labels.
    """
    import pandas as pd

    if isinstance(classes[0], bool):
        found = pd.Index([float(c) for c in classes]).get_indexer(pd.Index(booleans(column)))
        return found.astype(np.int32)
    places, different = pd.factorize(column)
    unique = pd.Series(different)
    texts = [str(value) for value in unique]
    code_of = {str(label): code for code, label in enumerate(classes)}
    codes = np.array([code_of.get(text, -1) for text in texts], np.int32)
    known = pd.to_numeric(pd.Series([str(c) for c in classes]), errors="coerce")
    if (codes < 0).any() and known.is_unique and known.notna().all():
        by_number = pd.Index(known).get_indexer(pd.Index(numbers(unique)))
        codes = np.where(codes < 0, by_number, codes).astype(np.int32)
    # A missing value has the place -1.
    return np.append(codes, -1)[places].astype(np.int32)
