"""Tasks: what fits together, and the JSON form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from automl.common.forms import read_form, to_form
from automl.data.task import Task, TaskKind, are_characters

TASKS = [
    Task(TaskKind.BINARY, 1, ("y",), (False, True)),
    Task(TaskKind.MULTICLASS, 3, ("y",), ("a", "b", "c")),
    Task(TaskKind.MULTILABEL, 2, ("a", "b")),
    Task(TaskKind.REGRESSION, 2, ("a", "b")),
]


@pytest.mark.parametrize("task", TASKS)
def test_a_task_survives_json(task):
    assert read_form(Task, json.loads(json.dumps(to_form(task)))) == task


@pytest.mark.parametrize(
    "parts",
    [
        (TaskKind.BINARY, 2, ("y",), (0, 1)),
        (TaskKind.MULTICLASS, 3, ("y",), (0, 1)),
        (TaskKind.REGRESSION, 1, ("a", "b"), ()),
        (TaskKind.REGRESSION, 1, ("a",), (1,)),
        (TaskKind.MULTILABEL, 0, (), ()),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts):
    with pytest.raises(ValueError, match="cannot have"):
        Task(*parts)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (tuple(range(10)), True),
        (tuple("ABCDEF"), True),
        (("0", "1", "2", "3", "x"), True),
        ((0, 1), False),  # two numbered classes of whatever
        (("cat", "dog", "owl", "bat", "cow"), False),
        (tuple(range(11)), False),
        ((), False),
    ],
)
def test_classes_that_are_called_like_characters(classes: tuple[Any, ...], expected: bool) -> None:
    assert are_characters(classes) is expected
