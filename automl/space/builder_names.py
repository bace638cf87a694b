"""What a builder that was given as an object is called: a space and its run are named for it."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from types import ModuleType
from typing import Any, Final

UNNAMED: Final = "build"
"""What a lambda is called that no module holds under a name."""
_SAYS_NOTHING = frozenset({"build", "__call__", "_build_wrapper"})
"""Names of methods that every builder has; KerasTuner puts ``_build_wrapper`` in the place of a
hypermodel's ``build``."""
_OF_DECORATORS = frozenset({"wrapper", "wrapped", "_wrapper", "_wrapped", "inner", "decorated"})


def named(source: Any) -> Any:
    """The function or class that a builder is named for.

    Args:
        source: A function, a method, a `functools.partial`, a class or an object.

    Returns:
        What stands behind partial arguments; of a method whose name says nothing, its class.
    """
    while isinstance(source, partial):
        source = source.func
    owner = getattr(source, "__self__", None)
    if inspect.ismethod(source) and source.__name__ in _SAYS_NOTHING:
        return owner if isinstance(owner, type) else type(owner)
    if _is_nameless(source):
        source = _decorated(source) or source
    return source if hasattr(source, "__name__") else type(source)


def name_of(source: Any, known: str = "") -> str:
    """The name of a builder.

    Args:
        source: See `named`.
        known: The name by which it was found, or "".
    """
    found = named(source)
    if not _is_nameless(found):
        return str(found.__name__)
    module = sys.modules.get(str(getattr(found, "__module__", "")))
    name = known or name_in(module, source) or name_in(module, found) or str(found.__name__)
    return name if name.isidentifier() else UNNAMED


def name_in(module: ModuleType | None, source: Any) -> str | None:
    """The name under which a module holds an object, or None.

    Args:
        module: The module, or None.
        source: The object.
    """
    contents = {} if module is None else vars(module)
    return next((name for name, value in contents.items() if value is source), None)


def _is_nameless(function: Any) -> bool:
    """Whether a function is a lambda, or one that a decorator has made and not renamed."""
    name = getattr(function, "__name__", "")
    made = "<locals>" in str(getattr(function, "__qualname__", ""))
    return name == "<lambda>" or (made and name in _OF_DECORATORS)


def _decorated(function: Any) -> Any:
    """The function that a decorator's own stands before, or None where that is not one."""
    if function.__name__ == "<lambda>":
        return None
    held = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    functions = [one for one in held if inspect.isroutine(one) or isinstance(one, partial)]
    return named(functions[0]) if len(functions) == 1 else None


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # of a name that was never bound
        return False
