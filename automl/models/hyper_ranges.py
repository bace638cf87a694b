"""Ranges that are not the same in every model: those that depend on another hyperparameter.

In KerasTuner the first build's range counts for the whole search. Here each range becomes a
hyperparameter of its own under the same name, active where the one that decides has the values
that lead to it. Where no single hyperparameter of a few values decides, it is said that the first
range is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.models.hyper_parameters import stepped_values
from automl.models.keras_tuner_package import keras_tuner, kinds

MOST_VALUES = 16
"""Values of a hyperparameter up to which another one's ranges are found value by value; each takes
a build."""
DEPENDS = (
    "its range depends on other hyperparameters, and that of the first build is searched whatever "
    "they are; make it a fixed one, such as a share, or give each range a name of its own"
)
AGAIN = (
    "one model declares it again with another range, and the first one counts, as in KerasTuner; "
    "give each a name of its own"
)


class WatchedParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """KerasTuner's hyperparameters, which note what is declared again with another range.

    Attributes:
        again: Names of those.
    """

    def __init__(self) -> None:
        super().__init__()
        self.again: set[str] = set()

    def _retrieve(self, hp: Any) -> Any:
        for known in self._hps[hp.name]:
            if known.conditions == hp.conditions and signature(known) != signature(hp):
                self.again.add(hp.name)
        return super()._retrieve(hp)


def signature(one: Any) -> str:
    """Kind, range and default of one of KerasTuner's hyperparameters, to compare them by."""
    config = {k: v for k, v in one.get_config().items() if k not in ("name", "conditions")}
    return f"{type(one).__name__}{sorted(config.items(), key=str)}"


def few_values(one: Any) -> list[Any]:
    """All values of a hyperparameter, least first where it is a number; none where it has many."""
    if isinstance(one, kinds.Choice | kinds.Boolean):
        values: Any = list(dict.fromkeys(one.values))
    elif isinstance(one, kinds.Int) and (one.step is None or one.sampling == "linear"):
        values = range(one.min_value, one.max_value + 1, one.step or 1)
    elif isinstance(one, kinds.Int | kinds.Float) and one.step is not None:
        values = stepped_values(one)
    else:
        return []
    return list(values) if len(values) <= MOST_VALUES else []


def holds(one: Any, value: Any) -> bool:
    """Whether a value lies in the range of one of KerasTuner's hyperparameters."""
    if isinstance(one, kinds.Int | kinds.Float):
        return isinstance(value, int | float) and bool(one.min_value <= value <= one.max_value)
    return value in one.values


@dataclass(frozen=True)
class Variant:
    """One of the ranges of a hyperparameter.

    Attributes:
        declared: KerasTuner's hyperparameter with this range.
        parent: Name of the hyperparameter that decides; "" where there is one range only.
        values: Its values that lead to this range.
    """

    declared: Any
    parent: str = ""
    values: tuple[Any, ...] = ()


def few_values_of(variants: Iterable[Variant]) -> list[Any]:
    """All values of a hyperparameter with several ranges; none where one range has many."""
    values = [few_values(variant.declared) for variant in variants]
    together = list(dict.fromkeys(value for part in values for value in part))
    return together if all(values) and len(together) <= MOST_VALUES else []


Seen = Sequence[tuple[Mapping[str, Any], Any]]


def variants_of(
    seen: Seen, parents: Mapping[str, Sequence[Any]], declared_with: Callable[[str, Any], Any]
) -> list[Variant]:
    """The ranges of a hyperparameter that was declared differently in several builds.

    Args:
        seen: The values of each build in which it was active, and it as it was declared there.
        parents: Names and values of those before it that have few.
        declared_with: Builds a model with a value of one of them, all else as in the first of
            those builds; gives the hyperparameter as it is declared there, or None.

    Returns:
        One for each range; none where no single one of the parents decides.
    """
    if len({signature(one) for _, one in seen}) == 1:
        return [Variant(seen[0][1])]
    deciding = []
    for parent, values in parents.items():
        if not values or not _may_decide(seen, parent):
            continue
        found = {value: declared_with(parent, value) for value in values}
        ranges = {value: one for value, one in found.items() if one is not None}
        if len({signature(one) for one in ranges.values()}) > 1 and _agrees(seen, parent, ranges):
            deciding.append((parent, ranges))
    if len(deciding) != 1:
        return []
    name, ranges = deciding[0]
    groups: dict[str, list[Any]] = {}
    for value, one in ranges.items():
        groups.setdefault(signature(one), []).append(value)
    return [Variant(ranges[values[0]], name, tuple(values)) for values in groups.values()]


def _may_decide(seen: Seen, parent: str) -> bool:
    """Whether no value of the parent was seen with two different ranges."""
    known: dict[Any, str] = {}
    return all(
        parent in values and known.setdefault(values[parent], signature(one)) == signature(one)
        for values, one in seen
    )


def _agrees(seen: Seen, parent: str, ranges: Mapping[Any, Any]) -> bool:
    return all(
        values[parent] in ranges and signature(ranges[values[parent]]) == signature(one)
        for values, one in seen
    )
