"""Fixing, narrowing and restricting hyperparameters of a space (``--set``)."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.common.names import did_you_mean, known_are
from automl.errors import SpaceError
from automl.space.choice import Choice
from automl.space.condition import spell, to_list, to_tuple
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int, is_number


def override_hyperparameters(
    space: str, hyperparameters: Sequence[Hyperparameter], changes: Mapping[str, Any]
) -> tuple[Hyperparameter, ...]:
    """The hyperparameters with changes applied (see `SearchSpace.override`).

    Raises:
        SpaceError: A name is unknown, or a value out of range.
    """
    changed = list(hyperparameters)
    for name, change in changes.items():
        if isinstance(change, list | tuple) and not change:
            raise SpaceError(f"'{name}' cannot be set to no value at all; give at least one.")
        indices = [i for i, p in enumerate(changed) if name in (p.name, p.key)]
        if not indices:
            known = list(dict.fromkeys(parameter.name for parameter in hyperparameters))
            raise SpaceError(
                f"Search space '{space}' has no hyperparameter '{name}'"
                f"{did_you_mean(name, known, known_are(known))}"
            )
        for index, parameter in zip(
            indices, _apply(name, [changed[i] for i in indices], change), strict=True
        ):
            changed[index] = parameter
    return tuple(changed)


def narrowing_notes(
    hyperparameters: Sequence[Hyperparameter], changes: Mapping[str, Any]
) -> list[str]:
    """Sentences on ranges that were asked of choices, which keep the options that lie there.

    Args:
        hyperparameters: As they were before the changes.
        changes: See `SearchSpace.override`; those that cannot be are passed over.
    """
    notes = []
    for name, change in changes.items():
        for parameter in hyperparameters:
            if name not in (parameter.name, parameter.key) or not isinstance(parameter, Choice):
                continue
            if not isinstance(change, str) or ":" not in change or _option(parameter, change):
                continue
            try:
                kept = _narrowed(parameter, change, extend=False)
            except SpaceError:
                continue
            notes.append(
                f"{parameter.key}={change} makes no range: {parameter.key} is a choice of "
                f"{parameter.values_text}, of which {kept.values_text} "
                f"{'lie' if ',' in kept.values_text else 'lies'} in it."
            )
    return notes


def _apply(name: str, variants: Sequence[Hyperparameter], change: Any) -> list[Hyperparameter]:
    """The variants of one name, changed; those that the change does not fit are set to it.

    A value must lie in the range of at least one variant. The others, whose ranges differ, follow
    it: whoever sets ``learning_rate=0.1`` means 0.1 with every optimizer.
    """
    if len(variants) == 1:
        return [_narrowed(variants[0], change, extend=True)]
    made: list[Hyperparameter | None] = []
    for variant in variants:
        try:
            made.append(_narrowed(variant, change, extend=False))
        except SpaceError:
            made.append(None)
    model = next((variant for variant in made if variant is not None), None)
    if model is None:
        ranges = "; ".join(f"{variant.key} {variant.values_text}" for variant in variants)
        raise SpaceError(f"'{name}' cannot be set to {_shown(change)}; its ranges are {ranges}.")
    return [
        fitting if fitting is not None else _followed(variant, change, model)
        for variant, fitting in zip(variants, made, strict=True)
    ]


def _followed(variant: Hyperparameter, change: Any, model: Hyperparameter) -> Hyperparameter:
    """A variant that the change does not fit: the part that does, or what another was set to."""
    overlap = _overlap(variant, change)
    return _as_set(variant, model) if overlap is None else overlap


def _as_set(variant: Hyperparameter, model: Hyperparameter) -> Hyperparameter:
    """The values of one variant under the key and the condition of another."""
    return replace(
        model,
        when=variant.when,
        otherwise=variant.otherwise,
        label=variant.label,
        help=variant.help,
        source=variant.source,
    )


def _overlap(variant: Hyperparameter, change: Any) -> Hyperparameter | None:
    """The part of a number's range that lies in the range asked for; None if there is none."""
    bounds = _bounds(variant.name, change, _ends(variant))
    if bounds is None or not isinstance(variant, Int | Float):
        return None
    low, high = max(bounds[0], variant.low), min(bounds[1], variant.high)
    try:
        return _between(variant, low, high) if low <= high else None
    except SpaceError:
        return None  # Asked for a stretch between two steps: there is no overlap.


