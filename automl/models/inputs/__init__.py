"""The Keras reading of each kind of rows, one file a kind, named as it."""

from __future__ import annotations

import importlib
from typing import Any


def keras_reading(kind: str) -> Any:
    """The module that reads a kind in Keras.

    It has ``raw_inputs(plan)``, the inputs of an exported model by name; ``whole(inputs)``, what
    that model is made with; and ``core_inputs(plan, inputs)``, the core's inputs made of them.

    Args:
        kind: The kind's name; see `automl.data.kinds`.
    """
    return importlib.import_module(f"{__name__}.{kind}")
