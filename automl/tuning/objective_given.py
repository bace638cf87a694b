"""What a person gives as the objective: a name, or KerasTuner's `Objective`."""

from __future__ import annotations

from typing import Any

from automl.errors import RequestError

_DIRECTIONS = {"min": "minimize", "max": "maximize"}


def objective_given(given: Any) -> tuple[str | None, str | None]:
    """Name and direction of an objective.

    Args:
        given: A metric's name, a ``keras_tuner.Objective``, or None for the task's own.

    Returns:
        The name, or None; and ``"minimize"`` or ``"maximize"``, or None where only a name was
        given.

    Raises:
        RequestError: It is several objectives, or something else.
    """
    if given is None or isinstance(given, str):
        return given, None
    several = getattr(given, "objectives", given)
    if isinstance(several, list | tuple | set):
        if len(several) == 1:
            return objective_given(next(iter(several)))
        shown = ", ".join(str(getattr(one, "name", one)) for one in several)
        raise RequestError(
            f"The objective is {len(several)} metrics ({shown}), but trials are ranked by one; "
            "give the one that decides, the other metrics stand beside it on the leaderboard."
        )
    name, direction = getattr(given, "name", None), getattr(given, "direction", None)
    if name == "default_objective" and direction == "min":  # of a tuner that was given none
        return None, None
    if isinstance(name, str) and direction in _DIRECTIONS:
        return name, _DIRECTIONS[direction]
    raise RequestError(
        f"The objective is {_shown(given)}; give a metric's name, such as 'val_accuracy', or "
        "keras_tuner.Objective(name, direction) with the direction 'min' or 'max'."
    )


def metrics_given(given: Any) -> str | tuple[str, ...]:
    """The names of metrics to show.

    Args:
        given: A name, or several.

    Raises:
        RequestError: One is an object or a function, which only a compiled model can compute.
    """
    if given is None:
        return ()
    if isinstance(given, str):
        return given
    several = given if isinstance(given, list | tuple | set) else [given]
    for one in several:
        if not isinstance(one, str):
            kind = getattr(one, "__name__", type(one).__name__)
            raise RequestError(
                f"metrics holds {kind}, which is no name; compile the model with it in build(hp), "
                "and name it as the objective where trials are to be ranked by it."
            )
    return tuple(several)


def _shown(given: Any) -> str:
    name, direction = getattr(given, "name", None), getattr(given, "direction", None)
    if isinstance(name, str) and direction is not None:
        return f"{name!r} with the direction {direction!r}"
    return f"of type {type(given).__name__}"
