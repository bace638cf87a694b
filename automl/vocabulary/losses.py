"""The losses that models are trained with, by the names that a space or Keras gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The objective that is no metric: Keras's loss on the validation rows, regularization included.
LOSS = "loss"


@dataclass(frozen=True)
class Loss:
    """A loss of numbers.

    Attributes:
        name: Its name as a hyperparameter.
        keras: Keras's class.
        arguments: What its class takes: the hyperparameter that gives it, and the value where a
            space has none.
    """

    name: str
    keras: str
    arguments: Mapping[str, tuple[str, float]] = field(default_factory=dict)


#: Losses of numbers, the default first; of classes the task decides.
REGRESSION_LOSSES: Mapping[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("mse", "MeanSquaredError"),
        Loss("mae", "MeanAbsoluteError"),
        Loss("huber", "Huber", {"delta": ("huber_delta", 1.0)}),
    )
}

CROSSENTROPY = "crossentropy"
#: Keras's names of one loss: of right probabilities for binary, one-hot or numbered classes.
CROSSENTROPIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)
SMOOTHED_CROSSENTROPY = "smoothed_sparse_crossentropy"
"""Of numbered classes that are smoothed first, which Keras lacks."""
