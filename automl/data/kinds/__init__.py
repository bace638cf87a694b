"""The kinds of rows: each a folder with everything that follows from what a row is."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.data.kinds.kind import Kind


@functools.cache
def all_kinds() -> tuple[Kind, ...]:
    """The kinds, in the order of their names: one for each folder here."""
    folders = [module.name for module in pkgutil.iter_modules(__path__) if module.ispkg]
    modules = [importlib.import_module(f"{__name__}.{folder}.kind") for folder in sorted(folders)]
    return tuple(module.KIND for module in modules)


def kind_of(rows: Any) -> Kind:
    """The kind of rows that a source gave, or that a person has."""
    return next(kind for kind in all_kinds() if kind.holds(rows))


def kind_named(name: str) -> Kind:
    """The kind of a name."""
    return next(kind for kind in all_kinds() if kind.name == name)


def kind_of_features(features: Sequence[Mapping[str, Any]]) -> Kind:
    """The kind that a plan is of.

    Args:
        features: The JSON forms of its features.

    Raises:
        ValueError: They are of none, or of several.
    """
    names = [feature.get("kind") for feature in features]
    for kind in all_kinds():
        if names and all(name in kind.features for name in names):
            return kind
    known = [name for kind in all_kinds() for name in kind.features]
    for name in names:
        if name not in known:
            raise ValueError(f"kind is {name!r}, no kind of feature")
    raise ValueError("features is neither a list of columns nor one array")
