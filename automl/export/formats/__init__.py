"""Export formats: each file in this folder is one, named for it, with a function ``write``.

It takes what is exported and the folder to write into, which is there under its own name only when
all of it is, and calls ``exported.check`` or ``exported.compare`` on what it has written: nothing
leaves here that does not predict what was scored.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automl.common.names import did_you_mean
from automl.errors import RequestError

if TYPE_CHECKING:
    import numpy.typing as npt

    from automl.data.plan import PreprocessingPlan
    from automl.data.task import Task
    from automl.space.own_code import OwnCode

DEFAULT = "bundle"


@dataclass(frozen=True)
class Exported:
    """What is exported.

    Attributes:
        model: The ``keras.Model`` that takes raw rows.
        plan: The preprocessing plan.
        task: The task.
        config: What the run says of the model, as a JSON form.
        card: The text of its card.
        check: Given a ``.keras`` file as it was saved, verifies it in a process that has nothing
            but Keras, and returns what it found; raises to refuse it.
        inputs: The model's inputs of the check rows, by their names; "" is the name of an array's.
        compare: Given predictions for them, (n, outputs), does the same for any other file.
        code: Code of a person's own that loading the model runs; None for Keras alone.
        objects: Names of what the model needs of it.
    """

    model: Any
    plan: PreprocessingPlan
    task: Task
    config: Mapping[str, Any]
    card: str
    check: Callable[[Path], Mapping[str, Any]]
    inputs: Mapping[str, npt.NDArray[Any]]
    compare: Callable[[npt.NDArray[Any]], Mapping[str, Any]]
    code: OwnCode | None = None
    objects: tuple[str, ...] = ()


def format_names() -> tuple[str, ...]:
    """The formats that there are, the usual one first."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return (DEFAULT, *(name for name in found if name != DEFAULT))


def check_format(name: str) -> None:
    """Checks that there is a format, without importing it.

    Raises:
        RequestError: There is none of that name.
    """
    if name not in format_names():
        hint = did_you_mean(name, format_names())
        raise RequestError(f"There is no export format {name!r}{hint}")


def find_format(name: str) -> Callable[[Exported, Path], None]:
    """The writer of a format.

    Raises:
        RequestError: There is none of that name.
    """
    check_format(name)
    write: Callable[[Exported, Path], None] = importlib.import_module(f"{__name__}.{name}").write
    return write