def _narrowed(parameter: Hyperparameter, change: Any, extend: bool) -> Hyperparameter:
    """One hyperparameter fixed, narrowed or restricted.

    Args:
        parameter: The hyperparameter.
        change: What was asked for.
        extend: Whether a numeric choice may be fixed to a number that is not an option.

    Raises:
        SpaceError: The change is out of range or cannot be read.
    """
    if isinstance(parameter, Choice):
        return _narrowed_choice(parameter, change, extend)
    if isinstance(parameter, Int | Float):
        return _narrowed_number(parameter, change)
    raise TypeError(f"{type(parameter).__name__} cannot be narrowed.")


def _narrowed_number(parameter: Int | Float, change: Any) -> Hyperparameter:
    bounds = _bounds(parameter.name, change, _ends(parameter))
    if bounds is not None:
        if not parameter.low <= bounds[0] <= bounds[1] <= parameter.high:
            raise _out_of_range(parameter, change)
        return _between(parameter, *bounds)
    values = [_number_in(parameter, part, change) for part in _parts(change)]
    if len(values) == 1:
        # A value between two steps is fine: the steps only keep the search coarse.
        step = 1 if isinstance(parameter, Int) else None
        return _rebuilt(parameter, values[0], values[0], values[0], step)
    nearest = min(values, key=lambda value: abs(value - parameter.default))
    return _as_set(parameter, Choice(parameter.name, values, default=nearest))


def _between(parameter: Int | Float, low: float, high: float) -> Hyperparameter:
    """The values of a number that lie between two bounds, which lie in its range.

    Raises:
        SpaceError: No step lies between the bounds.
    """
    if parameter.step is not None:
        # The steps stay where they are, so that the values are a subset of those before.
        first = math.ceil((low - parameter.low) / parameter.step - 1e-9)
        last = math.floor((high - parameter.low) / parameter.step + 1e-9)
        if first > last:
            raise _out_of_range(parameter, f"{low}:{high}")
        low = parameter.snap(parameter.low + first * parameter.step)
        high = parameter.snap(parameter.low + last * parameter.step)
    default = min(max(parameter.default, low), high)
    return _rebuilt(parameter, low, high, default, parameter.step)


def _rebuilt(
    parameter: Int | Float, low: float, high: float, default: float, step: float | None
) -> Hyperparameter:
    if isinstance(parameter, Int):
        return replace(
            parameter, low=int(low), high=int(high), default=int(default), step=int(step or 1)
        )
    return replace(parameter, low=low, high=high, default=default, step=step)


def _narrowed_choice(parameter: Choice, change: Any, extend: bool) -> Hyperparameter:
    whole = _option(parameter, change)
    if whole is not None:
        return _restricted(parameter, whole)
    if parameter.is_numeric:
        bounds = _bounds(parameter.name, change, _ends(parameter))
        if bounds is not None:
            inside = [option for option in parameter.options if bounds[0] <= option <= bounds[1]]
            if not inside:
                raise _out_of_range(parameter, change)
            return _restricted(parameter, inside)
    parts = _parts(change)
    options: list[Any] = []
    for part in parts:
        found = _option(parameter, part)
        if found is None and extend and len(parts) == 1:
            found = _other_number(parameter, part)
        if found is None:
            raise _out_of_range(parameter, change)
        options.extend(option for option in found if option not in options)
    return _restricted(parameter, options)


def _option(parameter: Choice, given: Any) -> list[Any] | None:
    """The option that the value or its text means, in a list; None if it means none."""
    if not isinstance(given, str):
        return [parameter.check(given)] if parameter.contains(given) else None
    text = given.strip()
    number = _number(text)
    for option in parameter.options:
        written = (option,) if isinstance(option, str) else _texts(option)
        # 1e-3 and 0.001 are one number.
        if text in written or (is_number(option) and is_number(number) and number == option):
            return [option]
        if text and isinstance(option, tuple) and _bare(text) in map(_bare, written):
            return [option]
    return None


