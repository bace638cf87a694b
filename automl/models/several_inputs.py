"""Models of a person's own with several inputs: which columns go to which of them.

An input gets the columns that its name says: one column, the columns whose names begin with it
(``pixel`` for ``pixel_0``, ``pixel_1``), or all of a kind (``numeric``, ``categorical``). Inputs
whose names say nothing get the row in their order, where they fill it exactly, or the whole row
each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import keras

from automl.data.kinds.signature import CATEGORICAL, NUMERIC, InputSignature
from automl.errors import SpaceError
from automl.models.wanted_input import codes_of, is_whole

if TYPE_CHECKING:
    from automl.models.inputs.builder import TableInputs

CODES, ONE_HOT = "codes", "one-hot"
MOST_TOLD = 6
"""Columns of an input that are named in a note."""


@dataclass(frozen=True)
class InputColumn:
    """A column of the prepared rows.

    Attributes:
        kind: ``"numeric"`` or, of a categorical one, how it comes: ``"codes"`` or ``"one-hot"``.
        position: Its place among the numeric or the categorical columns.
    """

    kind: str
    position: int


@dataclass(frozen=True)
class InputPart:
    """One input of a model.

    Attributes:
        name: Its name.
        shape: Shape of one row of it.
        dtype: Its data type.
        columns: What it gets, in order.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    columns: tuple[InputColumn, ...]

    @property
    def has_numbers(self) -> bool:
        """Whether it gets numeric columns."""
        return any(column.kind == NUMERIC for column in self.columns)


def has_several(model: Any) -> bool:
    """Whether a model takes its rows by more than one input, or by name."""
    inputs = getattr(model, "inputs", None) or ()
    return len(inputs) > 1 or (len(inputs) == 1 and takes_names(model))


def takes_names(model: Any) -> bool:
    """Whether a model was made with a dictionary of inputs."""
    return isinstance(getattr(model, "input", None), dict)


def input_parts(name: str, model: Any, signature: InputSignature) -> tuple[InputPart, ...]:
    """Which columns go to which input of a model.

    Args:
        name: The space's name, for messages.
        model: A ``keras.Model`` for which `has_several` holds.
        signature: The arrays' signature.

    Returns:
        One for each input, in the model's order.

    Raises:
        SpaceError: It cannot be told, or an input has another size than its columns.
    """
    tensors = list(model.inputs)
    found = [_named(tensor, signature) for tensor in tensors]
    if not any(found):
        found = _by_order(tensors, signature)
    if not all(found):
        missing = [
            f"{tensor.name!r} {tuple(tensor.shape[1:])}"
            for tensor, columns in zip(tensors, found, strict=True)
            if not columns
        ]
        raise SpaceError(
            f"The model of space {name!r} has {len(tensors)} inputs, and nothing tells what goes "
            f"to {' and '.join(missing)}; {_way_out(signature)}."
        )
    return tuple(
        _part(name, model, tensor, columns, signature)
        for tensor, columns in zip(tensors, found, strict=True)
    )


def parts_note(parts: Sequence[InputPart], signature: InputSignature) -> str:
    """What a person should be told of several inputs.

    Args:
        parts: The inputs.
        signature: The arrays' signature.
    """
    told = [f"{part.name!r} gets {_columns_text(part.columns, signature)}" for part in parts]
    used = {(column.kind == NUMERIC, column.position) for part in parts for column in part.columns}
    names = _names(signature)
    unused = [names[place] for place in names if place not in used]
    left = f"; no input takes {_listed(unused)}" if unused else ""
    return f"of the model's inputs {', '.join(told)}{left}"


def _columns_text(columns: Sequence[InputColumn], signature: InputSignature) -> str:
    names = _names(signature)
    codes = any(column.kind == CODES for column in columns)
    listed = _listed([names[column.kind == NUMERIC, column.position] for column in columns])
    return f"{listed} (numbers of categories, 0 for unseen ones)" if codes else listed


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    return ", ".join(names[:MOST_TOLD]) + more


def _names(signature: InputSignature) -> dict[tuple[bool, int], str]:
    """Names of all columns by whether they are numeric, and their place."""
    numeric = signature.numeric_names or [f"number {i}" for i in range(signature.numeric)]
    return {
        **{(True, i): name for i, name in enumerate(numeric)},
        **{(False, i): name for i, name in enumerate(signature.categorical_names)},
    }


def _named(tensor: Any, signature: InputSignature) -> list[InputColumn]:
    """The columns that an input's name says, or none."""
    names, name = _names(signature), str(tensor.name)
    exact = [place for place, column in names.items() if column == name]
    exact = exact or [place for place, column in names.items() if _plain(column) == _plain(name)]
    own = [place for place, column in names.items() if _belongs(column, name)]
    if len(exact) == 1:
        # With the places in cycles and the sign of missing values that were made of it.
        whole = [
            *exact,
            *(place for place in own if ": " in names[place] or _is_sign(names[place])),
        ]
        return _columns(whole if len(whole) > 1 and _filled(tensor, len(whole)) else exact)
    if name in (NUMERIC, CATEGORICAL):
        return _columns([place for place in names if place[0] == (name == NUMERIC)])
    return _columns(own)


def _is_sign(column: str) -> bool:
    return column.endswith(" is missing")


def _belongs(column: str, name: str) -> bool:
    """Whether a column is one of the group of a name: ``pixel_0``, ``pixel 1``, ``pixel2``."""
    rest = column.removeprefix(name)
    return rest != column and re.match(r"[\W_\d]", rest) is not None


