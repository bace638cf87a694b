"""Models of a person's own are saved and loaded before anything is trained, and told by kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from own_models import BY_KERAS_ALONE, NOT_AT_ALL, WITH_CODE, written

from automl.data.kinds.signature import InputSignature
from automl.data.task import Task, TaskKind
from automl.export.loadable import Loadable
from automl.models.core import build_core, compile_core
from automl.models.hyper_tracing import traced
from automl.space.own_code import code_of
from automl.space.registry import find_space
from automl.training.saving import how_it_loads

TASK = Task(TaskKind.BINARY, 1, ("y",), (0, 1))


def found(path: Path) -> Loadable:
    space = traced(find_space(str(path)))
    core = build_core(space, space.defaults(), TASK, InputSignature(2))
    compile_core(core, space.defaults(), TASK)
    return how_it_loads(core, code_of(space))


@pytest.mark.parametrize("name", BY_KERAS_ALONE)
def test_what_only_training_needs_is_no_part_of_the_export(name: str, tmp_path: Path) -> None:
    assert found(written(tmp_path, BY_KERAS_ALONE[name])) == Loadable()


@pytest.mark.parametrize("name", WITH_CODE)
def test_what_loading_needs_is_named(name: str, tmp_path: Path) -> None:
    assert found(written(tmp_path, WITH_CODE[name])) == Loadable((name,))


@pytest.mark.parametrize("words", NOT_AT_ALL)
def test_what_cannot_be_exported_is_told_in_one_sentence(words: str, tmp_path: Path) -> None:
    problem = found(written(tmp_path, NOT_AT_ALL[words])).problem
    assert words in problem
    assert "\n" not in problem and len(problem) < 400


def test_code_of_a_module_beside_the_space_goes_along(tmp_path: Path) -> None:
    written(tmp_path, "pass", "parts_beside")
    space = tmp_path / "space.py"
    space.write_text(
        "import keras\nimport parts_beside\n"
        "def build(hp):\n    hp.Int('n', 1, 2)\n    i = keras.Input((2,))\n"
        "    return parts_beside.end(i, parts_beside.Scaled(2)(i))\n",
        encoding="utf-8",
    )
    try:
        code = code_of(find_space(str(space)))
        assert code is not None and sorted(code.files) == ["parts_beside.py", "space.py"]
        assert found(space) == Loadable(("Scaled",))
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("parts_beside")


def test_a_layer_of_no_file_is_told_to_be_moved_to_one(monkeypatch: Any, tmp_path: Path) -> None:
    space = traced(find_space(str(written(tmp_path, WITH_CODE["Scaled"]))))
    core = build_core(space, space.defaults(), TASK, InputSignature(2))
    told = how_it_loads(core, None)
    assert told.objects == ("Scaled",)
    assert "define it in a file" in told.problem
