"""Finding spaces by name, in files, and in modules; and what is said where there is none."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution, entry_points
from pathlib import Path

import pytest

from automl.errors import SpaceError
from automl.space import find_space, list_spaces
from automl.space.registry import GROUP

HEADER = "from automl.space import Int, SearchSpace\n"
SPACE = 'SearchSpace("{name}", [Int("n", 1, 3)], lambda config, inputs, task: inputs)\n'


@pytest.fixture(autouse=True)
def the_path_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text)
    return path


def one(name: str, variable: str = "space") -> str:
    return f"{variable} = {SPACE.format(name=name)}"


def test_installed_spaces_are_listed_and_found() -> None:
    listed = list_spaces()
    assert [entry.name for entry in listed] == sorted(e.name for e in entry_points(group=GROUP))
    assert "mlp" in [entry.name for entry in listed]
    for entry in listed:
        space = find_space(entry.name)
        assert space.reference == entry.name
        assert entry.description == space.description != ""
        assert entry.source.startswith("automl.search_spaces.")


def test_a_file_is_found_with_its_description(tmp_path: Path) -> None:
    path = written(tmp_path, f'"""My own space.\n\nMore."""\n{HEADER}{one("mine")}')
    space = find_space(str(path))
    assert (space.name, space.description) == ("mine", "My own space.")
    assert space.reference == f"{path}:space"
    assert find_space(f"{path}:space").hash() == find_space(str(space.reference)).hash()


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, HEADER + one("mine"))
    monkeypatch.chdir(tmp_path)
    assert find_space("mine.py").reference == f"{tmp_path / 'mine.py'}:space"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert find_space(str(written(tmp_path, HEADER + one("mine")))).name == "mine"
    assert find_space(str(written(tmp_path, HEADER + one("other")))).name == "other"


def test_a_file_may_define_classes_and_import_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "neighbour_of_mine.py").write_text("LAYERS = 3\n")
    text = (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from neighbour_of_mine import LAYERS\n"
        f"{HEADER}@dataclass\nclass Block:\n    units: int\n{one('mine')}"
    )
    assert find_space(str(written(tmp_path, text))).name == "mine"


def test_the_only_space_is_taken_whatever_its_name(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + one("mine", "net") + "alias = net\n")
    assert find_space(str(path)).name == "mine"


def test_several_spaces(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + one("a", "first") + one("b", "second"))
    with pytest.raises(SpaceError) as caught:
        find_space(str(path))
    assert str(caught.value) == (
        f"{path} defines several search spaces; say which: {path}:first or {path}:second."
    )
    assert find_space(f"{path}:second").name == "b"
    named = written(tmp_path, HEADER + one("a", "first") + one("b", "space"))
    assert find_space(str(named)).name == "b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("depth = (1,\nspace = 3\n", "has a syntax error on line 1 ('(' was never closed)"),
        ("x = 1\ndepth = = 2\n", "has a syntax error on line 2 (invalid syntax): depth = = 2"),
        ("x = 1\n", "defines no search space; end it with space = SearchSpace("),
        ("space = 3\n", "defines no search space"),
        ("x = 1\n\nimport no_such_module\n", "cannot be loaded, line 3: ModuleNotFoundError: No"),
        ("raise SystemExit(3)\n", "cannot be loaded, line 1: SystemExit: 3"),
        (f"{HEADER}n = Int('n', 5, 1)\n", ", line 2: The range of Int 'n' is upside down"),
        ("\0", "source code string cannot contain null bytes"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SpaceError) as caught:
        find_space(str(path))
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("mpl", "There is no search space 'mpl'; did you mean 'mlp'?"),
        ("zzzzzz", "There is no search space 'zzzzzz'; installed are "),
        ("nowhere.py", "There is no file "),
        ("no_such_module:space", "module no_such_module cannot be loaded: ModuleNotFoundError"),
        (
            "automl.search_spaces.mlp:spaec",
            "module automl.search_spaces.mlp has no 'spaec'; its search spaces",
        ),
        (
            "automl.search_spaces.mlp:build",
            "build in module automl.search_spaces.mlp takes (config, inputs, task)",
        ),
        ("a folder/x:space", "is neither a file nor module:attribute; a file ends in .py."),
    ],
)
def test_what_is_not_there_is_named(reference: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        find_space(reference)
    assert message in str(caught.value)


def test_an_attribute_of_a_module_is_found() -> None:
    space = find_space("automl.search_spaces.mlp:space")
    assert space.reference == "automl.search_spaces.mlp:space"
    assert space.hash() == find_space("mlp").hash()


def test_a_broken_plug_in_does_not_hide_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "broken_plugin-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: broken-plugin\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(f"[{GROUP}]\nbroken = broken_plugin:space\n")
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('out of order')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    listed = {entry.name: entry.description for entry in list_spaces()}
    assert "mlp" in listed
    assert "cannot be loaded" in listed["broken"]
    assert "out of order" in listed["broken"]


def test_a_built_in_space_is_found_where_an_older_run_says_it_is(tmp_path: Path) -> None:
    code = (
        "from automl.space import find_space\n"
        "space = find_space('search_spaces.mlp:space')\n"
        "assert space.hash() == find_space('mlp').hash()\n"
        "assert space.reference == 'search_spaces.mlp:space'\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=True, timeout=300)


def test_a_package_named_search_spaces_is_its_owners(tmp_path: Path) -> None:
    package = tmp_path / "search_spaces"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "mlp.py").write_text(HEADER + one("theirs"))
    code = (
        "from automl.space import find_space\n"
        "assert find_space('search_spaces.mlp:space').name == 'theirs'\n"
        "assert find_space('mlp').name == 'mlp'\n"
        "assert find_space('automl.search_spaces.mlp:space').name == 'mlp'\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=True, timeout=300)


def test_the_environment_gets_no_other_package_than_automl() -> None:
    installed = distribution("automl")
    assert (installed.read_text("top_level.txt") or "").split() == ["automl"]
