"""The files that a person's own search space is written in, which an exported model may need.

A layer or a function of a person's own is no part of Keras: a saved model only names it. So the
space's file, and what it imports from beside it, travels with the model; see
`automl.export.own_code` for the other side.
"""

from __future__ import annotations

import ast
import hashlib
import site
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.bounded import read_bounded
from automl.common.root import Root
from automl.errors import RunError
from automl.space.keras_tuner import file_of, module_of

if TYPE_CHECKING:
    from automl.space.search_space import SearchSpace

MOST_BYTES = 4 << 20
"""Own choice: what a space imports from beside it is code, not data."""
OURS = ("automl",)


@dataclass(frozen=True)
class OwnCode:
    """The code of a space of a person's own.

    Attributes:
        file: Name of the space's file among ``files``, or "" for an installed module.
        module: Import name of the space's module, or "" where it is run from ``file``.
        files: Path, relative and with slashes, to text: the file and what it imports from beside
            it.
    """

    file: str = ""
    module: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of each file, in hexadecimal."""
        return {
            name: hashlib.sha256(text.encode("utf-8")).hexdigest()
            for name, text in self.files.items()
        }

    def to_json(self) -> dict[str, Any]:
        """What a run or a bundle records of it: names and hashes, no text."""
        return {"file": self.file, "module": self.module, "files": self.hashes()}

    def write(self, root: Root, folder: Path) -> None:
        """Writes the files below a folder, in which nothing else is left.

        Args:
            root: The tree that the folder is in.
            folder: Made if it is not there.
        """
        root.remove_tree(folder)
        for name, text in self.files.items():
            root.make_folder((folder / name).parent)
            root.write(folder / name, text.encode("utf-8"), durable=False)


def code_of(space: SearchSpace) -> OwnCode | None:
    """The code of a space.

    Args:
        space: Any space.

    Returns:
        The code, or None for a space of this package's and for one that was defined in a
        notebook or a running script, which no other process can import.
    """
    reference = space.reference
    if reference is None:
        return _of_module(module_of(space.build), file_of(space.build))
    place, _, _ = reference.rpartition(":")
    if place.endswith(".py"):
        return _of_file(Path(place))
    if not place:  # the name of an installed space
        from automl.space.registry import installed_module

        place = installed_module(reference) or module_of(space.build)
    return _of_module(place, "")


def read_code(form: Mapping[str, Any], root: Root, folder: Path) -> OwnCode:
    """Reads back what `OwnCode.write` wrote, if it is what was recorded.

    Args:
        form: What `OwnCode.to_json` gave.
        root: The tree that the folder is in.
        folder: Where the files are.

    Raises:
        RunError: A file is not there, lies elsewhere, or was changed.
    """
    texts = {}
    if form["file"] and form["file"] not in form["files"]:
        raise RunError(f"The code in {folder} is not whole: {form['file']!r} has no hash.")
    for name in form["files"]:
        path = folder / name
        try:
            texts[name] = read_bounded(root, path, MOST_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"The code {path} cannot be read ({error}).") from error
    code = OwnCode(form["file"], form["module"], texts)
    changed = [name for name, found in code.hashes().items() if found != form["files"][name]]
    if changed:
        raise RunError(f"The code {folder / changed[0]} was changed since it was written.")
    return code


def export_notes(space: SearchSpace, objects: Sequence[str], unexportable: str) -> list[str]:
    """What a person should be told of how the models of a space will be exported.

    Args:
        space: The space.
        objects: Names of what its models need and Keras does not have.
        unexportable: Why they cannot be exported, or "".

    Returns:
        At most one sentence.
    """
    if unexportable:
        return [
            f"The models of space {space.name!r} cannot be exported: {unexportable}; the search "
            "ranks its trials all the same and then ends with exit code 1, without best/."
        ]
    if not objects:
        return []
    code = code_of(space)
    place = f" of {code.file or code.module}" if code is not None else ""
    return [
        f"The models of space {space.name!r} need {', '.join(objects)}{place}, which Keras does "
        "not have: that code goes with the exported model, and loading it runs the code and so "
        "needs --trust (in Python trust=True)."
    ]


def _of_file(path: Path) -> OwnCode | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    files = {path.name: text}
    _add_imported(text, path.parent, files)
    return _bounded(OwnCode(file=path.name, files=files))


def _of_module(module: str, file: str) -> OwnCode | None:
    top = module.partition(".")[0]
    if top in OURS or module in ("", "__main__") or top in sys.stdlib_module_names:
        return None
    if module.startswith("automl_space_"):  # a file that this process has run
        return _of_file(Path(file))
    root = _root_of(top)
    if root is None:
        return None
    if _is_installed(root):
        return OwnCode(module=module)
    files: dict[str, str] = {}
    for text in _add(top, root, files):
        _add_imported(text, root, files)
    return _bounded(OwnCode(module=module, files=files))


def _bounded(code: OwnCode) -> OwnCode | None:
    size = sum(len(text) for text in code.files.values())
    return code if size <= MOST_BYTES else None


def _add_imported(text: str, root: Path, files: dict[str, str]) -> None:
    """Adds the modules beside a file that it imports, and that they import."""
    waiting = [text]
    while waiting:
        for name in _imported(waiting.pop()):
            if name in OURS or name in sys.stdlib_module_names:
                continue
            if _root_of(name, root) == root:
                waiting += _add(name, root, files)


def _add(name: str, root: Path, files: dict[str, str]) -> list[str]:
    """Adds a module, or all of a package.

    Returns:
        The texts that were not there yet.
    """
    single, package = root / f"{name}.py", root / name
    paths = sorted(package.rglob("*.py")) if package.is_dir() else [single]
    new: list[str] = []
    for path in paths:
        key = path.relative_to(root).as_posix()
        if key in files or not path.is_file():
            continue
        try:
            files[key] = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            continue  # another encoding than Python's own: an import of it says so
        new.append(files[key])
    return new


def _imported(text: str) -> Iterator[str]:
    """Top-level names of the modules that a text imports, anywhere in it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def imported_distributions(code: OwnCode) -> list[str]:
    """Names of the installed distributions that the code imports."""
    from importlib.metadata import packages_distributions

    known = packages_distributions()
    names = {code.module.partition(".")[0]} if code.module else set()
    for text in code.files.values():
        names.update(_imported(text))
    return sorted({known[name][0] for name in names if known.get(name)})


def _root_of(name: str, first: Path | None = None) -> Path | None:
    """The folder in which Python finds a module of this name, which is not imported."""
    # As when a space's file is loaded, its folder comes last, so that it hides no library.
    path = [*sys.path, *([] if first is None else [str(first)])]
    spec = PathFinder.find_spec(name, path)
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))).parent
    return None if spec.origin is None else Path(spec.origin).parent


def _is_installed(root: Path) -> bool:
    """Whether a folder is one that packages are installed to."""
    places = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    if site.ENABLE_USER_SITE:
        places.add(site.getusersitepackages())
    # A folder that PYTHONPATH or a .pth file adds is none of these, and known by its name.
    return root.name in ("site-packages", "dist-packages") or root.resolve() in {
        Path(place).resolve() for place in places
    }
