"""Ranges that are not the same in every model: those that depend on another hyperparameter.

In KerasTuner the first build's range counts for the whole search. Here each range becomes a
hyperparameter of its own under the same name, active where the one that decides has the values
that lead to it. Where no single hyperparameter of a few values decides, a share of the range is
searched in its place, and each build makes the value of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.models.hyper_parameters import stepped_values
from automl.models.keras_tuner_package import keras_tuner, kinds
from automl.space.keras_tuner import SHARE
from automl.space.numeric import Float

MOST_VALUES = 16
"""Values of a hyperparameter up to which another one's ranges are found value by value; each takes
a build."""
DEPENDS = (
    "its range depends on other hyperparameters, and that of the first build is searched whatever "
    "they are, for others are declared under a condition on it; give each range a name of its own"
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


class ScaledParameters(keras_tuner.HyperParameters):  # type: ignore[misc]
    """KerasTuner's hyperparameters, some of whose values are made of shares of their ranges.

    Args:
        values: Values by name, and shares from 0 to 1 under names that end in `SHARE`.

    Attributes:
        scaled: The values that were made of shares.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.values = {name: one for name, one in values.items() if not name.endswith(SHARE)}
        self.scaled: dict[str, Any] = {}
        self._shares = {
            name.removesuffix(SHARE): one for name, one in values.items() if name.endswith(SHARE)
        }

    def _register(self, hp: Any, overwrite: bool = False) -> Any:
        share = self._shares.get(hp.name)
        if share is not None and hp.name not in self.values and self.is_active(hp):
            self.values[hp.name] = self.scaled[hp.name] = value_at(hp, share)
        return super()._register(hp, overwrite)


def value_at(one: Any, share: float) -> Any:
    """The value at a share of the way through the range of one of KerasTuner's hyperparameters."""
    # Its own arithmetic takes shares below 1, and at 1 leaves the range of a whole number.
    value = one.prob_to_value(min(share, 1.0 - 1e-9))
    if isinstance(one, kinds.Int | kinds.Float):
        return min(max(value, one.min_value), one.max_value)
    return value


def share_of(one: Any) -> Float | None:
    """The hyperparameter that stands for a share of the range of one of KerasTuner's.

    Args:
        one: It, as it was declared first, whose default becomes the default share.

    Returns:
        It without a condition, or None for a kind that has no range.
    """
    if not isinstance(one, kinds.Int | kinds.Float | kinds.Choice):
        return None
    default = min(max(float(one.value_to_prob(one.default)), 0.0), 1.0)
    if default > 0.0 and value_at(one, 0.0) == one.default:
        default = 0.0  # of whole numbers it is the middle of the part that stands for one
    what = "list of options" if isinstance(one, kinds.Choice) else "range"
    return Float(
        one.name + SHARE,
        0.0,
        1.0,
        default=default,
        help=(
            f"the place of {one.name!r} between the least (0) and the greatest (1) of its {what}, "
            "which depends on other hyperparameters"
        ),
    )


def signature(one: Any, default: bool = True) -> str:
    """Kind, range and default of one of KerasTuner's hyperparameters, to compare them by.

    Args:
        one: It.
        default: Whether its default counts.
    """
    passed = ("name", "conditions") if default else ("name", "conditions", "default")
    config = {k: v for k, v in one.get_config().items() if k not in passed}
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


def has_value(one: Any, value: Any) -> bool:
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
        same = len({signature(one, default=False) for _, one in seen}) == 1
        return [Variant(seen[0][1])] if same else []  # a default is no range
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
