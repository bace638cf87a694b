"""What the rows leave of the embedding of numeric columns (`automl.models.inputs.piecewise`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.vocabulary.layers import (
    BINS,
    EMBEDDING_ABOVE,
    NONE,
    NUMERIC_BINS,
    NUMERIC_EMBEDDING,
    NUMERIC_EMBEDDINGS,
)

ROWS_OF_A_BIN = 32
"""Training rows that a bin of a numeric column holds at least (own choice)."""
MOST_EMBEDDED = 32
"""Numeric columns up to which they are embedded (own choice): with 48 bins each, more would make a
first layer that takes longer than all others together, and of many columns most are pixels."""
MOST_EMBEDDED_BYTES = 192 * 2**20
"""Bytes that all columns with their places in bins may take: less than what the compiled kernel
prepares (`automl.training.kernel.dense_rows`), without which training takes many times as long, for
a refit has more rows."""


def kept_of_numbers(
    name: str, options: Sequence[Any], rows: int, numbers: int, categories: Sequence[int]
) -> Sequence[Any]:
    """The options that are worth trying; all of any other hyperparameter, or an author's own.

    Args:
        name: The hyperparameter's name.
        options: Its options.
        rows: Training rows.
        numbers: Numeric columns.
        categories: Of each categorical column.
    """
    one_hot = sum(count for count in categories if count <= EMBEDDING_ABOVE)

    def fits(bins: int) -> bool:
        return 4 * rows * (numbers * (bins + 1) + one_hot) <= MOST_EMBEDDED_BYTES

    if name == NUMERIC_EMBEDDING and {*options} == {*NUMERIC_EMBEDDINGS}:
        can_be = 0 < numbers <= MOST_EMBEDDED and fits(min(BINS))
        return options if can_be else [NONE]
    if name == NUMERIC_BINS and {*options} == {*BINS}:
        fitting = [bins for bins in options if bins * ROWS_OF_A_BIN <= rows and fits(bins)]
        return fitting or [min(options)]
    return options
