"""A trial's model on disk: the core as it was scored, and predictions to check it by."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

from automl.data.plan import Rows, TargetScale
from automl.export.bundle import load_keras
from automl.export.loadable import Loadable, error_text, try_loading
from automl.models.keras_private import forget_compilation, layers_of
from automl.results.predictions import add_predictions, predictions_of
from automl.training.history import run_of
from automl.trial import CHECK_FILE, ERROR_FILE, HISTORY_FILE, MODEL_FILE, MODEL_FILES

if TYPE_CHECKING:
    from automl.models.core import Core
    from automl.space.own_code import OwnCode


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


def empty_folder(directory: Path) -> None:
    """Makes a trial's folder, without what an attempt that was killed has left in it.

    Args:
        directory: The folder, in that of a run.
    """
    root, folder = run_of(directory), directory.absolute()
    root.make_folder(folder)
    for name in (HISTORY_FILE, *MODEL_FILES, ERROR_FILE):
        root.remove(folder / name)


def how_it_loads(core: Core, code: OwnCode | None) -> Loadable:
    """Saves a built model and loads it again, before anything is trained.

    Args:
        core: The core, built and compiled. It cannot be trained any more afterwards.
        code: The code of its space.
    """
    strip_training(core.model)
    try:
        model = core.in_contract(TargetScale())
    except Exception as error:  # noqa: BLE001 - layers of a person's own raise what they like
        return Loadable(problem=f"it cannot be saved ({error_text(error)})")
    return try_loading(model, code)


def load_saved(path: Path, code: Mapping[str, Any] | None = None) -> Any:
    """Loads a trial's core model.

    Args:
        path: The ``.keras`` file in the run.
        code: Code of a person's own that the model needs, for which there is consent; see
            `automl.export.own_code.load_with_code`. None for Keras alone.

    Raises:
        RunError: The model cannot be loaded.
    """
    return load_keras(run_of(path.parent).checked(path.absolute()), code)


def save_core(model: Any, directory: Path) -> str:
    """Writes the core as ``model.keras``, without optimizer, loss and metrics, whole or not at all.

    Args:
        model: The trained model. It cannot be trained any more afterwards.
        directory: The trial's directory; made if it is not there.

    Returns:
        The hash of its weights; see `hash_weights`.
    """
    directory, root = directory.absolute(), run_of(directory)
    root.make_folder(directory)
    strip_training(model)
    with root.replacing(directory / MODEL_FILE, ending=".keras") as file:
        model.save(file)
    return hash_weights(model)


def save_check(predictions: npt.NDArray[Any], directory: Path) -> None:
    """Writes the predictions by which an exported model is checked as ``check.npy``.

    Args:
        predictions: Probabilities or targets in their own units, (m, outputs).
        directory: The trial's directory; made if it is not there.
    """
    directory, root = directory.absolute(), run_of(directory)
    root.make_folder(directory)
    content = io.BytesIO()
    np.save(content, predictions)
    root.write(directory / CHECK_FILE, content.getvalue(), durable=False)


def save_predictions(
    predictions: npt.NDArray[Any],
    rows: Rows,
    positions: npt.NDArray[np.int64] | None,
    view: str,
    directory: Path,
) -> Path:
    """Writes the predictions on a view's validation rows as ``predictions.npz``.

    Args:
        predictions: Probabilities or targets in their own units, (n, outputs).
        rows: The validation rows.
        positions: Which they are; see `automl.results.predictions.ViewPredictions`.
        view: The view's name.
        directory: The trial's directory; made if it is not there.
    """
    directory = directory.absolute()
    values = np.ascontiguousarray(predictions, np.float32).reshape(len(predictions), -1)
    own = predictions_of(values, rows, positions)
    return add_predictions(run_of(directory), directory, {view: own})


def strip_training(model: Any) -> None:
    """Takes off what compiling put on: it would be saved along, and loading it may need code.

    Args:
        model: A ``keras.Model``; those that are parts of it are stripped too.
    """
    for part in (model, *layers_of(model)):
        if isinstance(part, keras.Model) and part.compiled:
            forget_compilation(part)
