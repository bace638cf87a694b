"""Loading a model that names layers or functions of a person's own, by running their code.

Nothing here is called without the consent of who loads. What a saved model names is looked up
among what the code defines; what is in the model itself as code (a ``Lambda``) is run too.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from automl.common.archives import UNREADABLE_ARCHIVE

KERAS = ("keras", "keras_hub", "keras_cv", "keras_nlp")
"""Packages that Keras itself imports where a model names them."""
LAMBDA = "__lambda__"
_UNREADABLE: tuple[type[Exception], ...] = (*UNREADABLE_ARCHIVE, RecursionError)
MOST_BYTES = 256 << 20
"""Most of a model's configuration that is read; a net of a thousand layers has a megabyte."""


class NotFoundInCode(LookupError):
    """The code does not define what the model names."""


@dataclass(frozen=True)
class OwnObject:
    """A class or function that a saved model names and Keras does not have.

    Attributes:
        name: Its name.
        module: The module that it was defined in.
        registered: The name that it is registered under with Keras, which is its own by default.
    """

    name: str
    module: str
    registered: str

    def __str__(self) -> str:
        return "a Lambda" if self.name == LAMBDA else self.name


def own_objects(model: str | Path) -> list[OwnObject]:
    """What a saved model needs besides Keras, without loading it.

    Args:
        model: The ``.keras`` file.

    Returns:
        Each once; empty for a model that is none, which loading will say.
    """
    try:
        with zipfile.ZipFile(model) as archive, archive.open("config.json") as file:
            config = json.loads(file.read(MOST_BYTES))
    except _UNREADABLE:
        return []
    return list(dict.fromkeys(_named(config)))


def _named(config: Any) -> Iterator[OwnObject]:
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += reversed(part)
        elif isinstance(part, dict):
            waiting += reversed(part.values())
            name, module = part.get("class_name"), part.get("module")
            if name == LAMBDA:
                yield OwnObject(LAMBDA, "", "")
            if not isinstance(name, str) or "config" not in part or not isinstance(module, str):
                continue
            registered = part.get("registered_name") or name
            is_function = name == "function" and isinstance(part["config"], str)
            if is_function:  # of a function, an activation's say, Keras keeps only the name
                registered = part["config"]
                name = registered.rpartition(">")[2]
            elif module == "builtins":
                continue
            if module.partition(".")[0] not in KERAS:
                yield OwnObject(name, module, str(registered))


def load_with_code(model: str | Path, code: Mapping[str, Any]) -> Any:
    """Loads a model and runs the code that it needs.

    Args:
        model: The ``.keras`` file.
        code: ``folder``, where the files are, or "" for an installed module; ``file``, the one to
            run, or ""; ``module``, the one to import, or "".

    Returns:
        The ``keras.Model``, uncompiled. What the code raises passes through.

    Raises:
        NotFoundInCode: The code does not define what the model names.
    """
    import keras

    with _running(code) as modules:
        objects = _found(own_objects(model), modules)
        return keras.saving.load_model(
            model, custom_objects=objects, compile=False, safe_mode=False
        )


def _found(wanted: Sequence[OwnObject], modules: Sequence[ModuleType]) -> dict[str, Any]:
    """The objects, by the names under which Keras asks for them."""
    import keras

    found: dict[str, Any] = {}
    for one in wanted:
        if one.name == LAMBDA or keras.saving.get_registered_object(one.registered) is not None:
            continue
        places = [sys.modules[one.module]] if one.module in sys.modules else []
        values = [vars(place).get(one.name) for place in (*places, *modules)]
        value = next((value for value in values if callable(value)), None)
        if value is None:
            raise NotFoundInCode(
                f"{one.name} is not at the top level of the file, as where it is defined inside a "
                "function or renamed; define it there under its own name"
            )
        found[one.registered] = found[one.name] = value
    return found


class _Beside:
    """A finder of the modules that came with the code, whatever else has their names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = {
            path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()
        }

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is not None or name not in self.names:
            return None
        return PathFinder.find_spec(name, [str(self.folder)])


@contextmanager
def _running(code: Mapping[str, Any]) -> Iterator[list[ModuleType]]:
    """A context in which the code is imported; gives its modules, the space's own first."""
    if not code["file"] and not code["module"]:
        yield []
        return
    if not code["folder"]:
        yield [importlib.import_module(code["module"])]
        return
    beside = _Beside(Path(code["folder"]))
    # Two bundles may each have a `layers.py`: what is loaded now must not get the other's.
    aside = {name: sys.modules.pop(name) for name in _of(beside.names)}
    finder: Any = beside
    sys.meta_path.insert(0, finder)
    try:
        first = (
            _run_file(beside.folder / code["file"])
            if code["file"]
            else importlib.import_module(code["module"])
        )
        yield [first, *(sys.modules[name] for name in _of(beside.names))]
    finally:
        sys.meta_path.remove(finder)
        sys.modules.update(aside)


def _of(names: set[str]) -> list[str]:
    return [name for name in list(sys.modules) if name.partition(".")[0] in names]


def _run_file(path: Path) -> ModuleType:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    name = f"automl_code_{digest}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def nothing_registered() -> Iterator[None]:
    """A context in which nothing is registered with Keras, as in a process that has just begun."""
    import keras

    registered = keras.saving.get_custom_objects()
    before = dict(registered)
    registered.clear()
    try:
        yield
    finally:
        registered.clear()
        registered.update(before)
