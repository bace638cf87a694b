"""The workloads of the benchmark: model, rows, budget, and the ratio that is aimed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import workloads

ROOT = Path(__file__).resolve().parents[1]
BATCH_SIZE = 32


@dataclass(frozen=True)
class Workload:
    """One search, the same for every tool.

    Attributes:
        name: What it is called on the command line.
        build: The KerasTuner build function.
        values: Its hyperparameters alone, without any layer.
        layers: Its hidden layers alone.
        classes: Number of classes, or None for a regression.
        trials: Configurations to train.
        epochs: Most epochs of each.
        patience: Epochs without an improvement of the validation loss before one stops.
        ratio: Trials an hour aimed at, in multiples of the best peer's.
        reach: Share of KerasTuner's time within which its best score is to be reached, or None.
    """

    name: str
    build: Callable[[Any], Any]
    values: Callable[[Any], workloads.Values]
    layers: Callable[[workloads.Values, Any], Any]
    classes: int | None
    trials: int
    epochs: int
    patience: int
    ratio: float
    reach: float | None = None

    @property
    def space(self) -> str:
        """How `automl search --space` finds the build function."""
        return f"{ROOT / 'benchmarks' / 'workloads.py'}:{self.build.__name__}"


_ALL = (
    Workload(
        "digits",
        workloads.digits_mlp,
        workloads.digits_values,
        workloads.digits_layers,
        classes=10,
        trials=30,
        epochs=20,
        patience=5,
        ratio=12.0,
        reach=0.05,
    ),
    Workload(
        "housing",
        workloads.housing_mlp,
        workloads.housing_values,
        workloads.housing_layers,
        classes=None,
        trials=10,
        epochs=30,
        patience=10,
        ratio=40.0,
        reach=0.05,
    ),
    Workload(
        "fashion-mlp",
        workloads.fashion_mlp,
        workloads.fashion_mlp_values,
        workloads.fashion_mlp_layers,
        classes=10,
        trials=4,
        epochs=5,
        patience=5,
        ratio=6.0,
    ),
    Workload(
        "fashion-cnn",
        workloads.fashion_cnn,
        workloads.fashion_cnn_values,
        workloads.fashion_cnn_layers,
        classes=10,
        trials=5,
        epochs=5,
        patience=5,
        ratio=2.5,
    ),
)
WORKLOADS = {workload.name: workload for workload in _ALL}
