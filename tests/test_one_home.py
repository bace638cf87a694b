"""A fact has one home: what is done in one place of `automl.common` is done nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "automl"
FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}

# Classes with a JSON form that is not their fields: the language of search spaces, a plan of
# whatever kind of rows, a request whose data may be in memory, and a person's own code or
# function, which no record holds.
FORMS_OF_THEIR_OWN = {
    "space/condition.py": {"Condition", "Comparison", "_Joined"},
    "space/configuration.py": {"Configuration"},
    "space/hyperparameter.py": {"Hyperparameter"},
    "space/own_code.py": {"OwnCode"},
    "space/search_space.py": {"SearchSpace"},
    "data/plan.py": {"PreprocessingPlan"},
    "vocabulary/metric.py": {"Metric"},
    "data/request.py": {"DataRequest"},
}


def names_in(tree: ast.Module) -> Iterator[str]:
    """Modules, attributes with what they are of, and imported names that a file uses."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


@pytest.mark.parametrize(
    ("home", "words"),
    [
        ("common/names.py", {"difflib"}),
        (
            "common/machine.py",
            {
                "psutil", "os.cpu_count", "os.process_cpu_count", "os.sched_getaffinity",
                "multiprocessing.cpu_count", "joblib.cpu_count", "resource.getrlimit",
            },
        ),
        ("common/forms.py", {"dataclasses.asdict", "typing.get_type_hints"}),
    ],
)  # fmt: skip
def test_what_is_asked_for_in_one_place_only(home: str, words: set[str]) -> None:
    users = {name for name, tree in TREES.items() if words & set(names_in(tree))}
    assert users <= {home}


def test_json_forms_are_written_and_read_by_the_annotations() -> None:
    found: dict[str, set[str]] = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
                if methods & {"to_json", "from_json"}:
                    found.setdefault(name, set()).add(node.name)
    assert found == FORMS_OF_THEIR_OWN


def test_what_the_system_tells_of_the_machine_is_read_in_one_place() -> None:
    words = ("cgroup", "meminfo", "SC_PHYS_PAGES", "SC_NPROCESSORS")
    users = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(word in node.value for word in words)
    }
    assert users == {"common/machine.py"}


def test_what_is_whole_or_not_there_gets_its_name_in_one_place() -> None:
    home = {"common/root.py", "common/whole_folder.py"}
    users = set()
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            # One argument is a path's other name; with keywords it is for a table's columns.
            call = node.func if isinstance(node, ast.Call) and node.args else None
            if isinstance(call, ast.Attribute) and call.attr == "rename":
                users.add(name)
            if isinstance(node, ast.Constant) and str(node.value).endswith(".tmp"):
                users.add(name)
        if {"os.replace", "os.rename", "shutil.move"} & set(names_in(tree)):
            users.add(name)
    assert users == home
