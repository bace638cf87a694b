"""Finding search spaces: installed ones by name, ones in a file, attributes of a module."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from automl.common.names import did_you_mean, known_are
from automl.common.shell import quoted
from automl.errors import SpaceError
from automl.space.keras_tuner import candidates, hyper_space, is_hyper, line_of, what_it_is
from automl.space.search_space import SearchSpace

GROUP = "automl.search_spaces"
NEEDS_KERAS = "its hyperparameters are known where Keras is: see `automl spaces show`"
#: A space file only defines things; one that takes longer is doing something else.
SLOW_SECONDS = 10.0
_KERAS = ("keras", "keras_tuner", "tensorflow")

Elsewhere = Callable[[str], SearchSpace]


@dataclass(frozen=True)
class SpaceEntry:
    """An installed search space in the list of them.

    Attributes:
        name: What to give to `find_space`.
        description: The space in one line, or why it cannot be loaded.
        source: Where it is written: ``module:attribute``.
    """

    name: str
    description: str
    source: str


def list_spaces() -> list[SpaceEntry]:
    """The installed search spaces, by name.

    One that cannot be loaded is listed with the reason in place of its description, so that a
    broken plug-in does not hide the others.
    """
    entries = []
    for name, entry in sorted(_installed().items()):
        try:
            description = find_space(name, _only_listed).description
        except SpaceError as error:
            description = f"cannot be loaded: {error}"
        entries.append(SpaceEntry(name, description, entry.value))
    return entries


def _only_listed(reference: str) -> SearchSpace:
    return SearchSpace(reference, [], None, description=NEEDS_KERAS)


def find_space(reference: str, elsewhere: Elsewhere | None = None) -> SearchSpace:
    """Finds a search space.

    Args:
        reference: An installed name (``mlp``), a file (``my_space.py``, ``my_space.py:space``),
            or ``module:attribute``.
        elsewhere: For a process that is to stay without Keras: gives the space of a reference
            that leads to what imports Keras, by asking a process that has it. None where this
            process may import Keras.

    Returns:
        The space, with its `SearchSpace.reference` set; a file's path is made absolute in it. One
        in KerasTuner's form is not traced yet, unless it came from ``elsewhere``.

    Raises:
        SpaceError: There is no such space, or what the reference leads to cannot be loaded.
    """
    if elsewhere is None:
        return _find(reference)
    try:
        with _without_keras():
            return _find(reference)
    except _KerasNeeded:
        return elsewhere(_whole(reference))


def _find(reference: str) -> SearchSpace:
    path, attribute = _as_file(reference)
    if path is not None:
        return _from_file(path, attribute)
    installed = _installed()
    if reference in installed:
        entry = installed[reference]
        return _from_module(entry.module, entry.attr).with_reference(reference)
    if ":" in reference:
        module, _, attribute = reference.partition(":")
        if not {"", str(Path.cwd())} & set(sys.path):
            # A console command, unlike `python -m`, does not look into the working directory.
            sys.path.append(str(Path.cwd()))
        return _from_module(_moved(module), attribute).with_reference(reference)
    hint = did_you_mean(reference, installed, known_are(installed, "installed are"))
    raise SpaceError(
        f"There is no search space '{reference}'{hint} A file (my_space.py) or module:attribute "
        "works as well."
    )


def is_installed(reference: str) -> bool:
    """Whether a reference is the name of an installed search space.

    Args:
        reference: See `find_space`; a file is none, whatever is installed under its name.
    """
    return _as_file(reference)[0] is None and reference in _installed()


def is_built_in(reference: str) -> bool:
    """Whether a reference is the name of a space that comes with this package."""
    return is_installed(reference) and _installed()[reference].module.startswith("automl.")


def is_found_anywhere(reference: str) -> bool:
    """Whether a reference leads to the same code from every working directory.

    A file's path does; a module only where it is not the working directory that gives it.

    Args:
        reference: ``file.py:space`` or ``module:attribute``.
    """
    path, _ = _as_file(reference)
    if path is not None:
        return path.is_absolute()
    here = ("", str(Path.cwd()))
    found = _top_of_module(reference, sys.path)
    return found is not None and found == _top_of_module(
        reference, [place for place in sys.path if place not in here]
    )


def place_of(reference: str) -> Path | None:
    """The file or folder whose code a reference leads to; None where there is none. Runs nothing.

    Args:
        reference: See `find_space`.
    """
    path, _ = _as_file(reference)
    if path is not None:
        return path.expanduser()
    return _top_of_module(reference, [*sys.path, str(Path.cwd())])


def _top_of_module(reference: str, places: list[str]) -> Path | None:
    """Where the first package of a module's name is found, without importing it."""
    top = reference.partition(":")[0].partition(".")[0]
    spec = PathFinder.find_spec(top, places) if top.isidentifier() else None
    if spec is None:
        return None
    if spec.origin is not None:
        return Path(spec.origin)
    return next((Path(place) for place in spec.submodule_search_locations or ()), None)


class _KerasNeeded(BaseException):
    """Keras was to be imported; no error of the file that wanted it, which must not catch it."""


class _Refusal(MetaPathFinder):
    """Refuses to find Keras."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> None:
        if name in _KERAS:
            raise _KerasNeeded(name)


@contextmanager
def _without_keras() -> Iterator[None]:
    """A context in which importing Keras, TensorFlow or KerasTuner raises `_KerasNeeded`.

    They take seconds and hundreds of megabytes. Where they are imported already, nothing is
    looked for and nothing raises.
    """
    refusal = _Refusal()
    sys.meta_path.insert(0, refusal)
    try:
        yield
    finally:
        sys.meta_path.remove(refusal)


def _whole(reference: str) -> str:
    """The reference with a file's path made absolute: other processes may work elsewhere."""
    path, attribute = _as_file(reference)
    if path is None:
        return reference
    return f"{path.expanduser().resolve()}{':' if attribute else ''}{attribute}"


