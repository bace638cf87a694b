"""From the arrays' signature to the tensors that a builder starts from.

The arrays hold standardized numeric columns and integer codes of categorical columns, where
code 0 means "not seen in training". A builder of an ``inputs="vector"`` space gets one tensor
made of both; one of an ``inputs="table"`` space gets a `TableInputs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import keras
import numpy as np

from automl.data.kinds.signature import CATEGORICAL, NUMERIC, InputSignature
from automl.errors import SpaceError
from automl.models.inputs.piecewise import in_pieces
from automl.vocabulary.layers import (
    BINS,
    EMBEDDING_ABOVE,
    INPUT_NORMALIZATIONS,
    NUMERIC_BINS,
    NUMERIC_EMBEDDING,
    ONE_HOT_BELOW,
    PIECEWISE_LINEAR,
)


def embedding_size(categories: int) -> int:
    """Default number of embedding dimensions of a column: ``min(50, (n + 1) // 2)``.

    Args:
        categories: Categories seen in training.
    """
    return max(1, min(50, (categories + 1) // 2))


def uses_embedding(categories: int, between: str) -> bool:
    """Whether a column is embedded (True) or one-hot encoded (False).

    Args:
        categories: Categories seen in training.
        between: ``one_hot`` or ``embedding``: what columns of 10 to 50 categories get.
    """
    if categories < ONE_HOT_BELOW:
        return False
    return categories > EMBEDDING_ABOVE or between == "embedding"


class TableInputs:
    """The core model's inputs, column by column.

    Attributes:
        signature: The arrays' signature.
        tensors: The model's inputs by name: ``numeric`` (None, p) float32 and ``categorical``
            (None, c) int32, each only where it has columns.
    """

    def __init__(self, signature: InputSignature) -> None:
        self.signature = signature
        self.tensors: dict[str, Any] = {
            name: keras.Input(spec.shape, dtype=spec.dtype, name=name)
            for name, spec in signature.inputs.items()
        }
        if not self.tensors:
            raise SpaceError("The data has no columns to learn from; a model needs at least one.")

    @property
    def numeric(self) -> Any | None:
        """The standardized numeric columns, float32 (None, p), or None without any."""
        return self.tensors.get(NUMERIC)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Codes of each categorical column, slot 0 (not seen in training) included."""
        return tuple(self.signature.cardinalities)

    @cached_property
    def categorical(self) -> list[Any]:
        """The code tensor of each categorical column, int32 (None,)."""
        if not self.cardinalities:
            return []
        return list(keras.ops.unstack(self.tensors[CATEGORICAL], axis=1))

    def vector(
        self,
        *,
        input_normalization: str = "standardize",
        categorical_encoding: str = "one_hot",
        embedding_dim: int | None = None,
        batch_norm_momentum: float = 0.99,
        numeric_bins: int = 0,
    ) -> Any:
        """All columns as one float tensor: numeric, then one-hot, then embedded columns.

        Args:
            input_normalization: ``standardize`` (as the arrays come), ``batch`` (raw values
                through a batch normalization layer) or ``none`` (raw values).
            categorical_encoding: ``one_hot`` or ``embedding`` for columns of 10 to 50
                categories; fewer are always one-hot, more always embedded.
            embedding_dim: Dimensions of every embedding, at most the column's categories; None
                takes `embedding_size` of each column.
            batch_norm_momentum: Momentum of the layer of ``batch``.
            numeric_bins: Bins of each numeric column, whose places stand behind the columns
                themselves (`automl.models.inputs.piecewise`); 0 for none.

        Returns:
            float32 tensor of shape (None, k).
        """
        parts = []
        if self.numeric is not None:
            parts.append(self.scaled_numeric(input_normalization, batch_norm_momentum))
            parts += [in_pieces(self.numeric, numeric_bins)] if numeric_bins else []
        embedded = [
            column
            for column, codes in enumerate(self.cardinalities)
            if uses_embedding(codes - 1, categorical_encoding)
        ]
        plain = [c for c in range(len(self.cardinalities)) if c not in embedded]
        if any(self.cardinalities[column] > 1 for column in plain):
            parts.append(self.one_hot(plain))
        parts.extend(self.embedded(column, embedding_dim) for column in embedded)
        if not parts:
            raise SpaceError("The data's categorical columns hold no category to learn from.")
        return parts[0] if len(parts) == 1 else keras.layers.Concatenate()(parts)

    def scaled_numeric(
        self, input_normalization: str = "standardize", batch_norm_momentum: float = 0.99
    ) -> Any:
        """The numeric columns under one kind of input normalization; see `vector`.

        Returns:
            float32 tensor of shape (None, p).

        Raises:
            SpaceError: If the kind is not known.
        """
        if input_normalization not in INPUT_NORMALIZATIONS:
            raise SpaceError(
                f"There is no input normalization {input_normalization!r}; choose "
                f"{', '.join(INPUT_NORMALIZATIONS)}."
            )
        if input_normalization == "standardize":
            return self.numeric
        restore = keras.layers.Normalization(
            mean=np.asarray(self.signature.mean, np.float32),
            variance=np.square(np.asarray(self.signature.std, np.float32)),
            invert=True,
        )
        raw = restore(self.numeric)
        if input_normalization == "none":
            return raw
        return keras.layers.BatchNormalization(momentum=batch_norm_momentum)(raw)

    def one_hot(self, columns: list[int] | None = None) -> Any:
        """Columns one-hot encoded side by side; a category not seen in training is all zeros.

        One comparison serves all columns, which costs the same three operations for one column
        as for fifty.

        Args:
            columns: Positions of the columns; None takes all.

        Returns:
            float32 tensor of shape (None, categories seen in training over all columns).
        """
        chosen = range(len(self.cardinalities)) if columns is None else columns
        counts = [self.cardinalities[column] - 1 for column in chosen]
        sources = np.repeat(np.asarray(list(chosen), np.int32), counts)
        codes = np.concatenate([np.arange(1, n + 1, dtype=np.int32) for n in counts])
        spread = keras.ops.take(self.tensors[CATEGORICAL], sources, axis=1)
        return keras.ops.cast(keras.ops.equal(spread, codes), "float32")

    def embedded(self, column: int, dimensions: int | None = None) -> Any:
        """One column through an embedding of its own.

        Args:
            column: Position of the column.
            dimensions: Dimensions, at most the categories; None takes `embedding_size`.

        Returns:
            float32 tensor of shape (None, dimensions).
        """
        codes = self.cardinalities[column]
        size = embedding_size(codes - 1) if dimensions is None else min(dimensions, codes - 1)
        return keras.layers.Embedding(codes, max(1, size))(self.categorical[column])


def vector_input(table: TableInputs, config: Mapping[str, Any]) -> Any:
    """The one tensor that the builder of an ``inputs="vector"`` space gets.

    Args:
        table: The model's inputs.
        config: The trial's configuration; reads ``input_normalization``,
            ``categorical_encoding``, ``embedding_dim``, ``batch_norm_momentum``,
            ``numeric_embedding`` and ``numeric_bins`` where the space has them, and follows the
            rules in `TableInputs.vector` where it has not.

    Returns:
        float32 tensor of shape (None, k).
    """
    dimensions = config.get("embedding_dim")
    return table.vector(
        input_normalization=str(config.get("input_normalization") or "standardize"),
        categorical_encoding=str(config.get("categorical_encoding") or "one_hot"),
        embedding_dim=None if dimensions is None else int(dimensions),
        batch_norm_momentum=float(config.get("batch_norm_momentum") or 0.99),
        numeric_bins=int(config.get(NUMERIC_BINS, BINS[-1])) if embeds_numbers(config) else 0,
    )


def embeds_numbers(config: Mapping[str, Any]) -> bool:
    """Whether a configuration asks for numeric columns in pieces."""
    return config.get(NUMERIC_EMBEDDING) == PIECEWISE_LINEAR
