"""Writing a bundle: whole and checked, or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from automl.common.forms import to_form
from automl.common.root import Root
from automl.common.sealed import sealed
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task, TaskKind
from automl.errors import RequestError
from automl.export.bundle import (
    CARD_FILE,
    CODE_FOLDER,
    CONFIG_FILE,
    LABELS_FILE,
    MODEL_FILE,
    REQUIREMENTS_FILE,
    file_hash,
    inputs_form,
)
from automl.space.own_code import OwnCode, imported_distributions


def write_bundle(
    model: Any,
    plan: PreprocessingPlan,
    task: Task,
    config: Mapping[str, Any],
    card: str,
    to: Path,
    check: Callable[[Path], Mapping[str, Any]],
    code: OwnCode | None = None,
    objects: Sequence[str] = (),
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
        code: Code of a person's own that loading the model runs; None for Keras alone.
        objects: Names of what the model needs of it.

    Raises:
        RequestError: The directory exists or cannot be written.
    """
    check_free(to)
    _remove_unfinished(to)
    temporary = to.with_name(f".{to.name}.{os.getpid()}.tmp")
    made = [folder for folder in temporary.parents if not folder.exists()]
    try:
        temporary.mkdir(parents=True)
        model.save(temporary / MODEL_FILE)
        own = {}
        if code is not None:
            code.write(Root(temporary), temporary / CODE_FOLDER)
            own = {"code": {"objects": list(objects), **code.to_json()}}
        form = {
            **inputs_form(plan.inputs.input_names()),
            **config,
            "check": dict(check(temporary / MODEL_FILE)),
            "files": {MODEL_FILE: file_hash(temporary / MODEL_FILE)},
            **own,
            "task": to_form(task),
            "plan": to_form(plan),
        }
        _write_json(temporary / LABELS_FILE, labels(task))
        _write_json(temporary / CONFIG_FILE, sealed(form))
        (temporary / CARD_FILE).write_text(card, encoding="utf-8")
        (temporary / REQUIREMENTS_FILE).write_text(requirements(code), encoding="utf-8")
        _put_in_place(temporary, to)
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


def _put_in_place(temporary: Path, to: Path) -> None:
    """Gives a finished bundle its name, unless another one has got it meanwhile."""
    try:
        if to.exists():
            to.rmdir()
        temporary.rename(to)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise
        raise RequestError(
            f"Another export has written {to} meanwhile; it is kept as it is, so choose another "
            "--to for this one."
        ) from error


def _remove_unfinished(to: Path) -> None:
    """Removes what exports to the same directory have left that were killed: raw rows are in it."""
    if not to.absolute().parent.is_dir() or not hasattr(os, "fork"):
        return
    root = Root(to.absolute().parent)
    for name in root.names():
        found = re.fullmatch(rf"\.{re.escape(to.name)}\.(\d+)\.tmp", name)
        if found is None:
            continue
        try:
            os.kill(int(found[1]), 0)
        except ProcessLookupError:
            root.remove_tree(name)
        except (PermissionError, OverflowError):  # somebody else's, or no process's number
            continue


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


def requirements(code: OwnCode | None = None) -> str:
    """The content of ``requirements.txt``: what the model needs, at the versions in use.

    Args:
        code: Code of a person's own that loading the model runs, and what that imports.
    """
    packages = ["keras", "tensorflow", "numpy"]
    packages += [] if code is None else imported_distributions(code)
    return "".join(f"{name}=={version(name)}\n" for name in dict.fromkeys(packages))


def _write_json(path: Path, form: Any) -> None:
    text = json.dumps(form, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
