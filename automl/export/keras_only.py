"""Predicts with a saved model in a process of its own that has Keras and nothing of this package.

Run as a script, which imports Keras and then reads one line of standard input, a JSON object with
the paths ``model``, ``inputs`` and ``output``. The inputs are an NPZ file with the arrays
``input_0``, ``input_1``, ... (texts as the bytes of a list of rows in JSON) and ``names`` (their
names; one input without a name where it is empty); the predictions go to the output as NPY. Where
no line comes, because whoever started it has ended or needs no answer, it ends.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

#: This package, and what Keras would import without need: a bundle's requirements name neither
#: scikit-learn nor pandas. Without the two, importing Keras takes two thirds of the time.
REFUSED = ("automl", "sklearn", "pandas")
#: As in `automl.models.passes`, which cannot be imported here.
MANY_INPUTS = 32


class RefusePackages:
    """A finder of modules that refuses some packages, so that a model cannot lean on them."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Refuses the packages' modules and leaves all others to the next finder.

        Raises:
            ImportError: The module is of a package that is refused.
        """
        if name.partition(".")[0] in REFUSED:
            raise ImportError(f"{name} is refused: an exported model must load without it")


def main() -> None:
    """Imports Keras, waits for its orders and carries them out."""
    gc.disable()  # a fifth of the time that importing takes goes into collections that find nothing
    sys.meta_path.insert(0, RefusePackages)
    importlib.import_module("keras")
    gc.enable()
    line = sys.stdin.readline()
    if line:
        orders = json.loads(line)
        if orders.get("code") is not None:  # a person's own, which may import what it likes
            sys.meta_path.remove(RefusePackages)
        predict(**orders)


def predict(model: str, inputs: str, output: str, code: Mapping[str, Any] | None = None) -> None:
    """Loads a model, predicts and writes the predictions.

    Args:
        model: Path of the ``.keras`` file.
        inputs: Path of the NPZ file with the inputs.
        output: Path of the NPY file that the predictions go to.
        code: Code of a person's own to load the model with; see `automl.export.own_code`. None
            for Keras alone, with ``safe_mode`` on.
    """
    import keras
    import numpy as np

    with np.load(inputs, allow_pickle=False) as file:
        names = [str(name) for name in file["names"]]
        arrays = [file[f"input_{i}"] for i in range(max(1, len(names)))]
    tensors = [_tensor(array) for array in arrays]
    if code is None:
        loaded = keras.saving.load_model(model, compile=False, safe_mode=True)
    else:
        loaded = importlib.import_module("automl.export.own_code").load_with_code(model, code)
    given: Any = dict(zip(names, tensors, strict=True)) if names else tensors[0]
    if len(names) < MANY_INPUTS:
        predictions = loaded.predict(given, verbose=0)
    else:
        called = {name: keras.ops.convert_to_tensor(tensor) for name, tensor in given.items()}
        predictions = np.asarray(loaded(called, training=False))
    np.save(output, predictions, allow_pickle=False)


def _tensor(array: Any) -> Any:
    """Texts as a TensorFlow constant, because Keras refuses NumPy arrays of text."""
    if array.dtype.kind == "f" or array.ndim > 1:  # numbers, or bytes of images
        return array
    import numpy as np
    import tensorflow as tf

    return tf.constant(np.array(json.loads(array.tobytes()), object))


if __name__ == "__main__":
    main()
