"""Rows whose inputs are their targets too, for models that reconstruct them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from automl.data.say import Say
from automl.data.sources.file_format import Loaded
from automl.data.sources.frames import ArrayPair


def without_targets(loaded: Loaded, say: Say) -> Loaded:
    """What a source gave, with the inputs of arrays as their targets.

    Columns that a source knows as targets are left out of its table; those that are left are the
    targets (`automl.data.kinds.table.roles`).

    Args:
        loaded: What the source gave.
        say: Called with what is left out.
    """
    main = loaded.main
    if isinstance(main, ArrayPair) and main.x is not main.y and main.x.shape != main.y.shape:
        say("the targets that came with the arrays are left out, for the inputs are reconstructed")
    if loaded.target:
        named = ", ".join(map(repr, loaded.target))
        say(f"the column {named} is left out, for the inputs are reconstructed")
        main = main.drop(columns=list(loaded.target))
    parts = {"main": main, "validation": loaded.validation, "test": loaded.test}
    return replace(loaded, target=(), **{name: _as_pair(part) for name, part in parts.items()})


def _as_pair(rows: Any) -> Any:
    """Arrays with their inputs as targets; other rows as they are."""
    return ArrayPair(rows.x, rows.x) if isinstance(rows, ArrayPair) else rows
