"""The kinds of task."""

from __future__ import annotations

from enum import StrEnum


class TaskKind(StrEnum):
    """The four kinds of task; the kind decides the head and the loss."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"
