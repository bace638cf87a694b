"""The bundle: a model of Keras's with its labels, configuration, card and requirements.

`automl.export.bundle` reads it.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from automl.common.forms import to_form
from automl.common.root import Root
from automl.common.sealed import sealed
from automl.data.task import Task, TaskKind
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
from automl.export.formats import Exported
from automl.space.own_code import OwnCode, imported_distributions


def write(exported: Exported, folder: Path) -> None:
    """Writes a bundle; see `automl.export.formats`."""
    model, code = folder / MODEL_FILE, exported.code
    exported.model.save(model)
    own = {}
    if code is not None:
        code.write(Root(folder), folder / CODE_FOLDER)
        own = {"code": {"objects": list(exported.objects), **code.to_json()}}
    form = {
        **inputs_form(exported.plan.inputs.input_names()),
        **({"format": 3} if exported.config.get("threshold") else {}),
        **exported.config,
        "check": dict(exported.check(model)),
        "files": {MODEL_FILE: file_hash(model)},
        **own,
        "task": to_form(exported.task),
        "plan": to_form(exported.plan),
    }
    _write_json(folder / LABELS_FILE, labels(exported.task))
    _write_json(folder / CONFIG_FILE, sealed(form))
    (folder / CARD_FILE).write_text(exported.card, encoding="utf-8")
    (folder / REQUIREMENTS_FILE).write_text(requirements(code), encoding="utf-8")


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
