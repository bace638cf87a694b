"""The private parts of Keras that are used above the line: what losses and metrics are made of."""

from __future__ import annotations

from typing import Any


def keras_options_of(wrapped: Any) -> dict[str, Any]:
    """The arguments that a loss or a metric hands on to its function."""
    options: dict[str, Any] = getattr(wrapped, "_fn_kwargs", {})
    return options