def _installed() -> dict[str, EntryPoint]:
    """The entry points of installed search spaces, by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def installed_module(name: str) -> str | None:
    """The module of an installed search space, or None where there is none of that name."""
    entry = _installed().get(name)
    return None if entry is None else entry.module


def _as_file(reference: str) -> tuple[Path | None, str]:
    """Path and attribute, if the reference is one of a file; (None, "") otherwise."""
    if reference.endswith(".py"):
        return Path(reference), ""
    # From the right: a Windows path has a colon of its own.
    path, _, attribute = reference.rpartition(":")
    if path.endswith(".py"):
        return Path(path), attribute
    return None, ""


def _from_file(path: Path, attribute: str) -> SearchSpace:
    path = path.expanduser().resolve()
    if not path.is_file():
        raise SpaceError(
            f"There is no file {path}; give the path of a search space file, or write one with "
            f"`automl spaces new {quoted(path.stem)}`."
        )
    module = _execute(path)
    name, space = _pick(str(path), module, attribute)
    return space.with_reference(f"{path}:{name}")


def _execute(path: Path) -> ModuleType:
    """Runs a space file as a module.

    Raises:
        SpaceError: It has a syntax error, or raises.
    """
    # The name tells files of one name apart; the module stays in sys.modules, where dataclasses
    # and Keras look classes up that the file defines.
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    name = f"automl_space_{digest}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SpaceError(f"{path} cannot be read as a Python file.")
    module = importlib.util.module_from_spec(spec)
    if str(path.parent) not in sys.path:
        # A space may import a helper beside it; at the end, so that it cannot hide a library.
        sys.path.append(str(path.parent))
    sys.modules[name] = module
    try:
        with _told_when_slow(path):
            spec.loader.exec_module(module)
    except BaseException as error:  # the file is anybody's, and may raise anything
        sys.modules.pop(name, None)
        if isinstance(error, _KerasNeeded | KeyboardInterrupt):
            raise
        raise _unloadable(str(path), error) from error
    return module


@contextmanager
def _told_when_slow(path: Path) -> Iterator[None]:
    """Says what is going on where a file's own code does not come to its end."""

    def tell() -> None:
        print(
            f"automl: {path} has been running for {SLOW_SECONDS:g} s while it is loaded; its own "
            "code decides when that ends, and Ctrl-C stops it.",
            file=sys.stderr,
            flush=True,
        )

    timer = threading.Timer(SLOW_SECONDS, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _from_module(name: str, attribute: str) -> SearchSpace:
    if not all(part.isidentifier() for part in name.split(".")):
        raise SpaceError(
            f"'{name}:{attribute}' is neither a file nor module:attribute; a file ends in .py."
        )
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise _unloadable(f"module {name}", error) from error
    return _pick(f"module {name}", module, attribute)[1]


def _moved(name: str) -> str:
    """Where the module of a built-in space is now, for a run made when it was at the top level.

    A package `search_spaces` that is there is somebody's own.
    """
    if name.startswith("search_spaces.") and importlib.util.find_spec("search_spaces") is None:
        return f"automl.{name}"
    return name


def _unloadable(place: str, error: BaseException) -> SpaceError:
    """The error for a file or module that raised ``error`` while it was loaded."""
    if isinstance(error, SyntaxError):
        line = f": {error.text.strip()}" if error.text else ""
        where = f" ({error.filename})" if error.filename and error.filename != place else ""
        return SpaceError(
            f"{place}{where} has a syntax error on line {error.lineno} ({error.msg}){line}"
        )
    line = line_of(place, error)
    where = f", {line}" if line else ": "
    if isinstance(error, SpaceError):
        return SpaceError(f"{place}{where}{error}")
    kind = type(error).__name__
    return SpaceError(f"{place} cannot be loaded{where}{kind}: {error}; correct it and try again.")


def _pick(place: str, module: ModuleType, attribute: str) -> tuple[str, SearchSpace]:
    """The space under the attribute; without one, the one named ``space``, or the only one.

    A builder in KerasTuner's form stands for the space of its hyperparameters.

    Raises:
        SpaceError: There is none, or more than one.
    """
    contents = vars(module)
    spaces = {name: value for name, value in contents.items() if isinstance(value, SearchSpace)}
    if attribute:
        if attribute in spaces:
            return attribute, spaces[attribute]
        value = contents.get(attribute) or getattr(module, attribute, None)
        if is_hyper(value):
            return attribute, hyper_space(value, found_as=attribute)
        if value is not None:
            raise SpaceError(f"{what_it_is(value, f'{attribute} in {place}')}.")
        raise SpaceError(f"{place} has no '{attribute}'; {_has(spaces)}")
    if "space" in spaces:
        return "space", spaces["space"]
    if not spaces:
        hyper = candidates(module.__name__, contents)
        if not hyper:
            raise SpaceError(
                f"{place} defines no search space; end it with "
                'space = SearchSpace("name", [...], build).'
            )
        spaces = {name: hyper_space(value, found_as=name) for name, value in hyper.items()}
    if len({id(space) for space in spaces.values()}) > 1:
        raise SpaceError(
            f"{place} defines several search spaces; say which: "
            f"{' or '.join(f'{place}:{name}' for name in spaces)}."
        )
    return next(iter(spaces.items()))


def _has(spaces: Mapping[str, SearchSpace]) -> str:
    return (
        f"its search spaces are {', '.join(spaces)}." if spaces else "it defines no search space."
    )
