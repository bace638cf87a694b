"""Checking a space by training it: whether its models can be exported is found before a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.training.space_check import train_space
from tests.export.own_models import NOT_AT_ALL, WITH_CODE, written


def test_what_loading_needs_is_a_note(tmp_path: Path) -> None:
    found = train_space(f"{written(tmp_path, WITH_CODE['Scaled'])}:build", configurations=1)
    assert not found["problems"] and found["trained"] and not found["failed"]
    (note,) = [note for note in found["notes"] if "Scaled" in note]
    assert "--trust" in note


@pytest.mark.parametrize("words", ["get_config leaves", "with def"])
def test_what_cannot_be_exported_is_a_problem(words: str, tmp_path: Path) -> None:
    found = train_space(f"{written(tmp_path, NOT_AT_ALL[words])}:build", configurations=1)
    (problem,) = found["problems"]
    assert problem.startswith("its models cannot be exported: ") and words in problem
    assert "\n" not in problem and not found["failed"]
