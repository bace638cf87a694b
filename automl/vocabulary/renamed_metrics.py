"""Names of metrics that said something else than what they were.

Runs that recorded them are read under today's; to a person who writes them it is said what to
write. (Without NumPy, for readers of runs.)
"""

from __future__ import annotations

from collections.abc import Mapping

from automl.vocabulary.task_kinds import TaskKind

#: Of each kind of task, the old name, today's, and what to write for it.
_RENAMED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    TaskKind.BINARY: {
        "pr_auc": (
            "average_precision",
            "'average_precision', for that is what it is (no area by trapezoids)",
        )
    },
    TaskKind.MULTILABEL: {
        "accuracy": (
            "binary_accuracy",
            "'binary_accuracy' (of each label by itself, as Keras has it) or 'subset_accuracy' "
            "(of rows with all labels right, as scikit-learn has it)",
        )
    },
}


def current_name(name: str, kind: str) -> str:
    """What a metric of an older run is called today.

    Args:
        name: The name that the run recorded.
        kind: The kind of its task.
    """
    return _RENAMED.get(kind, {}).get(name, (name, ""))[0]


def renamed_hint(name: str, kind: str) -> str:
    """Of a name that is no longer a metric's, what to write instead; else ""."""
    return _RENAMED.get(kind, {}).get(name, ("", ""))[1]
