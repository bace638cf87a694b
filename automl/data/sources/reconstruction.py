"""Rows whose inputs are their targets too, for models that reconstruct them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from automl.data.say import Say
from automl.data.sources.file_format import Loaded
from automl.data.sources.frames import ArrayPair


def without_targets(loaded: Loaded, say: Say) -> Loaded:
    """What a source gave, with the inputs of arrays as their targets.

    Columns that a source knows as targets are left out of its table; those that are left are the
    targets (`automl.data.kinds.roles`).

    Args:
        loaded: What the source gave.
        say: Called with what is left out.
    """
    main = loaded.main
    given = (loaded.main, loaded.validation, loaded.test)
    say_left_out([rows for rows in given if isinstance(rows, ArrayPair)], say)
    if loaded.target:
        named = ", ".join(map(repr, loaded.target))
        say(f"the column {named} is left out, for the inputs are reconstructed")
        main = main.drop(columns=list(loaded.target))
    parts = {"main": main, "validation": loaded.validation, "test": loaded.test}
    return replace(loaded, target=(), **{name: _as_pair(part) for name, part in parts.items()})


def say_left_out(pairs: Sequence[ArrayPair], say: Say) -> None:
    """Says that targets came with arrays that are reconstructed, where they are not the inputs.

    Args:
        pairs: The arrays, with the inputs for targets where none came.
        say: Called with what is left out.
    """
    if not all(map(_is_own_target, pairs)):
        say("the targets that came with the arrays are left out, for the inputs are reconstructed")


def _is_own_target(pair: ArrayPair) -> bool:
    """Whether the targets of arrays are their inputs, number by number, in whatever shape."""
    if pair.x is pair.y:
        return True
    if pair.x.size != pair.y.size:
        return False
    x, y = pair.x.reshape(-1), pair.y.reshape(-1)
    return bool(np.all((x == y) | ((x != x) & (y != y))))  # a gap is a gap in both


def _as_pair(rows: Any) -> Any:
    """Arrays with their inputs as targets; other rows as they are."""
    return ArrayPair(rows.x, rows.x) if isinstance(rows, ArrayPair) else rows
