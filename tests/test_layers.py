"""The house: imports go downward only, and rooms above the line never import TensorFlow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "automl"
# From the top down; `api` is a few files, and what is in SHARED everybody's.
ORDER = (
    "cli", "api", "tuning", "engines", "results", "space", "data", "training", "export", "models",
)  # fmt: skip
API_FILES = {"run", "run_trial"}
BELOW_THE_LINE = {"training", "export", "models"}
SHARED = {"common", "errors", "imports", "trial", "vocabulary"}
# Values (a task, a plan, a space, a run's files) flow down to the rooms that work on them.
VALUE_ROOMS = {"space", "data", "results"}
HEAVY = {"tensorflow", "keras", "keras_tuner"}


def imports_of(path: Path) -> list[tuple[str, bool]]:
    """Modules that a file imports, and whether at its top level."""
    found: list[tuple[str, bool]] = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = {id(node) for node in ast.iter_child_nodes(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(name.name, id(node) in top) for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, id(node) in top))
    return found


def room_of(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return room_named(relative.parts[0] if len(relative.parts) > 1 else relative.stem)


def room_named(name: str) -> str:
    """The room that a file or folder of the package belongs to."""
    return "api" if name in API_FILES else name


FILES = sorted(
    path for path in ROOT.rglob("*.py") if path.parent != ROOT or not path.stem.startswith("__")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downward(path: Path) -> None:
    room = room_of(path)
    below = ORDER[ORDER.index(room) :] if room in ORDER else ()
    allowed = {room, *below, *SHARED}
    if room in BELOW_THE_LINE:
        allowed |= VALUE_ROOMS
    if room == "engines":
        allowed |= {"training"}  # a worker's own side
    for module, _ in imports_of(path):
        parts = module.split(".")
        if parts[0] == "automl" and len(parts) > 1:
            assert room_named(parts[1]) in allowed, f"{path} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_above_the_line_nothing_imports_tensorflow(path: Path) -> None:
    if room_of(path) in BELOW_THE_LINE:
        return
    heavy = {module for module, _ in imports_of(path) if module.split(".")[0] in HEAVY}
    assert not heavy, f"{path} imports {heavy}"
    below = {
        module
        for module, top in imports_of(path)
        if top and module.startswith(tuple(f"automl.{room}" for room in BELOW_THE_LINE))
    }
    assert not below, f"{path} imports {below} at its top level"


@pytest.mark.parametrize(
    "statement",
    [
        "import automl; automl.search; automl.load_run",
        "import automl.tuning.search",
        "import automl.engines.local",
        "import automl.results.leaderboard, automl.results.record, automl.results.render",
        "from automl.space.registry import list_spaces; list_spaces()",
    ],
)
def test_rooms_above_the_line_run_without_tensorflow(statement: str) -> None:
    code = f"{statement}\nimport sys\nassert not {HEAVY!r} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
