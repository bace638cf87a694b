"""What a shell offers while a command is typed; nothing of it needs TensorFlow or loads a space."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def one_of(names: Iterable[str]) -> Callable[[str], list[str]]:
    """A completion of what takes one of some names."""
    known = sorted(names)

    def complete(incomplete: str) -> list[str]:
        return [name for name in known if name.startswith(incomplete)]

    return complete


def space_names(incomplete: str) -> list[str]:
    """Names of the installed search spaces that begin so."""
    from importlib.metadata import entry_points

    return one_of({entry.name for entry in entry_points(group="automl.search_spaces")})(incomplete)
