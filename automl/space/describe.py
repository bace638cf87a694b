"""Search spaces in words: the rows of their table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
