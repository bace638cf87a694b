"""The workloads of the benchmark: model, rows, budget, and the ratio that is aimed at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from benchmarks import workloads

ROOT = Path(__file__).resolve().parents[1]
BATCH_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Workload(ABC):
    """One search, with the same rows and budget for every tool.

    Attributes:
        name: What it is called on the command line.
        classes: Number of classes, or None for a regression.
        trials: Configurations to train.
        epochs: Most epochs of each.
        patience: Epochs without an improvement of the validation loss before one stops.
        ratio: Trials an hour aimed at, in multiples of the best peer's, or None.
        reach: Share of KerasTuner's time within which its best score is to be reached, or None.
    """

    name: str
    classes: int | None
    trials: int
    epochs: int
    patience: int
    ratio: float | None = None
    reach: float | None = None

    @property
    @abstractmethod
    def space(self) -> str:
        """How `automl search --space` finds what is searched."""


@dataclass(frozen=True, kw_only=True)
class SharedWorkload(Workload):
    """A search of one build function, which is the same in every tool.

    Attributes:
        build: The KerasTuner build function.
        values: Its hyperparameters alone, without any layer.
        layers: Its hidden layers alone.
    """

    build: Callable[[Any], Any]
    values: Callable[[Any], workloads.Values]
    layers: Callable[[workloads.Values, Any], Any]

    @property
    @override
    def space(self) -> str:
        """How `automl search --space` finds the build function."""
        return f"{ROOT / 'benchmarks' / 'workloads.py'}:{self.build.__name__}"


@dataclass(frozen=True, kw_only=True)
class ImageWorkload(Workload):
    """A search for an image classifier, in which every tool has image networks of its own.

    Attributes:
        shape: Height, width and channels of an image.
        classes: Number of classes.
    """

    shape: tuple[int, int, int]
    classes: int

    @property
    @override
    def space(self) -> str:
        """This project's own image networks."""
        return "image"


_SHARED = (
    SharedWorkload(
        name="digits",
        build=workloads.digits_mlp,
        values=workloads.digits_values,
        layers=workloads.digits_layers,
        classes=10,
        trials=30,
        epochs=20,
        patience=5,
        ratio=12.0,
        reach=0.05,
    ),
    SharedWorkload(
        name="housing",
        build=workloads.housing_mlp,
        values=workloads.housing_values,
        layers=workloads.housing_layers,
        classes=None,
        trials=10,
        epochs=30,
        patience=10,
        ratio=40.0,
        reach=0.05,
    ),
    SharedWorkload(
        name="fashion-mlp",
        build=workloads.fashion_mlp,
        values=workloads.fashion_mlp_values,
        layers=workloads.fashion_mlp_layers,
        classes=10,
        trials=4,
        epochs=5,
        patience=5,
        ratio=6.0,
    ),
    SharedWorkload(
        name="fashion-cnn",
        build=workloads.fashion_cnn,
        values=workloads.fashion_cnn_values,
        layers=workloads.fashion_cnn_layers,
        classes=10,
        trials=5,
        epochs=5,
        patience=5,
        ratio=2.5,
    ),
)
_IMAGES = (
    ImageWorkload(
        name="images-28",
        shape=(28, 28, 1),
        classes=10,
        trials=3,
        epochs=3,
        patience=3,
    ),
    ImageWorkload(
        name="images-64",
        shape=(64, 64, 3),
        classes=8,
        trials=3,
        epochs=3,
        patience=3,
    ),
)
SHARED_WORKLOADS = {workload.name: workload for workload in _SHARED}
IMAGE_WORKLOADS = {workload.name: workload for workload in _IMAGES}
WORKLOADS: dict[str, Workload] = {**SHARED_WORKLOADS, **IMAGE_WORKLOADS}
#: Names that stand for several workloads.
GROUPS = {"images": tuple(IMAGE_WORKLOADS)}
