"""Whether a built model can be exported, found out before anything is trained.

The model is saved and loaded again as the export will do it: by Keras alone, or where it needs
code of a person's own, by running that.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from automl.common.root import Root
from automl.export.own_code import (
    LAMBDA,
    NotFoundInCode,
    OwnObject,
    load_with_code,
    nothing_registered,
    own_objects,
)
from automl.space.own_code import OwnCode

ROWS = 8
TOLERANCE = 1e-3
"""Relative; one forward pass sums in another order than the next, settings that were lost are
far beyond."""


_INNERMOST = ("Exception encountered:", "Error encountered during deserialization:")
_WRAPPING = ("Exception encountered", "Arguments received")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BARE_LAMBDA = "function identifier: {'value':"


@dataclass(frozen=True)
class Loadable:
    """How a model can be loaded once it is exported.

    Attributes:
        objects: Names of the classes and functions that Keras does not have; loading the model
            runs code. Empty for a model that Keras alone can load.
        problem: Why it cannot be exported, as the end of a sentence, or "".
    """

    objects: tuple[str, ...] = ()
    problem: str = ""


def try_loading(model: Any, code: OwnCode | None) -> Loadable:
    """Saves a model, loads it as the export will and compares the two.

    Args:
        model: A built model, uncompiled, in the contract's form.
        code: The code of its space, or None where there is none that could be run elsewhere.

    Returns:
        What was found.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.keras"
        try:
            model.save(file)
        except Exception as error:  # noqa: BLE001 - a layer's own code, which may raise anything
            return Loadable(problem=f"it cannot be saved ({error_text(error)})")
        wanted = own_objects(file)
        names = tuple(sorted({str(one) for one in wanted}))
        if code is None and any(one.name != LAMBDA for one in wanted):
            return Loadable(names, _nowhere(names))
        try:
            loaded = _loaded(file, Path(folder) / "code", code, bool(wanted))
        except Exception as error:  # noqa: BLE001 - likewise
            return Loadable(names, f"it is saved but cannot be loaded ({_why(error, names)})")
        return Loadable(names, _difference(model, loaded))


def _loaded(file: Path, folder: Path, code: OwnCode | None, runs_code: bool) -> Any:
    with nothing_registered():
        if not runs_code:
            return keras.saving.load_model(file, compile=False, safe_mode=True)
        code = code or OwnCode()
        code.write(Root(folder.parent), folder)
        return load_with_code(file, loader_of(code, folder))


def loader_of(code: OwnCode, folder: Path) -> dict[str, Any]:
    """What `automl.export.own_code.load_with_code` takes.

    Args:
        code: The code.
        folder: Where its files are.
    """
    return {
        "folder": str(folder) if code.files else "",
        "file": code.file,
        "module": code.module,
    }


def _nowhere(names: tuple[str, ...]) -> str:
    return (
        f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} defined in a notebook, a "
        "running script or a function, which no other process can import; define "
        f"{'them' if len(names) > 1 else 'it'} in a file and give that as the space"
    )


def _difference(model: Any, loaded: Any) -> str:
    """What tells that the loaded model is another, or ""."""
    rng = np.random.default_rng(0)
    inputs = {
        name: (
            # Codes and tokens are whole numbers; any model takes 0 and 1.
            rng.integers(0, 2, (ROWS, *tensor.shape[1:])).astype(tensor.dtype)
        )
        for name, tensor in model.input.items()
    }
    try:
        before, after = (np.asarray(one(inputs, training=False)) for one in (model, loaded))
    except Exception:  # noqa: BLE001 - what does not take these rows, the export compares on its own
        return ""
    if before.shape == after.shape and np.allclose(
        before, after, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True
    ):
        return ""
    return (
        "it answers otherwise once it is saved and loaded, as where a layer's get_config leaves "
        "out an argument of its __init__, or its weights are not the layer's own"
    )


def _why(error: BaseException, names: tuple[str, ...]) -> str:
    """What keeps a model from being loaded, and the way out where it is known."""
    if _BARE_LAMBDA in str(error):
        return "a lambda as an activation or the like cannot; write it as a function with def"
    if str(OwnObject(LAMBDA, "", "")) in names:
        return (
            f"{error_text(error)}; the function of a Lambda layer may use nothing of its file, so "
            "write it as a layer with a call"
        )
    if "unexpected keyword argument 'trainable'" in str(error):
        return f"{error_text(error)}; let it take **kwargs and hand them on to super().__init__"
    return error_text(error)


def error_text(error: BaseException) -> str:
    """An exception's kind and the line of its message that says most.

    Args:
        error: Of Keras, whose messages may quote a whole model around the one that led to it.
    """
    if isinstance(error, NotFoundInCode):
        return str(error)
    kind, message = f"{type(error).__name__}: ", str(error)
    for marker in _INNERMOST:
        _, quoted, inner = message.rpartition(marker)
        if quoted:
            kind, message = "", inner
    lines = [" ".join(line.split()) for line in _COLOUR.sub("", message).splitlines()]
    telling = [line for line in lines if line and not line.startswith(_WRAPPING)]
    first = next(iter([*telling, *filter(None, lines)]), "")[:300].rstrip(" .:;")
    return f"{kind}{first}" if first else type(error).__name__
