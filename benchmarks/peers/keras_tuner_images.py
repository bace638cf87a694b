"""KerasTuner's HyperResNet, searched at random as its guide writes it.

Its targets are one-hot, whose categorical cross-entropy is the sparse one of the class numbers.
"""

from __future__ import annotations

import keras
from keras_tuner.applications import HyperResNet

from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import EventLog
from benchmarks.peers.keras_tuner_search import search_rows


def search(assignment: Assignment, log: EventLog) -> None:
    """Searches as asked; the tuner keeps the weights of every trial's best epoch."""
    workload = assignment.images
    rows = {
        name: keras.utils.to_categorical(part, workload.classes) if name[0] == "y" else part
        for name, part in assignment.rows().items()
    }
    model = HyperResNet(input_shape=workload.shape, classes=workload.classes)
    search_rows(assignment, log, model, rows)
