"""The bundle: an exported model with its labels, configuration, card and requirements."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from automl.common.bounded import MOST_JSON, parsed_json, read_bounded
from automl.common.forms import check_form, read_form
from automl.common.option_values import named_place
from automl.common.root import Root
from automl.common.sealed import unsealed
from automl.common.texts import first_line
from automl.data.decision_threshold import DecisionThreshold
from automl.data.kept_temperature import Temperature
from automl.data.kinds.kind import columns_of
from automl.data.plan import PreprocessingPlan
from automl.data.task import Task
from automl.errors import RequestError, RunError
from automl.export.model_file import check_model_file
from automl.vocabulary.decisions import THRESHOLD

MODEL_FILE = "model.keras"
LABELS_FILE = "labels.json"
CONFIG_FILE = "config.json"
CARD_FILE = "card.md"
CODE_FOLDER = "code"
REQUIREMENTS_FILE = "requirements.txt"

# Raised when a bundle of an older program could be misread by a newer one, or the other way. The
# second has lists of columns that have an input in common, the third a threshold that is not one
# half; others are written in the first.
FORMATS = (1, 2, 3)


@dataclass(frozen=True)
class Bundle:
    """An exported model's description, read without TensorFlow.

    Attributes:
        path: The bundle's directory.
        task: What the model answers.
        plan: How raw rows become its inputs.
        inputs: Column name to the name of the model's input; empty for array data. Columns that
            have an input in common lie side by side in it, in this order.
        config: The whole content of ``config.json``.
        threshold: Of a binary classifier, the probability above which the second class is told.
    """

    path: Path
    task: Task
    plan: PreprocessingPlan
    inputs: Mapping[str, str]
    config: Mapping[str, Any]
    threshold: float = THRESHOLD

    @property
    def code(self) -> Mapping[str, Any] | None:
        """Code of a person's own that loading the model runs, or None where it runs none.

        ``objects``, the names of what Keras does not have; ``files``, path below `CODE_FOLDER` to
        SHA-256; ``file`` and ``module``, see `automl.export.own_code.load_with_code`.
        """
        code: Mapping[str, Any] | None = self.config.get("code")
        return code


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
    folder = named_place("bundle", path)
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
        if isinstance(config, dict) and config.get("format", 1) not in FORMATS:
            raise RunError(
                f"The bundle {path} has the format {config['format']!r}, but this version reads "
                f"{', '.join(map(str, FORMATS))}; export it again."
            )
        check_form(_ConfigForm, config)
        if config.get("code") is not None:
            check_form(_CodeForm, config["code"])
        config = unsealed(config)
        plan = read_form(PreprocessingPlan, config["plan"])
        inputs = _inputs_of(config["inputs"])
        plan.inputs.check_inputs(inputs)
        return Bundle(
            path=folder,
            task=read_form(Task, config["task"]),
            plan=plan,
            inputs=inputs,
            config=config,
            threshold=_threshold_of(config),
        )
    except (OSError, ValueError) as error:
        raise RunError(
            f"{folder / CONFIG_FILE} cannot be read ({error}); export the model again."
        ) from error


def _threshold_of(config: Mapping[str, Any]) -> float:
    """The threshold of a bundle.

    Raises:
        ValueError: It is none.
    """
    chosen = config.get("threshold")
    return THRESHOLD if chosen is None else read_form(DecisionThreshold, chosen).value


@dataclass(frozen=True)
class _ConfigForm:
    """What this package reads of ``config.json``."""

    OTHERS: ClassVar[bool] = True

    format: int
    task: Mapping[str, Any]
    plan: Mapping[str, Any]
    inputs: Mapping[str, str | Sequence[str]]
    trial: int | str | None = None
    model_hash: str | None = None
    weight: str | None = None
    named_metrics: Sequence[str] = ()
    own_metrics: Sequence[str] = ()
    files: Mapping[str, str] | None = None
    code: Mapping[str, Any] | None = None
    threshold: DecisionThreshold | None = None
    temperature: Temperature | None = None


@dataclass(frozen=True)
class _CodeForm:
    """What it says of code of a person's own."""

    objects: Sequence[str]
    file: str
    module: str
    files: Mapping[str, str]


def inputs_form(inputs: Mapping[str, str]) -> dict[str, Any]:
    """What ``config.json`` says of a model's inputs, and the format that says it so.

    Args:
        inputs: See `Bundle.inputs`.

    Returns:
        ``format`` and ``inputs``: column to input where each column has its own (format 1), else
        input to the list of its columns (format 2), for JSON's objects have no order.
    """
    columns = columns_of(inputs)
    if len(columns) == len(inputs):
        return {"format": 1, "inputs": dict(inputs)}
    return {"format": 2, "inputs": columns}


