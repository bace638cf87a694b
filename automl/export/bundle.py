"""The bundle: an exported model with its labels, configuration, card and requirements."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from automl.common.bounded import MOST_JSON, parsed_json, read_bounded
from automl.common.root import Root
from automl.data.forms import check_form, sealed, unsealed
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task, TaskKind
from automl.errors import RequestError, RunError
from automl.export.model_file import check_model_file

MODEL_FILE = "model.keras"
LABELS_FILE = "labels.json"
CONFIG_FILE = "config.json"
CARD_FILE = "card.md"
REQUIREMENTS_FILE = "requirements.txt"

# Raised when a bundle of an older program could be misread by a newer one, or the other way.
FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """An exported model's description, read without TensorFlow.

    Attributes:
        path: The bundle's directory.
        task: What the model answers.
        plan: How raw rows become its inputs.
        inputs: Column name to the name of the model's input; empty for array data.
        config: The whole content of ``config.json``.
    """

    path: Path
    task: Task
    plan: PreprocessingPlan
    inputs: Mapping[str, str]
    config: Mapping[str, Any]


def open_bundle(path: str | Path) -> Bundle:
    """Reads a bundle's description.

    Args:
        path: The bundle's directory.

    Returns:
        The bundle.

    Raises:
        RequestError: There is no bundle.
        RunError: Its description cannot be read.
    """
    folder = Path(path)
    root = Root(folder)
    if not root.is_file(CONFIG_FILE) or not root.is_file(MODEL_FILE):
        what = "is no exported model" if folder.is_dir() else "is not there"
        raise RequestError(
            f"{path} {what}: expected a directory with {MODEL_FILE} and {CONFIG_FILE}, as "
            "`automl export RUN --to DIRECTORY` makes it."
        )
    try:
        content = read_bounded(root, CONFIG_FILE, MOST_JSON)
        config = parsed_json(content, folder / CONFIG_FILE)
        if isinstance(config, dict) and config.get("format", FORMAT) != FORMAT:
            raise RunError(
                f"The bundle {path} has the format {config['format']!r}, but this version reads "
                f"{FORMAT}; export it again."
            )
        check_form(_ConfigForm, _known(config))
        config = unsealed(config)
        plan = PreprocessingPlan.from_json(config["plan"])
        if plan.array is None and set(config["inputs"]) != set(plan.columns):
            raise ValueError("inputs are not those of the columns")
        return Bundle(
            path=folder,
            task=Task.from_json(config["task"]),
            plan=plan,
            inputs=dict(config["inputs"]),
            config=config,
        )
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE} cannot be read ({error}); export the model again."
        ) from error


@dataclass(frozen=True)
class _ConfigForm:
    """What this package reads of ``config.json``."""

    format: int
    task: Mapping[str, Any]
    plan: Mapping[str, Any]
    inputs: Mapping[str, str]
    trial: int | str | None = None
    model_hash: str | None = None
    weight: str | None = None
    named_metrics: Sequence[str] = ()
    files: Mapping[str, str] | None = None


def _known(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    return {key: config[key] for key in _ConfigForm.__dataclass_fields__ if key in config}


def load_model(path: str | Path) -> Any:
    """Loads a bundle's model; nothing in the bundle can run code.

    Args:
        path: The bundle's directory.

    Returns:
        The ``keras.Model``: raw rows in, probabilities or targets in their own units out.

    Raises:
        RequestError: There is no bundle.
        RunError: The model cannot be loaded.
    """
    return load_bundled(open_bundle(path))


def load_bundled(bundle: Bundle) -> Any:
    """Loads the model of an open bundle, if it is the one that was exported.

    Raises:
        RunError: The model file was changed, or cannot be loaded.
    """
    file = Root(bundle.path).checked(MODEL_FILE)
    expected = (bundle.config.get("files") or {}).get(MODEL_FILE)
    if expected is not None and _sha256(file) != expected:
        raise RunError(
            f"The model {file} is not the one that was exported: it was changed since; export it "
            "again."
        )
    return load_keras(file)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_keras(path: Path) -> Any:
    """Loads a ``.keras`` file, uncompiled and with ``safe_mode`` on.

    Raises:
        RunError: It cannot be loaded by Keras alone.
    """
    import keras

    check_model_file(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zipfile, zlib, h5py, Keras and TensorFlow raise unrelated kinds
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise RunError(
            f"The model {path} cannot be loaded by Keras alone ({reason}); models made of Keras's "
            "own layers, without Lambda and classes of one's own, can."
        ) from error


def write_bundle(
    model: Any,
    plan: PreprocessingPlan,
    task: Task,
    config: Mapping[str, Any],
    card: str,
    to: Path,
    check: Callable[[Path], Mapping[str, Any]],
) -> None:
    """Writes a bundle, whole and checked or not at all.

    Args:
        model: The ``keras.Model`` that takes raw rows.
        plan: The preprocessing plan.
        task: The task.
        config: What else goes into ``config.json``, as a JSON form.
        card: The text of ``card.md``.
        to: The bundle's directory; it must not exist, or be an empty folder.
        check: Given the saved model's path, verifies it and returns what it found, which goes
            into ``config.json`` as ``check``; raises to refuse it.

    Raises:
        RequestError: The directory exists or cannot be written.
    """
    from automl.models.preprocessing import input_names

    check_free(to)
    temporary = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    made = [folder for folder in temporary.parents if not folder.exists()]
    try:
        temporary.mkdir(parents=True)
        model.save(temporary / MODEL_FILE)
        form = {
            "format": FORMAT,
            **config,
            "inputs": {} if plan.array is not None else input_names(plan.columns),
            "check": dict(check(temporary / MODEL_FILE)),
            "files": {MODEL_FILE: _sha256(temporary / MODEL_FILE)},
            "task": task.to_json(),
            "plan": plan.to_json(),
        }
        _write_json(temporary / LABELS_FILE, labels(task))
        _write_json(temporary / CONFIG_FILE, sealed(form))
        (temporary / CARD_FILE).write_text(card, encoding="utf-8")
        (temporary / REQUIREMENTS_FILE).write_text(requirements(), encoding="utf-8")
        if to.exists():
            to.rmdir()
        temporary.rename(to)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        for folder in made:
            if folder.exists() and not any(folder.iterdir()):
                folder.rmdir()
        if isinstance(error, OSError):
            raise RequestError(
                f"The bundle {to} cannot be written ({error.strerror or error}); choose a place "
                "that is writable and has room."
            ) from error
        raise


def check_free(to: Path) -> None:
    """Checks that a bundle can have a directory.

    Raises:
        RequestError: Something is there that is not an empty folder.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise RequestError(f"{to} exists; remove it first or choose another --to.")


def labels(task: Task) -> dict[str, Any]:
    """The content of ``labels.json``: what each column of the model's answer means."""
    if task.kind is TaskKind.REGRESSION:
        columns = [f"{name}, in its own units" for name in task.targets]
    elif task.kind is TaskKind.MULTILABEL:
        columns = [f"probability of {name}" for name in task.targets]
    elif task.kind is TaskKind.BINARY:
        columns = [f"probability of {task.classes[1]}, the second class"]
    else:
        columns = [f"probability of {label}" for label in task.classes]
    return {
        "task": task.kind.value,
        "targets": list(task.targets),
        "classes": list(task.classes),
        "outputs": columns,
    }


def requirements() -> str:
    """The content of ``requirements.txt``: what the model needs, at the versions in use."""
    packages = ("keras", "tensorflow", "numpy")
    return "".join(f"{name}=={version(name)}\n" for name in packages)


def _write_json(path: Path, form: Any) -> None:
    text = json.dumps(form, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