def _bare(text: str) -> str:
    """A tuple without what may be spelt otherwise: ``(32, 64)``, ``[32,64]``, ``32,64``."""
    round_ = text.replace("[", "(").replace("]", ")")
    round_ = re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"""["']""", "", round_)).replace(",)", ")")
    is_whole = round_.startswith("(") and round_.endswith(")") and len(_split(round_)) == 1
    return round_[1:-1] if is_whole else round_


def _texts(option: Any) -> tuple[str, ...]:
    """How an option that is not text may be written on the command line."""
    if option is None:
        return ("none", "None", "null")
    if isinstance(option, bool):
        return (str(option), str(option).lower())
    return (spell(option), json.dumps(to_list(option)))


def _other_number(parameter: Choice, given: Any) -> list[Any] | None:
    """A number that is not an option but is of the options' type and sign; None otherwise."""
    number = _number(given)
    if not parameter.is_numeric or not is_number(number):
        return None
    if all(isinstance(option, int) for option in parameter.options):
        if number != int(number):
            return None
        number = int(number)
    least = min(parameter.options)
    # Options that are all above 0 (a batch size, a rate) say that 0 makes no sense either.
    return [number] if least < 0 or number > 0 or (number == 0 and least == 0) else None


def _restricted(parameter: Choice, options: list[Any]) -> Hyperparameter:
    """The choice with these options only; where its default is gone, the first or nearest one."""
    default = parameter.default
    if default not in options:
        default = options[0]
        if parameter.is_numeric:
            default = min(options, key=lambda option: abs(option - parameter.default))
    # The order of the choice, whatever the order they were written in: one space, one hash.
    kept = [option for option in parameter.options if option in options] or options
    return replace(parameter, options=tuple(kept), default=default)


def _bounds(name: str, change: Any, ends: tuple[float, float] | None) -> tuple[float, float] | None:
    """Low and high of a change such as ``64:256``, ``64:`` or ``:256``; None for another change.

    Raises:
        SpaceError: There is a colon, and something beside it is not a number, or low is above high.
    """
    if not isinstance(change, str) or ":" not in change or ends is None:
        return None
    left, _, right = (part.strip() for part in change.partition(":"))
    low = _number(left) if left else ends[0]
    high = _number(right) if right else ends[1]
    if not is_number(low) or not is_number(high) or low > high:
        raise SpaceError(
            f"'{name}' cannot be narrowed to {_shown(change)}; write low:high with two numbers, "
            "the lower one first, such as 64:256."
        )
    return low, high


def _ends(parameter: Hyperparameter) -> tuple[float, float] | None:
    """Least and greatest value of a number or numeric choice; None for other choices."""
    if isinstance(parameter, Int | Float):
        return parameter.low, parameter.high
    if isinstance(parameter, Choice) and parameter.is_numeric:
        return min(parameter.options), max(parameter.options)
    return None


def _parts(change: Any) -> list[Any]:
    """The values of a change that lists several, or the one value."""
    if isinstance(change, str):
        return [part.strip() for part in _split(change)]
    return list(change) if isinstance(change, list | tuple | set | range) else [change]


def _split(text: str) -> list[str]:
    """A text's parts between commas, but for those in brackets: they are parts of a tuple."""
    depth, parts = 0, [""]
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _number(given: Any) -> Any:
    """The number that a text is, or what was given."""
    if not isinstance(given, str):
        return given
    for kind in (int, float):
        try:
            return kind(given)
        except ValueError:
            continue
    return given


def _number_in(parameter: Int | Float, given: Any, change: Any) -> Any:
    """The number that a value or text is, in the hyperparameter's type.

    Raises:
        SpaceError: It is not a number of that type, or not between low and high.
    """
    number = _number(given)
    if not is_number(number) or not parameter.low <= number <= parameter.high:
        raise _out_of_range(parameter, change)
    if isinstance(parameter, Float):
        return float(number)
    if number != int(number):
        raise _out_of_range(parameter, change)
    return int(number)


def _out_of_range(parameter: Hyperparameter, change: Any) -> SpaceError:
    word = "its options are" if isinstance(parameter, Choice) else "its range is"
    return SpaceError(
        f"'{parameter.key}' cannot be set to {_shown(change)}; {word} {parameter.values_text}."
    )


def _shown(change: Any) -> str:
    """A change as the person wrote it."""
    return change if isinstance(change, str) else spell(to_tuple(change))
