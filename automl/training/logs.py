"""Keras's logs as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def scalar_logs(logs: Mapping[str, Any] | None) -> dict[str, float]:
    """The values of logs that are one number, as floats.

    A metric may give an array of one number (`keras.metrics.F1Score` of one output). One that
    gives several, such as a number for each class, is left out: nothing can be ranked by it.

    Args:
        logs: Numbers, arrays and tensors by name.
    """
    arrays = {name: np.asarray(value) for name, value in (logs or {}).items()}
    return {name: float(array.item()) for name, array in arrays.items() if array.size == 1}
