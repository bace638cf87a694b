"""TensorFlow's SavedModel, as TensorFlow Serving takes it: raw rows in, and neither Keras nor code.

Its endpoint is ``serve``. Beside it lie the labels, what the answer's columns mean, and the card.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from automl.common.files import to_json_text
from automl.errors import RunError
from automl.export.bundle import CARD_FILE, LABELS_FILE
from automl.export.formats import Exported
from automl.export.formats.bundle import labels
from automl.export.loadable import error_text


def write(exported: Exported, folder: Path) -> None:
    """Writes a SavedModel; see `automl.export.formats`."""
    inputs = {name: tf.constant(array) for name, array in exported.inputs.items()}
    given = inputs if all(inputs) else next(iter(inputs.values()))
    try:
        exported.model.export(str(folder), format="tf_saved_model", verbose=False)
        loaded = tf.saved_model.load(str(folder))
        predictions = np.asarray(loaded.serve(given))
    except OSError:
        raise
    except (
        Exception
    ) as error:  # TensorFlow, Keras and layers of a person's own raise what they like
        raise RunError(
            f"The model cannot be exported as a SavedModel ({error_text(error)}); --format bundle "
            "exports it as a model of Keras's."
        ) from error
    exported.compare(predictions)
    (folder / LABELS_FILE).write_text(to_json_text(labels(exported.task)) + "\n", encoding="utf-8")
    (folder / CARD_FILE).write_text(exported.card, encoding="utf-8")