def _plain(name: str) -> str:
    """A name without what cannot stand in Keras's, to compare by."""
    return re.sub(r"[\W_]+", "_", name).strip("_").casefold()


def _columns(places: Sequence[tuple[bool, int]]) -> list[InputColumn]:
    return [InputColumn(NUMERIC if numeric else CODES, position) for numeric, position in places]


def _filled(tensor: Any, count: int) -> tuple[int, ...] | None:
    """The shape of a row of an input that holds so many numbers; None where it holds others."""
    shape = tuple(tensor.shape[1:])
    known = math.prod(size for size in shape if size is not None)
    if None not in shape:
        return shape if known == count else None
    if shape.count(None) > 1 or known == 0 or count % known:
        return None
    return tuple(count // known if size is None else size for size in shape)


def _by_order(tensors: Sequence[Any], signature: InputSignature) -> list[list[InputColumn]]:
    """The row divided in the order of the inputs, or for each of them the whole row."""
    row = [InputColumn(NUMERIC, i) for i in range(signature.numeric)]
    if signature.cardinalities:
        return [[] for _ in tensors]  # nothing says which input takes categories
    if all(_filled(tensor, len(row)) for tensor in tensors):
        return [row for _ in tensors]
    sizes = [math.prod(size or 0 for size in tensor.shape[1:]) for tensor in tensors]
    if not all(sizes) or sum(sizes) != len(row):
        return [[] for _ in tensors]
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return [row[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _way_out(signature: InputSignature) -> str:
    if not signature.numeric_names and not signature.categorical_names:
        return (
            f"the inputs divide a row of {signature.numeric} numbers in their order where their "
            "sizes add up to that, or each take all of them"
        )
    return (
        "name each input for a column (keras.Input((1,), name='age')), for the beginning of the "
        "names of several, or 'numeric' or 'categorical' for all of a kind; the columns are "
        f"{_listed(list(_names(signature).values()))}"
    )


def _part(
    name: str, model: Any, tensor: Any, columns: list[InputColumn], signature: InputSignature
) -> InputPart:
    dtype = str(tensor.dtype)
    counts = {
        column.position: signature.cardinalities[column.position]
        for column in columns
        if column.kind != NUMERIC
    }
    width = sum(1 if column.kind == NUMERIC else counts[column.position] - 1 for column in columns)
    encodes, below = codes_of(model, tensor)
    takes_codes = is_whole(dtype) or encodes
    one_hot = bool(counts) and not takes_codes
    shape = _filled(tensor, width if one_hot else len(columns))
    if one_hot:
        columns = [
            InputColumn(ONE_HOT, column.position) if column.kind == CODES else column
            for column in columns
        ]
    if shape is None:
        wanted = f"({len(columns)},)"
        if one_hot:
            wanted = f"({width},) for one-hot, or {wanted} and let it lead to an Embedding"
        raise SpaceError(
            f"The input {tensor.name!r} of space {name!r} has the shape "
            f"{tuple(tensor.shape[1:])}, and its columns are "
            f"{_columns_text(columns, signature)}; give it the shape {wanted}."
        )
    most = max(counts.values(), default=0)
    if takes_codes and below is not None and most > below:
        raise SpaceError(
            f"The input {tensor.name!r} of space {name!r} gets numbers of categories from 0 (for "
            f"unseen ones) to {most - 1}, and leads to an Embedding of {below}; give it an "
            f"input_dim of {most} or more."
        )
    return InputPart(str(tensor.name), shape, dtype, tuple(columns))


def part_tensor(part: InputPart, table: TableInputs) -> Any:
    """What an input gets, as a tensor made of the core's own inputs.

    Args:
        part: The input.
        table: The core's inputs.
    """
    ops = keras.ops
    made = []
    for kind, positions in _runs(part.columns):
        if kind == ONE_HOT:
            made.append(table.one_hot(positions))
        else:
            source = table.numeric if kind == NUMERIC else table.tensors[CATEGORICAL]
            made.append(ops.cast(ops.take(source, positions, axis=1), "float32"))
    row = made[0] if len(made) == 1 else keras.layers.Concatenate()(made)
    row = keras.layers.Reshape(part.shape)(row)
    return row if part.dtype == "float32" else ops.cast(row, part.dtype)


def _runs(columns: Sequence[InputColumn]) -> list[tuple[str, list[int]]]:
    """Columns of one kind that follow each other, together."""
    runs: list[tuple[str, list[int]]] = []
    for column in columns:
        if runs and runs[-1][0] == column.kind:
            runs[-1][1].append(column.position)
        else:
            runs.append((column.kind, [column.position]))
    return runs


def part_rows(part: InputPart, arrays: dict[str, Any], cardinalities: Sequence[int]) -> Any:
    """The same of rows: TensorFlow tensors, made once for all trials.

    Args:
        part: The input.
        arrays: ``numeric`` and ``categorical`` rows, as `automl.training.device_data` has them.
        cardinalities: Codes of each categorical column.
    """
    import tensorflow as tf

    made = []
    for kind, positions in _runs(part.columns):
        if kind == ONE_HOT:  # code 0, not seen in training, is all zeros
            made += [
                tf.one_hot(arrays[CATEGORICAL][:, i] - 1, cardinalities[i] - 1) for i in positions
            ]
        else:
            source = arrays[NUMERIC if kind == NUMERIC else CATEGORICAL]
            made.append(tf.cast(tf.gather(source, positions, axis=1), tf.float32))
    row = made[0] if len(made) == 1 else tf.concat(made, axis=1)
    return tf.cast(tf.reshape(row, [-1, *part.shape]), part.dtype)
