"""The moving average of a model's weights, which is what is validated and kept.

The optimizer keeps it beside the weights that it trains (``use_ema``), so that it is part of what
a checkpoint has of the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from automl.models.keras_private import moving_averages


class AveragedWeights:
    """Puts the averages in the place of the weights while a model is scored.

    What is not trained, such as the statistics of a batch normalization, stays as it is: these are
    moving averages already.

    Args:
        model: The compiled model, its optimizer built; None where no averages are scored.
    """

    def __init__(self, model: Any = None) -> None:
        has_averages = model is not None and model.optimizer.use_ema
        self._pairs = moving_averages(model.optimizer) if has_averages else []

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the model has the averages; afterwards the weights again."""
        trained = [weight.numpy() for weight, _ in self._pairs]
        for weight, average in self._pairs:
            weight.assign(average)
        try:
            yield
        finally:
            for (weight, _), value in zip(self._pairs, trained, strict=True):
                weight.assign(value)
