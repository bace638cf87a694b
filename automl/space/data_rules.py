"""What the data itself forbids, or leaves without effect, in a space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.space.search_space import SearchSpace

PRELU_LEAST_ROWS = 10_000
"""What "plenty of data" means for PReLU, which may overfit small sets (own number; the book
names none)."""


def suit_to_data(
    space: SearchSpace, *, rows: int, cardinalities: Sequence[int], classification: bool
) -> SearchSpace:
    """The space without what the data gives no ground for.

    PReLU needs plenty of data (Géron, Hands-On Machine Learning, 2nd ed., chapter 11); how
    categorical columns are encoded is not worth searching where no column has a choice, nor is
    the smoothing of labels where there are none.

    Args:
        space: Any space; what it does not have is not looked for, and what somebody has fixed
            stays fixed.
        rows: Training rows.
        cardinalities: Codes of each categorical column, the slot for unseen values included.
        classification: Whether the task has classes or labels.

    Returns:
        A space with fewer options, or the same one.
    """
    if space.inputs == "array":
        return space  # names in a builder of KerasTuner's form mean what its author means
    categories = [codes - 1 for codes in cardinalities]
    without_effect = {
        "categorical_encoding": not any(10 <= count <= 50 for count in categories),
        "embedding_size": not any(count >= 10 for count in categories),
        "label_smoothing": not classification,
    }
    changes: dict[str, Any] = {}
    for parameter in space.hyperparameters:
        options = getattr(parameter, "options", ())
        if len(options) < 2:
            continue
        if without_effect.get(parameter.name, False):
            changes[parameter.key] = parameter.default
        elif parameter.name == "activation" and rows < PRELU_LEAST_ROWS and "prelu" in options:
            changes[parameter.key] = [option for option in options if option != "prelu"]
    return space.override(changes) if changes else space
