"""How a person is told on the way: whoever reads or prepares rows is given what to call."""

from __future__ import annotations

from collections.abc import Callable

# Called with one sentence.
Say = Callable[[str], None]
