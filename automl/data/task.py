"""What is learnt: the kind of task, how many outputs, which targets and which classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automl.common.forms import left_out
from automl.data.columns.number_format import NumberFormat
from automl.vocabulary.task_kinds import TaskKind

__all__ = ["ClassLabel", "Task", "TaskKind", "are_characters"]

ClassLabel = str | int | float | bool
FEWEST_CHARACTERS = 5
"""Classes from which one-character names mean what they are: fewer are numbered whatever they are
of (own choice)."""


@dataclass(frozen=True)
class Task:
    """What a model has to learn.

    Attributes:
        kind: Binary, multiclass, multilabel or regression.
        outputs: Units of the model's head: 1 for binary, the number of classes for multiclass,
            of labels for multilabel, of targets for regression.
        targets: Names of the target columns, in the order of the outputs (one name for binary
            and multiclass); of lists of labels, the labels.
        classes: Of a binary or multiclass task, the class labels in the order of their numbers
            (of a binary task the second one is the positive class); empty otherwise. They are
            as they were written: texts such as 01 or 1.50 stay texts.
        number_formats: Of regression, how each target is written where it is text; empty where
            all are written as programs write numbers.
        reconstructs: Of regression, whether the targets are the inputs themselves.
        lists: Of multilabel, the one column that holds lists of the labels; "" where each label
            has a column of its own.
    """

    kind: TaskKind
    outputs: int
    targets: tuple[str, ...]
    classes: tuple[ClassLabel, ...] = ()
    number_formats: tuple[NumberFormat, ...] = left_out(())
    reconstructs: bool = left_out(False)
    lists: str = left_out("")

    def __post_init__(self) -> None:
        """Checks that the parts fit together.

        Raises:
            ValueError: The number of outputs, targets or classes does not fit the kind.
        """
        expected = {
            TaskKind.BINARY: (1, 1, 2),
            TaskKind.MULTICLASS: (self.outputs, 1, self.outputs),
            TaskKind.MULTILABEL: (self.outputs, self.outputs, 0),
            TaskKind.REGRESSION: (self.outputs, self.outputs, 0),
        }[self.kind]
        given = (self.outputs, len(self.targets), len(self.classes))
        if self.number_formats and len(self.number_formats) != len(self.targets):
            raise ValueError("number_formats does not fit the targets")
        if self.reconstructs and self.is_classification:
            raise ValueError(f"a {self.kind} task reconstructs nothing")
        if self.lists and self.kind is not TaskKind.MULTILABEL:
            raise ValueError(f"a {self.kind} task has no lists of labels")
        if given != expected or self.outputs < 1:
            raise ValueError(
                f"a {self.kind} task cannot have {given[0]} outputs, {given[1]} targets and "
                f"{given[2]} classes"
            )

    def number_format(self, target: str) -> NumberFormat:
        """How a target's numbers are written where they are text."""
        if not self.number_formats:
            return NumberFormat()
        return self.number_formats[self.targets.index(target)]

    @property
    def is_classification(self) -> bool:
        """Whether the outputs are probabilities (binary, multiclass or multilabel)."""
        return self.kind is not TaskKind.REGRESSION


def are_characters(classes: Sequence[ClassLabel]) -> bool:
    """Whether classes are called like digits or letters, each by one character.

    Args:
        classes: The labels of the classes.
    """
    names = [str(label) for label in classes]
    return len(names) >= FEWEST_CHARACTERS and all(
        len(name) == 1 and name.isalnum() for name in names
    )
