"""Ranges and options that depend on another choice: several hyperparameters under one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.errors import SpaceError
from automl.space.choice import Choice
from automl.space.condition import Comparable, Condition, all_of, spell
from automl.space.hyperparameter import Hyperparameter


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


def tied_where_offered(
    name: str, parent: Choice, groups: Sequence[tuple[Sequence[Any], Hyperparameter]]
) -> tuple[Hyperparameter, ...]:
    """`tied` for fragments whose parent may offer some of the options only.

    Args:
        name: The name in a configuration.
        parent: The choice that decides.
        groups: Options and the hyperparameter to use for them.

    Returns:
        The variants for options that ``parent`` has; empty where it has none of them.
    """
    offered: dict[Any, Hyperparameter] = {}
    for options, variant in groups:
        kept = tuple(option for option in options if parent.contains(option))
        if kept:
            offered[kept] = variant
    return tied(name, parent, offered) if offered else ()


def when_offered(
    parent: Choice, options: Sequence[Any], parameter: Hyperparameter, *, source: str = ""
) -> list[Hyperparameter]:
    """A hyperparameter that is active for some options of a choice, for use in fragments.

    Args:
        parent: The choice.
        options: The options it is active for; those that ``parent`` does not have are ignored.
        parameter: The hyperparameter, without a condition.
        source: Where its range comes from, if it does not say so itself.

    Returns:
        The hyperparameter with its condition; empty where ``parent`` has none of the options.
    """
    kept = [option for option in options if parent.contains(option)]
    if not kept:
        return []
    return [replace(parameter, when=parent.isin(kept), source=parameter.source or source)]
