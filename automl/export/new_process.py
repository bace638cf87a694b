"""A new process that has Keras and nothing of this package, to check a saved model in.

Where it can, it is a fork of a process that has imported Keras and run nothing of it, from which
the modules of this package are taken away. A really new interpreter, tried in place of it, costs
4.0 to 4.2 seconds of a core for each export (measured three times; the fork next to nothing), most
of them for TensorFlow's import.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from automl.common.machine import process_bound
from automl.errors import RunError
from automl.export import keras_only

SECONDS = 600.0

#: Id of this process while it has imported Keras and run nothing of it; see `mark_fresh`.
_fresh: int | None = None


def mark_fresh() -> None:
    """Notes that this process has imported Keras and run nothing of it, so that it can fork.

    A process in which TensorFlow has run has threads, which a fork would lack.
    """
    global _fresh
    _fresh = os.getpid()


class NewProcess(ABC):
    """A process that refuses this package and predicts with a saved model once.

    Leaving it ends it.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Ends the process."""

    @abstractmethod
    def _carry_out(self, orders: Mapping[str, Any], seconds: float) -> str:
        """Hands over what `keras_only.predict` takes; what it complains of, or nothing.

        Raises:
            TimeoutError: It took longer.
        """

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
            arrays: The model's inputs, as `InputPlan.exported` gives them.
            code: Code of a person's own that the model needs, which then may import this package
                too; see `automl.export.own_code.load_with_code`. None for Keras alone.
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


def new_process() -> NewProcess:
    """Begins a new process, the first thing that a task does.

    It is a fork where this process is fresh. Else it is started, imports Keras, which takes
    seconds, and its owner goes on meanwhile.
    """
    global _fresh
    fresh, _fresh = _fresh == os.getpid(), None  # what follows may run TensorFlow
    return Forked() if fresh else Started()


class Started(NewProcess):
    """A Python of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", keras_only.__file__],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            cwd=tempfile.gettempdir(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    @override
    def close(self) -> None:
        self._process.kill()
        with self._process:
            pass  # closes its pipes and waits for its end

    @override
    def _carry_out(self, orders: Mapping[str, Any], seconds: float) -> str:
        try:
            said = self._process.communicate(json.dumps(orders) + "\n", timeout=seconds)[1]
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        return (said or "no message") if self._process.returncode else ""


class Forked(NewProcess):
    """A fork of this process, from which this package is taken away.

    Nothing that a model could lean on is left of it: its modules are gone and refused, and so is
    what was registered with Keras. Forking takes a hundredth of a second, importing three.
    """

    def __init__(self) -> None:
        orders, self._orders = os.pipe()
        self._answer, answer = os.pipe()
        self._pid: int | None = os.fork()
        if not self._pid:
            os.close(self._orders)
            os.close(self._answer)
            _serve(orders, answer)
        os.close(orders)
        os.close(answer)

    @override
    def close(self, ended: bool = False) -> None:
        if self._pid is not None:
            os.close(self._orders)
            os.close(self._answer)
            if not ended:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
            self._pid = None

    @override
    def _carry_out(self, orders: Mapping[str, Any], seconds: float) -> str:
        left, answer = seconds, b""
        with suppress(BrokenPipeError):  # it has died, as the empty answer says
            os.write(self._orders, json.dumps(orders).encode() + b"\n")
        while left > 0.0:
            # In short waits, none of which counts for more, for both may be stopped meanwhile.
            started, most = time.monotonic(), min(left, 1.0)
            if select.select([self._answer], [], [], most)[0]:
                piece = os.read(self._answer, 1 << 16)
                if not piece:
                    return json.loads(answer)["complaint"] if answer else self._describe_end()
                answer += piece
            left -= min(time.monotonic() - started, most)
        raise TimeoutError

    def _describe_end(self) -> str:
        """How the process has ended that gave no answer."""
        assert self._pid is not None
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self.close(ended=True)
        how = (
            f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        )
        bound = process_bound()
        if bound is None:
            return f"the process {how}"
        return (
            f"the process {how}; at most {bound} processes and threads may run here (`ulimit -u`)"
        )


def _serve(orders: int, answer: int) -> NoReturn:
    """The forked process's side."""
    complaint = ""
    try:
        with open(orders, encoding="utf-8") as file:
            line = file.readline()
        if line:
            given = json.loads(line)
            if given.get("code") is None:
                _take_away()
            _forget_registered()
            keras_only.predict(**given)
    except BaseException as error:  # noqa: BLE001 - the process ends here, and says why
        complaint = "".join(traceback.format_exception_only(error))
    finally:
        with open(answer, "wb") as file:
            file.write(json.dumps({"complaint": complaint}).encode())
        os._exit(0)


def _take_away() -> None:
    """Takes this package away, what is imported of it and what could be."""
    for name in [name for name in sys.modules if name.partition(".")[0] in keras_only.REFUSED]:
        del sys.modules[name]
    sys.meta_path.insert(0, keras_only.RefusePackages)


def _forget_registered() -> None:
    import keras

    keras.saving.get_custom_objects().clear()


def _as_bytes(texts: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Texts as JSON: an array of NumPy's has the longest one's room for each."""
    return np.frombuffer(json.dumps(texts.tolist()).encode(), np.uint8)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