def _inputs_of(form: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Reads what `inputs_form` has written.

    Raises:
        ValueError: A column is there twice.
    """
    inputs: dict[str, str] = {}
    for key, value in form.items():
        pairs = [(key, value)] if isinstance(value, str) else [(column, key) for column in value]
        for column, name in pairs:
            if column in inputs:
                raise ValueError(f"inputs have the column {column!r} twice")
            inputs[column] = name
    return inputs


def load_model(path: str | Path, trust: bool = False) -> Any:
    """Loads a bundle's model; nothing in the bundle runs code without consent.

    Args:
        path: The bundle's directory.
        trust: Consent to run the code in the bundle, where its model needs it.

    Returns:
        The ``keras.Model``: raw rows in, probabilities or targets in their own units out.

    Raises:
        RequestError: There is no bundle, or its model needs code and that was not allowed.
        RunError: The model cannot be loaded.
    """
    return load_bundled(open_bundle(path), trust)


def check_trust(bundle: Bundle, trust: bool) -> None:
    """Checks that the model of a bundle may be loaded.

    Raises:
        RequestError: It needs code of a person's own, and there is no consent to run that.
    """
    if bundle.code is not None and not trust:
        raise RequestError(
            f"The model {bundle.path} needs {needed(bundle.code, bundle.path)}, and loading it "
            "runs that code; read it, then allow it with --trust (in Python trust=True)."
        )


def needed(code: Mapping[str, Any], bundle: Path) -> str:
    """What of a person's own a model needs, in words.

    Args:
        code: See `Bundle.code`.
        bundle: The bundle's directory.
    """
    place = "which is code in the model itself"
    if code["file"]:
        place = f"which {bundle / CODE_FOLDER / code['file']} defines"
    elif code["module"]:
        place = f"which the module {code['module']} defines"
    return f"{', '.join(code['objects'])}, {place}"


def load_bundled(bundle: Bundle, trust: bool = False) -> Any:
    """Loads the model of an open bundle, if it is the one that was exported.

    Args:
        bundle: The bundle.
        trust: Consent to run the code in the bundle, where its model needs it.

    Raises:
        RequestError: The model needs code and that was not allowed.
        RunError: The model file was changed, or cannot be loaded.
    """
    check_trust(bundle, trust)
    file, _ = exported_model(bundle)
    return load_keras(file, code_loader(bundle))


def exported_model(bundle: Bundle) -> tuple[Path, str]:
    """The file of a bundle's model, if it is the one that was exported, and its SHA-256.

    Raises:
        RunError: The file was changed.
    """
    file = Root(bundle.path).checked(MODEL_FILE)
    found, expected = file_hash(file), (bundle.config.get("files") or {}).get(MODEL_FILE)
    if expected is not None and found != expected:
        raise RunError(
            f"The model {file} is not the one that was exported: it was changed since; export it "
            "again."
        )
    return file, found


def code_loader(bundle: Bundle) -> dict[str, Any] | None:
    """What `automl.export.own_code.load_with_code` takes of a bundle; None where Keras will do.

    Raises:
        RunError: A file of the code was changed.
    """
    if bundle.code is None:
        return None
    from automl.export.loadable import loader_of
    from automl.space.own_code import read_code

    folder = bundle.path / CODE_FOLDER
    return loader_of(read_code(bundle.code, Root(bundle.path), folder), folder)


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_keras(path: Path, code: Mapping[str, Any] | None = None) -> Any:
    """Loads a ``.keras`` file, uncompiled.

    Args:
        path: The file.
        code: Code to run, for which there is consent; see `automl.export.own_code.load_with_code`.
            None for Keras alone, with ``safe_mode`` on.

    Raises:
        RunError: It cannot be loaded so.
    """
    import keras

    check_model_file(path)
    if code is not None:
        from automl.export.loadable import error_text
        from automl.export.own_code import load_with_code

        try:
            return load_with_code(path, code)
        except Exception as error:
            raise RunError(
                f"The model {path} cannot be loaded with the code that came with it "
                f"({error_text(error)})."
            ) from error
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # zipfile, zlib, h5py, Keras and TensorFlow raise unrelated kinds
        raise RunError(
            f"The model {path} cannot be loaded by Keras alone ({first_line(error)}); models made "
            "of Keras's own layers, without Lambda and classes of one's own, can."
        ) from error
