"""A new Python that has Keras and nothing of this package, to check a saved model in.

It is a process of its own from its first instruction: started with ``-I``, so that neither the
environment nor a folder of a person's is looked into, and refusing this package. A fork of a
process that has Keras already would take a hundredth of a second; to import Keras takes 4 s of a
core (measured), in which the process that exports goes on with its own work. But a fork has been
this program, and only a new process shows what somebody else will see.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from automl.common.machine import process_bound
from automl.errors import RunError
from automl.export import keras_only

SECONDS = 600.0


class NewProcess:
    """A process that refuses this package and predicts with a saved model once.

    It begins at once to import Keras, which takes seconds, and its owner goes on meanwhile.
    Leaving it ends it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # What is installed may lie where only this process was told to look.
            [sys.executable, "-I", keras_only.__file__, *filter(None, sys.path)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            cwd=tempfile.gettempdir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process."""
        self._process.kill()
        with self._process:
            pass  # closes its pipes and waits for its end

    def predict(
        self,
        model: Path,
        arrays: Mapping[str, npt.NDArray[Any]],
        code: Mapping[str, Any] | None = None,
        place: Path | None = None,
    ) -> npt.NDArray[Any]:
        """Loads a saved model and predicts.

        Args:
            model: The ``.keras`` file.
            arrays: The model's inputs, as `automl.export.rows.model_inputs_of` gives them.
            code: Code of a person's own that the model needs, which then may import this package
                too; see `automl.export.own_code.load`. None for Keras alone.
            place: Folder in which inputs and predictions lie meanwhile. Killed, this process leaves
                them there, and they are raw rows; None for the system's temporary folder.

        Returns:
            The predictions, float32 (n, outputs).

        Raises:
            RunError: The model cannot be loaded or does not predict.
        """
        names = [name for name in arrays if name]
        numbered: dict[str, Any] = {
            f"input_{i}": _as_bytes(array) if array.dtype == object else array
            for i, array in enumerate(arrays.values())
        }
        with tempfile.TemporaryDirectory(dir=place, prefix=".check-") as folder:
            inputs, output = Path(folder) / "inputs.npz", Path(folder) / "output.npy"
            np.savez(inputs, names=np.array(names, dtype=np.str_), **numbered)
            orders = {
                "model": str(model.absolute()),
                "inputs": str(inputs),
                "output": str(output),
                "code": None if code is None else dict(code),
            }
            try:
                complaint = self._carry_out(orders, SECONDS)
            except TimeoutError as error:
                raise RunError(
                    f"The exported model did not predict within {SECONDS:.0f} seconds in a new "
                    "process."
                ) from error
            if complaint or not output.exists():
                alone = "Keras alone" if code is None else "the code that came with it"
                raise RunError(
                    f"The exported model does not load and predict with {alone} "
                    f"({_last_line(complaint)})."
                )
            predictions: npt.NDArray[np.float32] = np.load(output, allow_pickle=False)
        return predictions

    def _carry_out(self, orders: Mapping[str, Any], seconds: float) -> str:
        """Hands over what `keras_only.predict` takes; what it complains of, or nothing.

        Raises:
            TimeoutError: It took longer.
        """
        left, line = seconds, json.dumps(orders) + "\n"
        while left > 0.0:
            # In short waits, none of which counts for more, for both may be stopped meanwhile.
            started, most = time.monotonic(), min(left, 1.0)
            try:
                said = self._process.communicate(line or None, timeout=most)[1]
            except subprocess.TimeoutExpired:
                left, line = left - min(time.monotonic() - started, most), ""
                continue
            code = self._process.returncode
            return (said.strip() or _describe_end(code)) if code else ""
        raise TimeoutError


def _describe_end(code: int) -> str:
    """How the process has ended that said nothing."""
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
    bound = process_bound()
    if bound is None:
        return f"the process {how}"
    return f"the process {how}; at most {bound} processes and threads may run here (`ulimit -u`)"


def _as_bytes(texts: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Texts as JSON: an array of NumPy's has the longest one's room for each."""
    return np.frombuffer(json.dumps(texts.tolist()).encode(), np.uint8)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
