"""How the inputs of an exported model of a table are called, and which columns each takes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

MANY_COLUMNS = 200
"""Columns up to which each has an input of its own. What Keras takes to build, to save and to load
a model grows with its inputs: measured, 4 to 15 s together for 1,000, and 10,000 are out of
reach."""

NUMBERS, TEXTS = "numbers", "texts"
"""The inputs of a model of more columns: all numbers side by side, and all texts."""

# Keras refuses a slash in a name, TensorFlow's exports want the letters of an identifier, and
# an input may not be called as another part of the same model. Keras names its operations after
# their class (`add`, `where_3`), so names of that form are taken wherever they could appear.
_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN_NAME = re.compile(
    r"(core|functional|input_layer|isnan|where|subtract|multiply|add|take|cast|concatenate|"
    r"minimum|maximum|square|divide|sqrt|mod|sin|cos|equal|search_?sorted|"
    r"reshape|string_lookup|preprocessing_.*)(_\d+)?"
)


def table_inputs(columns: Sequence[str], texts: Collection[str]) -> dict[str, str]:
    """Chooses the input of each column of a table.

    Args:
        columns: Their names, in the plan's order.
        texts: Names of those that hold texts.

    Returns:
        Column name to input name, in their order. Columns that have an input in common lie side by
        side in it, in this order.
    """
    if len(columns) <= MANY_COLUMNS:
        return input_names(columns)
    return {name: TEXTS if name in texts else NUMBERS for name in columns}


def input_names(columns: Sequence[str]) -> dict[str, str]:
    """Chooses the name of each column's input, where each has one of its own.

    Args:
        columns: Names of the columns, all different.

    Returns:
        Column name to input name, all different even where capitals do not count. A name that
        Keras takes is kept; of others the letters, digits and underscores are.
    """
    kept = [name for name in columns if _is_safe(name)]
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in dict.fromkeys([*kept, *columns]):
        safe = name if _is_safe(name) else _safe(name)
        candidate, number = safe, 1
        while candidate.lower() in taken:
            number += 1
            candidate = f"{safe}_{number}"
        taken.add(candidate.lower())
        names[name] = candidate
    return {name: names[name] for name in columns}


def _is_safe(name: str) -> bool:
    return bool(_PLAIN_NAME.fullmatch(name)) and not _TAKEN_NAME.fullmatch(name.lower())


def _safe(name: str) -> str:
    letters = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
    return f"column_{letters}" if letters else "column"
