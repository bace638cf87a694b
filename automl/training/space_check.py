"""Checks a search space by building and training a few of its configurations on toy data."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from automl.common.carrying import unpacked
from automl.data.metrics import default_objective
from automl.data.prepare import prepare
from automl.data.request import DataRequest
from automl.export.loadable import Loadable
from automl.models.core import build_core, compile_core
from automl.models.hyper_tracing import traced
from automl.space.keras_tuner import file_of, is_untraced
from automl.space.own_code import code_of, export_notes
from automl.space.registry import find_space
from automl.training.device import configure_device
from automl.training.device_data import DeviceData
from automl.training.hyper_check import toy_rows
from automl.training.saving import how_it_loads
from automl.training.train_trial import train_trial
from automl.trial import (
    ERROR_FILE,
    Answer,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.vocabulary.inputs import ARRAY, IMAGE

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from automl.space import Configuration, SearchSpace

#: Configurations of each task: the defaults, and two drawn at random.
CONFIGURATIONS = 3
ROWS = 120
KINDS = ("binary", "multiclass", "regression")
BUDGET = TrialBudget(epochs=2, patience=2, seconds=60.0)


def train_space(
    reference: str, configurations: int = CONFIGURATIONS, seed: int = 0, carried: str = ""
) -> dict[str, Any]:
    """Builds, compiles and trains configurations of a space, on a small table for each task.

    The tables hold numbers, a missing value and categories; for a builder in KerasTuner's form, the
    rows have the form that its model takes. A loss that diverges is no fault of
    the space: its configuration could be trained.

    Args:
        reference: The space, as `automl.space.registry.find_space` takes it.
        configurations: How many to train on each task, the defaults first.
        seed: Seed of the toy data, the random configurations and the training.
        carried: The space itself, serialized, where it has no reference.

    Returns:
        ``trained``, how many there were; ``passed``, a line for each task on what was trained;
        ``problems``, a sentence for each different thing that is wrong; ``notes``, what else a
        person should be told.

    Raises:
        SpaceError: The space cannot be found or loaded.
    """
    space: SearchSpace = unpacked(carried) if carried else find_space(reference)
    configure_device()
    if is_untraced(space):
        space = traced(space)
    rng = np.random.default_rng(seed)
    chosen = [space.defaults(), *(space.sample(rng) for _ in range(configurations - 1))]
    passed: list[str] = []
    objects: dict[str, None] = {}
    failed = 0
    problems: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        tables = _toy_data(space, seed)
        for kind, data in tables:
            results = _train(space, chosen, data, Path(folder) / kind, seed)
            settings = [", ".join(f"{k}={v}" for k, v in config.items()) for config in chosen]
            places = [f"{kind} with {text}" for text in ("the defaults", *settings[1:])]
            for found, place in zip(_loadable(space, chosen, results, data), places, strict=True):
                objects.update(dict.fromkeys(found.objects))
                if found.problem:
                    reason = f"its models cannot be exported: {found.problem}"
                    problems.setdefault(reason, []).append(place)
            for index, (result, place) in enumerate(zip(results, places, strict=True)):
                if not _is_trained(result):
                    failed += 1
                    line = _line(Path(folder) / kind / str(index), space)
                    problems.setdefault(line + result.reason, []).append(place)
            passed += _passed(kind, results)
    return {
        "notes": export_notes(space, tuple(objects), ""),
        "trained": len(tables) * len(chosen),
        "failed": failed,
        "passed": passed,
        "problems": [f"{reason} ({_where(places)})" for reason, places in problems.items()],
    }


def _passed(kind: str, results: Sequence[TrialResult]) -> list[str]:
    """A line on what was trained on a task, where anything was."""
    weights = sorted({result.parameters for result in results if _is_trained(result)})
    if not weights:
        return []
    count = sum(map(_is_trained, results))
    span = f"{weights[0]:,}" + (f" to {weights[-1]:,}" if weights[1:] else "")
    return [f"{kind}: trained {count} of {len(results)}, {span} weights"]


def _loadable(
    space: SearchSpace,
    configurations: Sequence[Configuration],
    results: Sequence[TrialResult],
    data: DeviceData,
) -> list[Loadable]:
    """How the models of configurations that could be trained are loaded once they are exported."""
    found = []
    for config, result in zip(configurations, results, strict=True):
        if _is_trained(result):
            keras.utils.clear_session(free_memory=False)
            core = build_core(space, config, data.task, data.signature)
            compile_core(core, config, data.task)
            found.append(how_it_loads(core, code_of(space)))
        else:
            found.append(Loadable())
    return found


def _toy_data(space: SearchSpace, seed: int) -> list[tuple[str, DeviceData]]:
    """What to train on, in words, and the rows."""
    if space.inputs == ARRAY:
        return [toy_rows(space, seed)]
    requests = {
        kind: DataRequest(toy_images(kind, seed), task=kind, seed=seed, kind=IMAGE)
        if space.inputs == IMAGE
        else DataRequest(toy_table(kind, seed), ("target",), task=kind, seed=seed)
        for kind in KINDS
    }
    return [(kind, DeviceData.from_arrays(prepare(request))) for kind, request in requests.items()]


def toy_images(kind: str, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]:
    """A few small images in colours with something to learn.

    Args:
        kind: ``binary``, ``multiclass`` or ``regression``.
        seed: Seed of their pixels.

    Returns:
        120 images of 32 x 32 pixels, brighter at the top the larger the target, and the targets.
    """
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 128, (ROWS, 32, 32, 3), np.uint8)
    signal = rng.uniform(0.0, 1.0, ROWS)
    images[:, :16] += (127 * signal).astype(np.uint8)[:, np.newaxis, np.newaxis, np.newaxis]
    if kind == "regression":
        return images, signal
    classes = 2 if kind == "binary" else 3
    return images, (signal * classes).astype(np.int64)


def toy_table(kind: str, seed: int) -> pd.DataFrame:
    """A small table with something to learn.

    Args:
        kind: ``binary``, ``multiclass`` or ``regression``.
        seed: Seed of its values.

    Returns:
        120 rows: three columns of numbers, one value of them missing, a column of categories,
        and ``target``.
    """
    import pandas as pd

    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(ROWS, 3))
    letters = rng.choice(["red", "green", "blue"], size=ROWS)
    signal = numbers[:, 0] - numbers[:, 1] + (letters == "red") + rng.normal(0.0, 0.3, ROWS)
    frame = pd.DataFrame(numbers, columns=["a", "b", "c"])
    frame.loc[0, "c"] = np.nan
    frame["colour"] = letters
    if kind == "regression":
        frame["target"] = signal
    else:
        names = ["low", "high"] if kind == "binary" else ["low", "middle", "high"]
        edges = np.quantile(signal, np.linspace(0, 1, len(names) + 1)[1:-1])
        frame["target"] = np.array(names)[np.searchsorted(edges, signal)]
    return frame


def _train(
    space: SearchSpace,
    configurations: Sequence[Configuration],
    data: DeviceData,
    folder: Path,
    seed: int,
) -> list[TrialResult]:
    return [
        train_trial(
            TrialSpec(number, config.to_json(), seed, BUDGET),
            space,
            data,
            default_objective(data.task),
            folder / str(number),
            lambda _: Answer.GO_ON,
            lambda: None,
        )
        for number, config in enumerate(configurations)
    ]


def _is_trained(result: TrialResult) -> bool:
    return result.state is not TrialState.FAILED or result.cause is FailureCause.DIVERGED


def _line(directory: Path, space: SearchSpace) -> str:
    """``line N: `` for the last line of the space's own file in a trial's traceback, if any."""
    error = directory / ERROR_FILE
    file = file_of(space.build)
    if not file or not error.exists():
        return ""
    lines = re.findall(rf'File "{re.escape(file)}", line (\d+)', error.read_text(encoding="utf-8"))
    return f"line {lines[-1]}: " if lines else ""


def _where(places: Sequence[str]) -> str:
    """The first places where something went wrong, and how many more there are."""
    more = len(places) - 1
    return f"in {places[0]}" + (f", and {more} more" if more else "")
