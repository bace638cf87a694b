"""Search spaces in words: the rows of their table, and the nearest names to a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from automl.common.names import near_names
from automl.space.condition import spell
from automl.space.hyperparameter import Hyperparameter


@dataclass(frozen=True)
class DescribeRow:
    """One hyperparameter, in words.

    Attributes:
        name: Its name in a configuration; variants of one name have a row each.
        kind: ``int``, ``float``, ``choice`` or ``boolean``.
        values: Range or options, such as ``16..512, step 16, log``.
        default: Value in the default configuration.
        condition: When it is active, such as ``depth > 1 and normalization != "none"``; empty
            means always.
        source: Where range and default come from.
        help: What it is.
    """

    name: str
    kind: str
    values: str
    default: str
    condition: str
    source: str
    help: str


def describe_rows(hyperparameters: Iterable[Hyperparameter]) -> list[DescribeRow]:
    """One row for each hyperparameter, in their order."""
    return [
        DescribeRow(
            name=parameter.name,
            kind=parameter.kind,
            values=parameter.values_text,
            default=spell(parameter.default).strip('"'),
            condition="" if parameter.condition is None else str(parameter.condition),
            source=parameter.source,
            help=parameter.help,
        )
        for parameter in hyperparameters
    ]


def nearest(given: str, known: Sequence[str], all_of_them: str = "it has") -> str:
    """The end of an error sentence about an unknown name: the nearest known ones, or all.

    Args:
        given: The unknown name.
        known: The known names.
        all_of_them: What introduces the list of all known names.
    """
    near = near_names(given, known)
    if near:
        return f"did you mean {' or '.join(repr(name) for name in near)}?"
    return f"{all_of_them} {', '.join(known) or 'none'}."
