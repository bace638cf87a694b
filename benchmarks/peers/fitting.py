"""What every peer does with a model: `Model.fit` with early stopping on the validation loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.catalogue import BATCH_SIZE
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.hyperparameters import HyperParameters
from benchmarks.rows import Rows


def early_stopping(assignment: Assignment, restore: bool = False) -> Any:
    """Keras's early stopping, with the patience that was asked for.

    Args:
        assignment: The search.
        restore: Whether the model gets its best epoch's weights back.
    """
    import keras

    return keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=assignment.patience, restore_best_weights=restore
    )


def fit(assignment: Assignment, hp: HyperParameters, rows: Rows) -> tuple[Any, float, int]:
    """Builds and trains one configuration.

    Returns:
        The model with its best epoch's weights, its validation loss there (NaN where none was
        finite) and the number of epochs.
    """
    import keras

    keras.backend.clear_session()
    model = assignment.shared.build(hp)
    history = model.fit(
        rows["x_train"],
        rows["y_train"],
        validation_data=(rows["x_val"], rows["y_val"]),
        epochs=assignment.epochs,
        batch_size=BATCH_SIZE,
        callbacks=[early_stopping(assignment, restore=True)],
        verbose=0,
    )
    losses = np.array(history.history["val_loss"], dtype=float)
    finite = losses[np.isfinite(losses)]
    return model, float(finite.min()) if len(finite) else float("nan"), len(losses)
