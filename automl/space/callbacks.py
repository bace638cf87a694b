"""Keras's callbacks that a person hands over: sent to the workers, new for each training."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from automl.common.carrying import carried, unpacked
from automl.errors import RequestError

#: Callbacks of Keras's that write files, and the attribute that says where to.
_WRITERS = {"TensorBoard": "log_dir", "CSVLogger": "filename", "ModelCheckpoint": "filepath"}
#: Those that set the learning rate, as the schedules of spaces do before every step.
_SCHEDULES = ("LearningRateScheduler", "ReduceLROnPlateau")


def carried_callbacks(given: Any) -> tuple[tuple[str, ...], str]:
    """Callbacks on their way to the workers.

    Args:
        given: A callback or a list of them, or None.

    Returns:
        Their classes' names, which are recorded, and the callbacks themselves, serialized.

    Raises:
        RequestError: One is no callback, or cannot be sent to another process.
    """
    several = list(given) if isinstance(given, Sequence) else [] if given is None else [given]
    if not several:
        return (), ""
    for one in several:
        if isinstance(one, type) or not hasattr(one, "on_epoch_end"):
            raise RequestError(
                f"callbacks holds {one!r}; give keras.callbacks.Callback objects, such as "
                "[keras.callbacks.EarlyStopping(patience=3)]."
            )
    try:
        whole = carried(several)
    except Exception as error:
        raise RequestError(
            f"The callbacks cannot be sent to a worker process ({error}); leave out what holds "
            "open files, locks or models."
        ) from error
    return tuple(type(one).__name__ for one in several), whole


def callbacks_of(callbacks: str, directory: Path, execution: str = "") -> list[Any]:
    """The callbacks of one training, as new as they were given; called in a worker.

    Those that write files (TensorBoard, CSVLogger, ModelCheckpoint) write into a folder of the
    trial's own: below its directory where their path is relative, else beside others of its place.

    Args:
        callbacks: As `carried_callbacks` gave them; "" for none.
        directory: The trial's directory.
        execution: Which of the trial's trainings it is, where there are several.
    """
    made: list[Any] = unpacked(callbacks) if callbacks else []
    for callback in made:
        attribute = _WRITERS.get(type(callback).__name__)
        path = getattr(callback, attribute, None) if attribute else None
        if attribute and path is not None:
            setattr(callback, attribute, _own_place(Path(path), attribute, directory, execution))
    return made


def _own_place(path: Path, attribute: str, directory: Path, execution: str) -> str:
    """A path of a callback's as a training's own; the folder that it is in is made."""
    if path.is_absolute() or ".." in path.parts:
        parent, name = (path, "") if attribute == "log_dir" else (path.parent, path.name)
        own = parent / directory.name / execution / name
    elif attribute == "log_dir":
        own = directory / path / execution
    else:
        own = directory / path.parent / execution / path.name
    own.parent.mkdir(parents=True, exist_ok=True)
    return str(own)


def check_callbacks(asked: Sequence[str], is_given: bool, space: str, is_own: bool) -> list[str]:
    """Checks that the models of a space can be trained with callbacks.

    Args:
        asked: Names of the callbacks' classes; nothing is checked where there are none.
        is_given: Whether the callbacks themselves are at hand.
        space: The space's name.
        is_own: Whether its models are compiled by a builder in KerasTuner's form.

    Returns:
        What a person should be told, one sentence each.

    Raises:
        RequestError: The callbacks have to be given again, or cannot do here what they are for.
    """
    if not asked:
        return []
    names = ", ".join(asked)
    if not is_given:
        raise RequestError(
            f"The run was started with callbacks ({names}), which are not recorded; go on from "
            "Python with automl.load_run(...).resume(callbacks=[...])."
        )
    if "TensorBoard" in asked and find_spec("tensorboard") is None:
        raise RequestError(
            "The callback TensorBoard needs the package tensorboard, which is not installed: "
            "pip install tensorboard, or leave the callback out."
        )
    schedules = [name for name in asked if name in _SCHEDULES]
    if schedules and not is_own:
        raise RequestError(
            f"{schedules[0]} sets the learning rate, which the schedules of the space {space!r} "
            "set before every step; leave it out, or choose the schedule with settings (`automl "
            f"spaces show {space}` lists them)."
        )
    return [
        f"With callbacks ({names}) Model.fit trains every trial, which is slower than the other "
        "ways; --patience stops trials without them."
    ]
