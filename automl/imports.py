"""Importing a large package without the parts of it that are not needed here.

A search's first trial waits for its worker's imports, so what can be left out of them is.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """A context in which packages cannot be imported, as if they were not installed.

    What is imported in it takes the way that it has for machines without them. Afterwards they
    can be imported as ever; those that are imported already stay.

    Args:
        *names: Names of packages or modules.
    """
    unseen = [name for name in names if name not in sys.modules]
    for name in unseen:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say so
    try:
        yield
    finally:
        for name in unseen:
            del sys.modules[name]


def import_lazily(name: str) -> None:
    """Makes an import of a package wait until something of it is asked for.

    Args:
        name: The package; where it is not installed or already imported, nothing happens.
    """
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
