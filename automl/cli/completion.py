"""What a shell offers while a command is typed; nothing of it needs TensorFlow or loads a space."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def completing(names: Iterable[str] | Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """A completion of what takes one of some names, or of those that are then found."""

    def complete(incomplete: str) -> list[str]:
        known = names() if callable(names) else names
        return sorted(name for name in known if name.startswith(incomplete))

    return complete
