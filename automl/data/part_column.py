"""The column of a table that says which rows train, validate and test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.common.shell import option
from automl.data.kinds.roles import find_column, header_hint
from automl.data.request import DataRequest
from automl.data.say import Say
from automl.data.sources import Loaded
from automl.errors import DataError, RequestError
from automl.vocabulary.parts import is_part_word, parts_in, words_in

if TYPE_CHECKING:
    import pandas as pd

#: Different values of a column that are shown, and that a column of parts has at most.
SHOWN, MOST_VALUES = 5, 12
#: Spellings of true and false in a column that says of one part whether a row is of it.
YES_AND_NO = {
    **dict.fromkeys(("true", "yes", "1", "1.0"), True),
    **dict.fromkeys(("false", "no", "0", "0.0"), False),
}
#: Words that turn the sense of a column's name, or of a value.
_NEGATIONS = ("not", "non", "no")


def in_parts(loaded: Loaded, request: DataRequest, say: Say) -> Loaded:
    """Divides a table by the column that a request names, or says that one looks like it.

    Args:
        loaded: What the source gave.
        request: The request.
        say: Called with what a person should be told.

    Returns:
        The rows that train, with those for validation and for test beside them; or what was given.
        The column stays, for other columns may be named by their positions.

    Raises:
        DataError: There is no such column, or it does not say it of each row.
        RequestError: The rows are no table, other rows were given for a part that it has, or folds
            are to validate where it has rows for that.
    """
    frame = loaded.main
    if request.split_column is None:
        if hasattr(frame, "columns"):
            say_unused(frame, request, say)
        return loaded
    if not hasattr(frame, "columns"):
        raise RequestError(
            "--split-column names a column of a table, and the rows are none: an NPZ file may hold "
            "x_train, x_val and x_test, a folder of images the folders train, validation and test."
        )
    if request.weight is not None and not isinstance(request.weight, str | int):
        raise RequestError(
            "--split-column divides the table, and weights in memory cannot follow: give them as a "
            "column of the table."
        )
    columns = [str(name) for name in frame.columns]
    hint = header_hint(request, columns) if loaded.from_text else ""
    column = find_column(request.split_column, columns, "split", hint)
    parts = _parts(frame.iloc[:, columns.index(column)], column)
    divided = [frame[parts == part].reset_index(drop=True) for part in range(3)]
    for name, part in (("validation", divided[1]), ("test", divided[2])):
        asked = getattr(request, name)
        if len(part) and asked is not None:
            raise RequestError(
                f"Column {column!r} has rows for {name} ({len(part):,}): leave --{name} out, or "
                "--split-column."
            )
    if len(divided[1]) and request.has_folds:
        raise RequestError(
            f"Column {column!r} has rows for validation ({len(divided[1]):,}), and folds validate "
            "too: give --cv none and no --fold-column, or say of these rows that they train."
        )
    say(f"column {column!r} says which rows train, validate and test and is not learnt from")
    validation, test = (part if len(part) else None for part in divided[1:])
    numbers = tuple(np.flatnonzero(parts == part) + 1 for part in range(3))
    return replace(loaded, main=divided[0], validation=validation, test=test, numbers=numbers)


def _parts(values: pd.Series, column: str) -> npt.NDArray[np.int64]:
    """The part of each row: 0, 1 or 2.

    Raises:
        DataError: It is not said of each, or none trains.
    """
    texts = values.astype(str).str.strip()
    missing = np.flatnonzero(values.isna() | (texts == ""))
    if len(missing):
        raise DataError(
            f"Column {column!r} does not say of row {missing[0] + 1:,} whether it trains, "
            f"validates or tests ({len(missing):,} such): say it of each."
        )
    known = _meanings(list(dict.fromkeys(texts)), column)
    parts: npt.NDArray[np.int64] = texts.map(known).to_numpy().astype(np.int64)
    if not (parts == 0).any():
        raise DataError(f"By column {column!r} no row trains: call some of them train.")
    return parts


def _meanings(values: list[str], column: str) -> dict[str, int]:
    """The part that each value stands for.

    Raises:
        DataError: One stands for none.
    """
    answers = {value: YES_AND_NO.get(value.lower()) for value in values}
    if all(answer is not None for answer in answers.values()):
        part = _part(column)
        if part in (1, 2):
            return {value: part if answer else 0 for value, answer in answers.items()}
    known = {value: _part(value) for value in values[: MOST_VALUES + 1]}
    unknown = [value for value, part in known.items() if part is None]
    if unknown or len(values) > MOST_VALUES:
        shown = ", ".join(map(repr, (unknown or values)[:SHOWN]))
        raise DataError(
            f"Column {column!r} says {shown}, which is no part: call rows train, validation or "
            "test, or answer true or false in a column is_validation or is_test."
        )
    return {value: part for value, part in known.items() if part is not None}


def _part(text: str) -> int | None:
    """The one part that a text is of; None where it is of none, or not said without doubt.

    Doubt is left by words of two parts, as in ``test-dev``, and by ``not``.
    """
    found = parts_in(text)
    is_turned = any(word in _NEGATIONS for word in words_in(text))
    return found[0] if len(found) == 1 and not is_turned else None


def say_unused(frame: pd.DataFrame, request: DataRequest, say: Say) -> None:
    """Says that a column looks as if it told the parts, where nothing was said of it.

    Args:
        frame: The table.
        request: The request, without a column of parts.
        say: Called with what a person should be told.
    """
    given = (request.fold_column, request.group, request.weight, request.split_by_time)
    given = (*request.target, *request.ignore, *given)
    named = {str(one) for one in given if isinstance(one, str | int)}
    for place, name in enumerate(map(str, frame.columns)):
        values = frame.iloc[:, place]
        if named & {name, str(place), str(place - len(frame.columns))}:
            continue
        if values.dtype.kind not in "OTU" and values.dtype.name != "category":
            continue
        if not all(is_part_word(str(one).strip()) for one in values.iloc[:SHOWN]):
            continue
        words = [str(one).strip() for one in values.unique()[: MOST_VALUES + 1]]
        found = {_part(one) for one in words}
        if len(words) <= MOST_VALUES and {0} < found and None not in found:
            say(
                f"column {name!r} seems to say which rows train and test, and divides nothing: "
                f"{option('--split-column', name)} divides them by it"
            )
