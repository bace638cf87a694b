"""KerasTuner's hyperparameters as those of a search space.

| KerasTuner | here |
|---|---|
| `Int`, `Float`, linear, with or without a step | the same |
| `Int`, `Float`, `sampling="log"` without a step | the same, `log` |
| with `sampling="log"` or `"reverse_log"` and a step, by which values are multiplied | a choice |
| `sampling="reverse_log"` without a step | linear: there is no counterpart |
| `Choice`, `Boolean`, `Fixed` | a choice, a boolean, a choice of one |
| `conditional_scope`, `parent_name` | a condition |
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from automl.models.keras_tuner_package import kinds
from automl.space.choice import Boolean, Choice
from automl.space.condition import Condition, Ref, all_of
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int

REVERSE_LOG = "sampled evenly: KerasTuner's reverse_log has no counterpart"


def converted(declared: Sequence[Any], among: Sequence[Any]) -> list[Hyperparameter]:
    """KerasTuner's hyperparameters in the space's own form.

    Args:
        declared: Those to convert.
        among: All that were declared, the parents of their conditions among them.

    Returns:
        One for each, in their order.
    """
    return [_converted(one, _condition(one, among)) for one in declared]


def _converted(one: Any, when: Condition | None) -> Hyperparameter:
    name = one.name
    if isinstance(one, kinds.Boolean):
        return Boolean(name, default=bool(one.default), when=when)
    if isinstance(one, kinds.Choice | kinds.Fixed):
        return _choice(name, list(one.values), one.default, when)
    if one.step is not None and one.sampling != "linear":
        return _choice(name, stepped_values(one), one.default, when)
    remark = REVERSE_LOG if one.sampling == "reverse_log" else ""
    kind: Any = Int if isinstance(one, kinds.Int) else Float
    number = int if kind is Int else float
    options: dict[str, Any] = {"log": one.sampling == "log"}
    if one.step is not None:
        options["step"] = number(one.step)
    whole = kind(name, number(one.min_value), number(one.max_value), **options)
    # KerasTuner takes any default; one outside the range or between two steps becomes the nearest.
    nearest = whole.snap(min(max(one.default, whole.low), whole.high))
    made: Hyperparameter = replace(whole, default=nearest, when=when, help=remark)
    return made


def _choice(name: str, values: list[Any], default: Any, when: Condition | None) -> Choice:
    options = list(dict.fromkeys(_plain(value) for value in values))
    plain = _plain(default)
    if plain not in options and isinstance(plain, int | float):
        plain = min(options, key=lambda option: abs(option - plain))
    return Choice(name, options, default=plain, when=when)


def _plain(value: Any) -> Any:
    """The value as Python's own kind: KerasTuner takes NumPy's floats."""
    return float(value) if isinstance(value, float) else value


def stepped_values(one: Any) -> list[Any]:
    """The values of a number with a step, least first.

    Args:
        one: KerasTuner's ``Int`` or ``Float``, its step not None.
    """
    number = int if isinstance(one, kinds.Int) else float
    return sorted({number(_rounded(value)) for value in one.values})


def _rounded(value: float) -> float:
    # Twelve digits remove what powers leave behind: 0.001, not 0.0010000000000000002.
    return value if value == 0 or not math.isfinite(value) else float(f"{value:.12g}")


def _condition(one: Any, among: Sequence[Any]) -> Condition | None:
    """The scopes that a hyperparameter was declared in, as a condition."""
    if not one.conditions:
        return None
    return all_of(*(_parent_condition(parent, among) for parent in one.conditions))


def _parent_condition(parent: Any, among: Sequence[Any]) -> Condition:
    """``parent is one of the values``; values are those of the parent that they are equal to."""
    known: list[Any] = []
    for other in among:
        if other.name == parent.name and isinstance(
            other, kinds.Choice | kinds.Boolean | kinds.Fixed
        ):
            known += list(other.values)
    values = [next((own for own in known if own == value), value) for value in parent.values]
    return Ref(parent.name).isin(values)
