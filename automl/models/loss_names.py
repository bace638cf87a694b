"""What a compiled model's loss measures, as one text: equal texts are equal losses and units."""

from __future__ import annotations

from typing import Any

import keras

from automl.data.task import Task
from automl.models.mixed_batches import MixedLoss
from automl.models.own_model import OWN_UNITS, ArrayForm, compiled_loss
from automl.vocabulary.keras_functions import keras_options_of
from automl.vocabulary.losses import (
    CROSSENTROPIES,
    CROSSENTROPY,
    SMOOTHED_CROSSENTROPY,
)

#: Arguments that say how targets and outputs are written, and not what is measured.
_FORMS = frozenset({"from_logits", "axis"})
_OWN_LOSS = ("compute_loss", "test_step", "evaluate")


def loss_text(model: Any, form: ArrayForm | None, task: Task) -> str:
    """The loss by which a model is evaluated.

    Args:
        model: A compiled ``keras.Model``.
        form: How it takes rows, where it is trained as its author made it; else None.
        task: The task.

    Returns:
        Such as ``crossentropy``, ``mean_squared_error of standardized targets`` or
        ``huber(delta=2.0)``.
    """
    if any(getattr(type(model), name) is not getattr(keras.Model, name) for name in _OWN_LOSS):
        return f"the own loss of {type(model).__name__}"
    text = _named(compiled_loss(model))
    standardized = not task.is_classification and (form is None or form.target != OWN_UNITS)
    return f"{text} of standardized targets" if standardized else text


def _named(loss: Any) -> str:
    if isinstance(loss, MixedLoss):  # what validates is never mixed
        loss = loss.base
    options = dict(keras_options_of(loss))
    smoothing = getattr(loss, "_label_smoothing", 0.0)
    if smoothing:
        options["label_smoothing"] = smoothing
    function = getattr(loss, "fn", loss)  # Keras wraps its functions
    own = getattr(loss, "name", None) if function is loss else None
    name = getattr(function, "__name__", None) or own or type(function).__name__
    if name in (*CROSSENTROPIES, SMOOTHED_CROSSENTROPY):
        name = CROSSENTROPY
    told = {k: v for k, v in options.items() if k not in _FORMS and v not in (None, 0.0, False)}
    if name == "huber" and told.get("delta") == 1.0:
        told.pop("delta")
    listed = ", ".join(f"{key}={value}" for key, value in sorted(told.items()))
    return f"{name}({listed})" if listed else str(name)
