"""Ranges and options that depend on another choice: several hyperparameters under one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Choice
from automl.space.condition import Comparable, Condition, all_of, spell
from automl.space.hyperparameter import UNSET, Hyperparameter
from automl.space.numeric import Float, Int
from automl.vocabulary.ranges import Range


def tied(
    name: str,
    parent: Choice,
    variants: Mapping[Any, Hyperparameter],
    *,
    when: Condition | Comparable | None = None,
) -> tuple[Hyperparameter, ...]:
    """One name in the configuration, with a range or options that depend on another choice.

    Optuna refuses a hyperparameter whose range changes from trial to trial, so each variant has a
    key of its own there: ``learning_rate[sgd]``, after the first option of its group. A
    configuration and its conditions know one name only.

    Args:
        name: The name in a configuration.
        parent: The choice that decides.
        variants: For each option of ``parent``, or tuple of options, the hyperparameter to use.
            An option of ``parent`` that is left out makes the name inactive.
        when: A further condition of all variants.

    Returns:
        The variants, at most one of which is ever active.

    Raises:
        SpaceError: An option is not one of ``parent``, or is given twice.
    """
    taken: list[Any] = []
    made = []
    for group, variant in variants.items():
        # A tuple is a group of options, unless it is itself an option of the parent.
        options = group if isinstance(group, tuple) and not parent.contains(group) else (group,)
        for option in options:
            if not parent.contains(option):
                raise SpaceError(
                    f"tied('{name}') has a variant for {spell(option)}, which is not an option of "
                    f"'{parent.name}'; its options are {parent.values_text}."
                )
            if option in taken:
                raise SpaceError(
                    f"tied('{name}') has two variants for {spell(option)}; name each option of "
                    f"'{parent.name}' once."
                )
            taken.append(option)
        conditions = [parent.isin(options), *(c for c in (when, variant.when) if c is not None)]
        label = options[0] if isinstance(options[0], str) else spell(options[0])
        made.append(replace(variant, name=name, label=label, when=all_of(*conditions)))
    if not made:
        raise SpaceError(f"tied('{name}') has no variants; give one for an option of the parent.")
    return tuple(made)


def ranged(parent: Choice, ranges: Sequence[Range]) -> list[Hyperparameter]:
    """The hyperparameters that the options of a choice have.

    Args:
        parent: The choice; it may offer some of the options only.
        ranges: What the options have; several of one name are variants of it (see `tied`).

    Returns:
        Those that an option of ``parent`` has, each active for its own options.
    """
    made: list[Hyperparameter] = []
    for name in dict.fromkeys(one.name for one in ranges):
        same = [one for one in ranges if one.name == name]
        offered = {
            kept: number_from(one)
            for one in same
            if (kept := tuple(option for option in one.of if parent.contains(option)))
        }
        if len(same) > 1 and offered:
            made += tied(name, parent, offered)
        else:
            made += [replace(one, when=parent.isin(kept)) for kept, one in offered.items()]
    return made


def number_from(one: Range) -> Hyperparameter:
    """The hyperparameter of a range, without a condition."""
    words: dict[str, Any] = {
        "log": one.log,
        "help": one.help,
        "source": one.source,
        "otherwise": UNSET if one.otherwise is None else one.otherwise,
    }
    if isinstance(one.low, int) and isinstance(one.high, int):
        return Int(one.name, one.low, one.high, default=int(one.default), **words)
    return Float(one.name, one.low, one.high, default=one.default, **words)
