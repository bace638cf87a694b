"""One name, one meaning: public classes, functions and files have names of their own."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "automl"
FILES = sorted(ROOT.rglob("*.py"))

COMMAND = "a command is called as it is typed, and so is what it calls"
KINDS = "each kind of rows answers the same questions"
# Names that stand twice, and why that is one meaning.
NAMES = {
    "add_commands": "each group of commands has one",
    "evaluate": COMMAND,
    "leaderboard": COMMAND,
    "predict": COMMAND,
    "search": COMMAND,
    "show": "spaces and trials are shown",
    "main": "Python's word for where a program begins",
    "core_inputs": KINDS,
    "raw_inputs": KINDS,
    "whole": KINDS,
    "write": "each format of an export has one",
}
VALUES = "the entries of the vocabulary, and what Keras makes of them"
PARTS = "of a kind's rows, and of all data"
MODULES = {
    "__init__": "Python's",
    "bundle": "what is exported, and the format of that name, which is a file as each is",
    "combine": PARTS,
    "fit": KINDS,
    "kind": KINDS,
    "plan": PARTS,
    "repeats": PARTS,
    "rows": PARTS,
    "stored": PARTS,
    "table": "a kind of rows, read for Keras; and the reading of a board that people see",
    "losses": VALUES,
    "metrics": "the entries of the vocabulary, and their values on rows",
    "optimizers": VALUES,
    "schedules": VALUES,
    "options": "each room declares its own; the command line makes them its words",
    "own_code": "the code of a space: what is kept of it, and how it runs",
    "protocol": "what a preset leaves open of a search, and how it is filled in",
    "search": COMMAND,
}


def public(names: Iterable[ast.stmt]) -> list[str]:
    """The classes and functions of a file that others may use."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    return [one.name for one in names if isinstance(one, kinds) and not one.name.startswith("_")]


def places_of(found: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """Where each name stands, of those that stand twice."""
    places = defaultdict(list)
    for name, path in found:
        places[name].append(str(path.relative_to(ROOT)))
    return {name: where for name, where in places.items() if len(where) > 1}


def named() -> list[tuple[str, Path]]:
    return [
        (name, path)
        for path in FILES
        for name in public(ast.parse(path.read_text(encoding="utf-8")).body)
    ]


def test_public_names_are_unique() -> None:
    twice = places_of(named())
    assert {name: twice[name] for name in twice.keys() - NAMES.keys()} == {}


def test_files_have_names_of_their_own() -> None:
    twice = places_of((path.stem, path) for path in FILES)
    assert {name: twice[name] for name in twice.keys() - MODULES.keys()} == {}


@pytest.mark.parametrize("allowed", [NAMES, MODULES])
def test_what_is_allowed_is_needed(allowed: dict[str, str]) -> None:
    found = named() if allowed is NAMES else [(path.stem, path) for path in FILES]
    assert allowed.keys() - places_of(found).keys() == set()


def test_a_name_that_stands_twice_is_found() -> None:
    tree = ast.parse("class A: ...\ndef f(): ...\ndef _g(): ...\nx = 1").body
    assert public(tree) == ["A", "f"]
    one, other = ROOT / "a.py", ROOT / "b.py"
    assert places_of([("A", one), ("f", one), ("A", other)]) == {"A": ["a.py", "b.py"]}
