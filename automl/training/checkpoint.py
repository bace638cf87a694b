"""A trial in its midst, on disk: what it needs to go on as if it had never stopped.

Shuffles are a function of the seed and the epoch, and so are the rates of all schedules but one;
what is left is what training has changed. A checkpoint is one NPZ file without pickles.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from automl.common.bounded import MOST_CHECKPOINT, check_size, most_read, parsed_json
from automl.common.forms import check_form
from automl.data.sources.npz import archive_arrays
from automl.errors import DataError, RunError
from automl.training.history import run_of
from automl.trial import CHECKPOINT_FILE

FORMAT = 1
_CONTROL = "control"
#: Attributes of a checkpoint that stand beside the arrays.
_HEADER = ("trainer", "epoch", "seconds", "control", "view", "seed")


@dataclass(frozen=True)
class Checkpoint:
    """A trial after an epoch.

    Attributes:
        trainer: Name of the trainer that it was taken of; another one holds other arrays.
        epoch: How many epochs are finished.
        seconds: Wall-clock seconds that the trial had taken.
        control: JSON form of what decides about the training: history, early stopping, schedule.
        state: Arrays of the trainer.
        best: Arrays of the best epoch's weights, in the trainer's order.
        predictions: The best epoch's predictions on the validation rows, (n, outputs); None
            before there is one.
        view: The view that it trains on; "" where it is not known.
        seed: Its seed; None where it is not known.
        crossed: Predictions of `automl.training.cross_fitting`, (n, outputs), or None.
        late: Arrays of the weights of the last epochs, each as ``best``, where these are averaged.
    """

    trainer: str
    epoch: int
    seconds: float
    control: Mapping[str, Any]
    state: Mapping[str, npt.NDArray[Any]]
    best: tuple[npt.NDArray[Any], ...]
    predictions: npt.NDArray[Any] | None
    view: str = ""
    seed: int | None = None
    crossed: npt.NDArray[Any] | None = None
    late: tuple[tuple[npt.NDArray[Any], ...], ...] = ()


@dataclass(frozen=True)
class _Stopping:
    """The form of `EarlyStopping.state`; scores may be numbers that are not finite."""

    best_score: Any
    best_epoch: int
    reference: Any
    waited: int


@dataclass(frozen=True)
class _Control:
    """The form of what decides about the training, likewise."""

    history: Sequence[Mapping[str, Any]]
    scores: Sequence[Any]
    stopping: _Stopping
    schedule: Mapping[str, Any] | None
    stages: Mapping[str, float]
    crossed: Sequence[Any] = ()
    epochs: int = 0


@dataclass(frozen=True)
class _Form:
    """The form beside the arrays."""

    format: int
    trainer: str
    epoch: int
    seconds: float
    control: _Control
    view: str = ""
    seed: int | None = None


def write_checkpoint(checkpoint: Checkpoint, directory: Path) -> Path:
    """Writes ``checkpoint.npz``, whole or not at all.

    Args:
        checkpoint: The checkpoint.
        directory: The trial's directory; made if it is not there.

    Returns:
        The file.
    """
    form = {"format": FORMAT, **{name: getattr(checkpoint, name) for name in _HEADER}}
    arrays = {f"state.{name}": array for name, array in checkpoint.state.items()}
    for prefix, listed in _lists(checkpoint.best, checkpoint.late).items():
        arrays.update({f"{prefix}.{number}": array for number, array in enumerate(listed)})
    found = {"predictions": checkpoint.predictions, "crossed": checkpoint.crossed}
    arrays.update({name: array for name, array in found.items() if array is not None})
    arrays[_CONTROL] = np.frombuffer(json.dumps(form).encode(), np.uint8)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    directory = directory.absolute()
    root = run_of(directory)
    root.make_folder(directory)
    path = directory / CHECKPOINT_FILE
    root.write(path, content.getvalue(), durable=False)
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """Reads what `write_checkpoint` wrote.

    Args:
        path: The file, in a trial's directory.

    Raises:
        RunError: It is not there, damaged or no checkpoint.
    """
    path = path.absolute()
    try:
        with run_of(path.parent).open(path) as file:
            check_size(path, os.fstat(file.fileno()).st_size, most_read(MOST_CHECKPOINT))
            arrays = archive_arrays(file, path)
        form = parsed_json(arrays.pop(_CONTROL).tobytes(), path)
        check_form(_Form, form)
        if form["format"] != FORMAT:
            raise ValueError(f"its format is {form['format']!r}, not {FORMAT}")
        best = _listed(arrays, "best")
        late: list[tuple[npt.NDArray[Any], ...]] = []
        while one := _listed(arrays, f"late.{len(late)}"):
            late.append(one)
        found: dict[str, Any] = {
            name: arrays.pop(name, None) for name in ("predictions", "crossed")
        }
        state = {name.removeprefix("state."): array for name, array in arrays.items()}
        header = {name: form[name] for name in _HEADER if name in form}
        return Checkpoint(state=state, best=best, late=tuple(late), **found, **header)
    except (OSError, ValueError, KeyError, TypeError, DataError) as error:
        raise RunError(f"The checkpoint {path} cannot be read ({error}).") from error


def _lists(
    best: Sequence[npt.NDArray[Any]], late: Sequence[Sequence[npt.NDArray[Any]]]
) -> dict[str, Sequence[npt.NDArray[Any]]]:
    """Lists of weights by what the names of their arrays begin with."""
    return {"best": best, **{f"late.{number}": listed for number, listed in enumerate(late)}}


def _listed(arrays: dict[str, npt.NDArray[Any]], prefix: str) -> tuple[npt.NDArray[Any], ...]:
    """Takes a list of weights out of the arrays; empty where there is none."""
    count = sum(name.startswith(f"{prefix}.") for name in arrays)
    return tuple(arrays.pop(f"{prefix}.{number}") for number in range(count))
