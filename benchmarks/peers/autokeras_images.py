"""AutoKeras's image classifier: its own blocks, optimizers and rates, drawn at random.

It is what `autokeras.ImageClassifier` makes, but for three things in its favour, without which no
search ends on a few cores: images keep their size (AutoKeras would draw 224 x 224 for every other
network), no network begins with ImageNet's weights, which would be downloaded, and the search
does not begin with the networks that its own tuner tries first, two of which are of those kinds.
"""

from __future__ import annotations

from typing import Any

import autokeras  # type: ignore[import-not-found,unused-ignore]

from benchmarks.peers.assignment import Assignment
from benchmarks.peers.autokeras_search import mended, search_graph
from benchmarks.peers.clock import EventLog

#: Names of AutoKeras's hyperparameters that are not drawn.
_OFF = ("imagenet_size", "pretrained")


class _WithoutDownloads:
    """Hyperparameters of which some are off."""

    def __init__(self, hp: Any) -> None:
        self._hp = hp

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hp, name)

    def Boolean(self, name: str, *args: Any, **options: Any) -> Any:
        """Whether that is on."""
        return False if name in _OFF else self._hp.Boolean(name, *args, **options)


class _Networks(autokeras.ImageBlock):  # type: ignore[misc]
    """AutoKeras's choice among ResNets, Xception, plain nets and EfficientNets."""

    def build(self, hp: Any, inputs: Any = None) -> Any:
        return super().build(_WithoutDownloads(hp), inputs)


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked."""
    inputs = autokeras.ImageInput()
    head = mended(autokeras.ClassificationHead)(num_classes=assignment.images.classes)
    search_graph(assignment, log, inputs, head(_Networks()(inputs)))
