"""Checking a space by training it: whether its models can be exported is found before a search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automl.engines.processes import Processes
from automl.engines.run_in_child import run_in_child
from tests.export.own_models import NOT_AT_ALL, WITH_CODE, written


def checked(processes: Processes, file: Path) -> dict[str, Any]:
    """What is found of a builder, in a process of its own, whose threads are set."""
    arguments = {"reference": f"{file}:build", "configurations": 1}
    found: dict[str, Any] = run_in_child(
        processes, "automl.training.space_check:train_space", arguments
    )
    assert found["trained"] and not found["failed"]
    return found


def test_what_loading_needs_is_a_note(kept_processes: Processes, tmp_path: Path) -> None:
    found = checked(kept_processes, written(tmp_path, WITH_CODE["Scaled"]))
    assert not found["problems"]
    (note,) = [note for note in found["notes"] if "Scaled" in note]
    assert "--trust" in note


@pytest.mark.parametrize("words", ["get_config leaves", "with def"])
def test_what_cannot_be_exported_is_a_problem(
    words: str, kept_processes: Processes, tmp_path: Path
) -> None:
    (problem,) = checked(kept_processes, written(tmp_path, NOT_AT_ALL[words]))["problems"]
    assert problem.startswith("its models cannot be exported: ") and words in problem
    assert "\n" not in problem
