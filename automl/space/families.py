"""One space of several: a choice of a family, and each family's hyperparameters under it.

A hyperparameter that is the same in several families is one of the whole space, so that a sampler
learns about it from all of them; where ranges, defaults or conditions differ, each has its own.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from automl.space.choice import Choice
from automl.space.condition import all_of
from automl.space.hyperparameter import Hyperparameter

FAMILY = "family"


def families(
    given: Mapping[str, Sequence[Hyperparameter]],
    shared: Sequence[Hyperparameter],
    *,
    default: str,
    source: str,
) -> list[Hyperparameter]:
    """The hyperparameters of one space of several.

    Args:
        given: The hyperparameters of each family, by its name.
        shared: What the whole space has instead of each family's own, such as those of training.
        default: The family of the first trial.
        source: Where the families come from.

    Returns:
        The choice ``family``, each family's hyperparameters, and the shared ones.
    """
    family = Choice(
        FAMILY, tuple(given), default=default, help="which kind of network", source=source
    )
    replaced = {parameter.name for parameter in shared}
    groups: dict[str, list[str]] = {}
    first: dict[str, Hyperparameter] = {}
    for name, parameters in given.items():
        for parameter in parameters:
            if parameter.name not in replaced:
                groups.setdefault(_meaning(parameter), []).append(name)
                first.setdefault(_meaning(parameter), parameter)
    return [
        family,
        *(_under(family, names, first[meaning]) for meaning, names in groups.items()),
        *shared,
    ]


def _meaning(parameter: Hyperparameter) -> str:
    """What makes two hyperparameters the same: all but their texts."""
    form = parameter.to_json()
    for text in ("help", "source"):
        form.pop(text, None)
    return json.dumps(form, sort_keys=True)


def _under(family: Choice, names: Collection[str], parameter: Hyperparameter) -> Hyperparameter:
    """A hyperparameter where the network is of one of these families."""
    if len(names) == len(family.options):
        return parameter
    among = family.isin(list(names))
    when = among if parameter.condition is None else all_of(among, parameter.condition)
    label = " ".join(part for part in (next(iter(names)), parameter.label) if part)
    return replace(parameter, when=when, label=label)
