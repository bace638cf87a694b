"""The kinds of task."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

#: What may be asked for in place of a kind: that the inputs are the targets, a regression.
RECONSTRUCTION: Final = "reconstruction"


class TaskKind(StrEnum):
    """The four kinds of task; the kind decides the head and the loss."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"
