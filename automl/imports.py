"""Importing a large package without the parts of it that are not needed here.

A search's first trial waits for its worker's imports, so what can be left out of them is.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import typing
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


@contextlib.contextmanager
def annotations_compiled_once() -> Iterator[None]:
    """A context in which `typing` compiles an annotation that is text once, not at each mention.

    TensorFlow's generated operations mention the same few type variables 18,000 times, and
    compiling each mention is a tenth of the time that importing TensorFlow takes. Up to Python
    3.13 `typing` compiles with the builtin, which a global of its own name comes before; later
    versions do not compile before someone asks, so that there is nothing to save.
    """
    names = vars(typing)
    names["compile"] = functools.cache(compile)
    try:
        yield
    finally:
        del names["compile"]
