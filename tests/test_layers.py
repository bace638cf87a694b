"""The house: imports go downward only, never in a circle; TensorFlow is below the line only."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "automl"
# From the top down: a room imports from itself and from those after it, inside functions too.
ORDER = (
    "testing", "cli", "api", "tuning", "engines", "training", "results", "export", "models",
    "space", "data", "trial", "trial_time", "vocabulary", "common", "imports", "errors",
)  # fmt: skip
API_FILES = {"run", "run_readings", "run_trial"}
# The line is another matter than the order: these may import TensorFlow, and all others import
# them inside functions only.
BELOW_THE_LINE = {"training", "export", "models"}
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


def test_every_room_has_its_place() -> None:
    assert {room_of(path) for path in FILES} == set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downward(path: Path) -> None:
    below = ORDER[ORDER.index(room_of(path)) :]
    for module, _ in imports_of(path):
        parts = module.split(".")
        if parts[0] == "automl" and len(parts) > 1:
            assert room_named(parts[1]) in below, f"{path} imports {module}"


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def run_imports_of(path: Path, known: Collection[str]) -> set[str]:
    """The modules of the package that a file imports when it runs, inside functions too.

    Those for types alone are left out: they are never imported, and who only names the type of a
    value does not depend on what makes it.
    """
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for part in node.body
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                found.add(inner if inner in known else node.module)
    return found & set(known)


def circle_in(graph: Mapping[str, Collection[str]]) -> list[str]:
    """A path from a node to itself, or an empty list."""
    done: set[str] = set()

    def search(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph[node]):
            if found := search(other, [*path, node]):
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := search(node, []))), [])


def test_no_module_leads_back_to_itself() -> None:
    modules = {module_of(path): path for path in ROOT.rglob("*.py")}
    graph = {
        name: run_imports_of(path, modules) - {name, "automl"} for name, path in modules.items()
    }
    assert not circle_in(graph)


def test_a_circle_is_found() -> None:
    assert circle_in({"a": ["b"], "b": ["c"], "c": []}) == []
    assert circle_in({"a": ["b"], "b": ["c", "d"], "c": [], "d": ["b"]}) == ["b", "d", "b"]


KIND_FOLDERS = sorted(path.parent for path in (ROOT / "data" / "kinds").glob("*/kind.py"))


def test_nobody_outside_a_kind_knows_it() -> None:
    """A kind is one folder and its Keras reading: all else asks the interface of kinds."""
    assert [folder.name for folder in KIND_FOLDERS] == ["array", "image", "table"]
    for folder in KIND_FOLDERS:
        reading = ROOT / "models" / "inputs" / f"{folder.name}.py"
        assert reading.is_file()
        own = f"automl.data.kinds.{folder.name}", f"automl.models.inputs.{folder.name}"
        for path in FILES:
            if folder in path.parents or path == reading:
                continue
            known = [module for module, _ in imports_of(path) if module.startswith(own)]
            assert not known, f"{path} imports {known}"


def test_nobody_outside_kinds_and_sources_looks_at_what_rows_are() -> None:
    types = {"ArrayPair", "ndarray", "DataFrame", "Series"}
    asking = []
    for path in FILES:
        relative = path.relative_to(ROOT)
        if relative.parts[:2] in {("data", "kinds"), ("data", "sources")}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                asked = {getattr(one, "attr", getattr(one, "id", "")) for one in ast.walk(node)}
                if asked & types:
                    asking.append(f"{relative}:{node.lineno}")
    assert not asking


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_above_the_line_nothing_imports_tensorflow(path: Path) -> None:
    if room_of(path) in {*BELOW_THE_LINE, "testing"}:  # which only tests import
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
        "import automl.results.leaderboard, automl.results.record, automl.results.readings.csv",
        "from automl.space.registry import list_spaces; list_spaces()",
    ],
)
def test_rooms_above_the_line_run_without_tensorflow(statement: str) -> None:
    code = f"{statement}\nimport sys\nassert not {HEAVY!r} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
