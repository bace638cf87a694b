"""What conditions imply: whether one can ever hold, and whether two exclude each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from automl.space.choice import Choice
from automl.space.condition import AllOf, Comparison, Condition
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int

Variants = Mapping[str, Sequence[Hyperparameter]]
_ENUMERATED = 2_000  # An integer range of at most so many values is tried value by value.


def satisfiable(conditions: Sequence[Condition | None], variants: Variants) -> bool:
    """Whether some configuration meets all of the conditions.

    False is proven. True may be wrong only for bounds on wide ranges with steps, where a gap
    between two steps is not looked for.

    Args:
        conditions: The conditions; None holds always.
        variants: The space's hyperparameters by name.
    """
    pending = tuple(condition for condition in conditions if condition is not None)
    return _search(pending, {}, variants)


def _search(
    pending: tuple[Condition, ...], known: Mapping[str, tuple[Comparison, ...]], variants: Variants
) -> bool:
    """Whether the pending conditions can be met beside the comparisons already taken on."""
    if not pending:
        return True
    head, rest = pending[0], pending[1:]
    if isinstance(head, AllOf):
        return _search(head.parts + rest, known, variants)
    if not isinstance(head, Comparison):
        parts: Sequence[Condition] = getattr(head, "parts", ())
        return any(_search((part, *rest), known, variants) for part in parts)
    leaves = (*known.get(head.name, ()), head)
    now = {**known, head.name: leaves}
    # A comparison that holds reads an active hyperparameter, so the condition of (at least) one
    # variant of it holds as well, and that variant has a value that meets the comparisons.
    for variant in variants.get(head.name, ()):
        if not _has_value(variant, leaves):
            continue
        condition = variant.condition
        implied = () if condition is None or head.name in known else (condition,)
        if _search(implied + rest, now, variants):
            return True
    return False


def _has_value(parameter: Hyperparameter, leaves: Sequence[Comparison]) -> bool:
    """Whether the hyperparameter has a value that meets all of these comparisons with it."""
    if isinstance(parameter, Choice) or parameter.size <= _ENUMERATED:
        return any(_meets(parameter, value, leaves) for value in parameter.grid_values())
    for leaf in leaves:
        if leaf.operator in ("==", "in"):
            named = leaf.value if leaf.operator == "in" else (leaf.value,)
            return any(
                parameter.contains(value) and _meets(parameter, parameter.check(value), leaves)
                for value in named
            )
    if not isinstance(parameter, Int | Float):
        return True
    low = max([parameter.low, *(leaf.value for leaf in leaves if leaf.operator in (">", ">="))])
    high = min([parameter.high, *(leaf.value for leaf in leaves if leaf.operator in ("<", "<="))])
    return low < high or (low == high and _meets(parameter, low, leaves))


def _meets(parameter: Hyperparameter, value: object, leaves: Sequence[Comparison]) -> bool:
    return all(leaf.holds({parameter.name: value}) for leaf in leaves)
