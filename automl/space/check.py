"""The first half of `automl spaces check`: what can be said of a space without building it."""

from __future__ import annotations

import inspect
import json

from automl.errors import SpaceError
from automl.space.enumeration import by_name
from automl.space.keras_tuner import BuiltElsewhere, HyperBuilder
from automl.space.logic import satisfiable
from automl.space.search_space import SearchSpace

SAMPLES = 100


def check_space(space: SearchSpace, samples: int = SAMPLES, seed: int = 0) -> list[str]:
    """Checks a search space without TensorFlow: samples it and saves it.

    Names, ranges, defaults and conditions were checked when it was made.

    Args:
        space: The space.
        samples: How many configurations to draw.
        seed: Seed of the drawing.

    Returns:
        Lines that say what was found to be right.

    Raises:
        SpaceError: The first thing found to be wrong.
    """
    count = space.count()
    many = "endless" if count == float("inf") else f"{count:,}"
    _check_builder(space)
    _check_reachable(space)
    distinct = _check_samples(space, samples, seed)
    restored = SearchSpace.from_json(json.loads(json.dumps(space.to_json(), allow_nan=False)))
    if restored.hash() != space.hash():
        raise SpaceError(f"Search space '{space.name}' changes when it is saved as JSON and read.")
    return [
        f"ok: {space.name}: {len(space.names)} hyperparameters, {many} configurations",
        f"ok: sampled {samples} configurations, {distinct} of them different, all valid",
        f"ok: saved as JSON and read back, hash {space.hash()[:12]}",
    ]


def _check_builder(space: SearchSpace) -> None:
    """Raises SpaceError for a builder that cannot be called as builders are."""
    if space.build is None:
        raise SpaceError(f"Search space '{space.name}' has no builder; give it one.")
    if isinstance(space.build, HyperBuilder | BuiltElsewhere):
        return
    try:
        signature = inspect.signature(space.build)
    except (TypeError, ValueError):
        return  # Some callables do not tell; whether this one works shows when it builds.
    try:
        signature.bind(None, None, None)
    except TypeError as error:
        name = getattr(space.build, "__name__", "build")
        raise SpaceError(
            f"The builder {name}{signature} of search space '{space.name}' cannot be called as "
            "build(config, inputs, task); give it these three parameters."
        ) from error


def _check_reachable(space: SearchSpace) -> None:
    """Raises SpaceError for a hyperparameter whose condition no configuration meets."""
    named = by_name(space.hyperparameters)
    for parameter in space.hyperparameters:
        if not satisfiable([parameter.condition], named):
            raise SpaceError(
                f"'{parameter.key}' can never be active: no configuration has "
                f"{parameter.condition}; correct the condition or drop it."
            )


def _check_samples(space: SearchSpace, samples: int, seed: int) -> int:
    """Draws configurations and returns how many are different.

    Raises:
        SpaceError: One is not valid, or is another after being saved as JSON and read.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    drawn = [space.defaults(), *(space.sample(rng) for _ in range(samples))]
    for config in drawn:
        if space.configuration(json.loads(json.dumps(config.to_json()))) != config:
            raise SpaceError(
                f"A configuration of search space '{space.name}' changes when it is saved as JSON "
                f"and read: {config!r}."
            )
    return len(set(drawn[1:]))
