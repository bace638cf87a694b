"""Predicts with a saved model in a process of its own that has Keras and nothing of this package.

Run as a script: ``python keras_only.py MODEL INPUTS OUTPUT``. INPUTS is an NPZ file with the
arrays ``input_0``, ``input_1``, ... and ``names`` (their names; one input without a name where
it is empty); the predictions go to OUTPUT as NPY.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

REFUSED = ("automl", "search_spaces")


class RefusePackage:
    """A finder of modules that refuses this package, so that a model cannot lean on it."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Refuses this package's modules and leaves all others to the next finder.

        Raises:
            ImportError: The module is this package's.
        """
        if name.partition(".")[0] in REFUSED:
            raise ImportError(f"{name} is refused: an exported model must load without it")


def main(model_path: str, inputs_path: str, output_path: str) -> None:
    """Loads the model with ``safe_mode`` on, predicts and writes the predictions."""
    import keras
    import numpy as np

    with np.load(inputs_path, allow_pickle=False) as file:
        names = [str(name) for name in file["names"]]
        arrays = [file[f"input_{i}"] for i in range(max(1, len(names)))]
    tensors = [_tensor(array) for array in arrays]
    model = keras.saving.load_model(model_path, compile=False, safe_mode=True)
    inputs: Any = dict(zip(names, tensors, strict=True)) if names else tensors[0]
    np.save(output_path, model.predict(inputs, verbose=0), allow_pickle=False)


def _tensor(array: Any) -> Any:
    """Text as a TensorFlow constant, because Keras refuses NumPy arrays of text."""
    if array.dtype.kind != "U":
        return array
    import tensorflow as tf

    return tf.constant(array)


if __name__ == "__main__":
    sys.meta_path.insert(0, RefusePackage)
    main(*sys.argv[1:])
