"""A trial's model on disk: the core as it was scored, and predictions to check it by."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

MODEL_FILE = "model.keras"
CHECK_FILE = "check.npy"


def hash_weights(model: Any) -> str:
    """The fingerprint of a model's weights.

    Args:
        model: A built ``keras.Model``.

    Returns:
        SHA-256, in hexadecimal, over the weights' paths, shapes, types and bytes, in order.
    """
    digest = hashlib.sha256()
    for weight in model.weights:
        array = np.ascontiguousarray(weight.value.numpy())
        digest.update(f"{weight.path} {array.shape} {array.dtype.str}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def save_core(model: Any, directory: Path) -> str:
    """Writes the core as ``model.keras``, without optimizer, loss and metrics, whole or not at all.

    Args:
        model: The trained model. It cannot be trained any more afterwards.
        directory: The trial's directory; made if it is not there.

    Returns:
        The hash of its weights; see `hash_weights`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _strip(model)
    path = directory / MODEL_FILE
    temporary = path.with_name(f".{os.getpid()}.{MODEL_FILE}")
    try:
        model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return hash_weights(model)


def save_check(predictions: npt.NDArray[Any], directory: Path) -> None:
    """Writes the predictions by which an exported model is checked as ``check.npy``.

    Args:
        predictions: Probabilities or targets in their own units, (m, outputs).
        directory: The trial's directory; made if it is not there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / CHECK_FILE
    temporary = path.with_name(f".{os.getpid()}.{CHECK_FILE}")
    try:
        np.save(temporary, predictions)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _strip(model: Any) -> None:
    """Takes off what compiling put on: it would be saved along, and loading it may need code."""
    model.compiled = False
    model.optimizer = None
    model._compile_loss = None
    model._compile_metrics = None
    model._compile_config = None
    model._loss_tracker = None
