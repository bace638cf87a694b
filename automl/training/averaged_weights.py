"""Averages of a model's weights over its training, which are what is validated and kept.

A moving average is the optimizer's: it keeps it beside the weights that it trains (``use_ema``), so
that it is part of what a checkpoint has of the optimizer. An average of the last epochs' weights
is made here, of any trainer's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.keras_private import moving_averages
from automl.vocabulary.averaging import AVERAGED_EPOCHS, CHECKPOINT_AVERAGE, WEIGHT_AVERAGING

if TYPE_CHECKING:
    from automl.models.core import Core
    from automl.space.configuration import Configuration
    from automl.training.evaluation import Evaluator
    from automl.training.kernel.trainer import DenseTrainer


class AveragedWeights:
    """Puts averages in the place of the weights while a model is scored; these are none."""

    @contextmanager
    def in_place(self, epoch: int) -> Iterator[None]:
        """A context in which the model has the averages; afterwards the weights again.

        Args:
            epoch: The epoch at whose end it is scored, counted from 1.
        """
        yield

    def packed(self) -> list[tuple[npt.NDArray[Any], ...]]:
        """The weights of earlier epochs that later averages are made of, for a checkpoint."""
        return []

    def restore(self, packed: Sequence[Sequence[npt.NDArray[Any]]]) -> None:
        """Takes back what `packed` gave."""


class MovingAverages(AveragedWeights):
    """The averages that an optimizer keeps.

    What is not trained, such as the statistics of a batch normalization, stays as it is: these are
    moving averages already.

    Args:
        optimizer: The optimizer, built, with ``use_ema``.
    """

    def __init__(self, optimizer: Any) -> None:
        self._pairs = moving_averages(optimizer)

    @contextmanager
    def in_place(self, epoch: int) -> Iterator[None]:
        """See `AveragedWeights.in_place`."""
        trained = [weight.numpy() for weight, _ in self._pairs]
        for weight, average in self._pairs:
            weight.assign(average)
        try:
            yield
        finally:
            for (weight, _), value in zip(self._pairs, trained, strict=True):
                weight.assign(value)


class CheckpointAverages(AveragedWeights):
    """The mean of the weights at the ends of the last epochs, never of more than the later half.

    Of all weights, the statistics of a batch normalization included, which do not belong to any
    single epoch's weights then; whole numbers are the last epoch's. Averages of the last few
    checkpoints: Kaddour 2022, "Stop Wasting My Time!", arXiv 2209.14981. Of the later half only,
    for the first epochs are far from the last: Rakhlin, Shamir and Sridharan 2012, arXiv 1109.5647.

    Args:
        evaluator: What scores the model.
        most: Epochs that are averaged, at most.
    """

    def __init__(self, evaluator: Evaluator | DenseTrainer, most: int) -> None:
        self._evaluator = evaluator
        self._late: deque[Any] = deque(maxlen=most)

    @contextmanager
    def in_place(self, epoch: int) -> Iterator[None]:
        """See `AveragedWeights.in_place`."""
        trained = self._evaluator.snapshot()
        self._late.append(trained)
        averaged = list(self._late)[-max(1, (epoch + 1) // 2) :]
        if len(averaged) == 1:
            yield
            return
        self._evaluator.assign([_mean(values) for values in zip(*averaged, strict=True)])
        try:
            yield
        finally:
            self._evaluator.assign(trained)

    def packed(self) -> list[tuple[npt.NDArray[Any], ...]]:
        """See `AveragedWeights.packed`."""
        return [self._evaluator.packed(snapshot) for snapshot in self._late]

    def restore(self, packed: Sequence[Sequence[npt.NDArray[Any]]]) -> None:
        """See `AveragedWeights.restore`."""
        self._late.extend(self._evaluator.unpacked(arrays) for arrays in packed)


def averaged_weights(
    core: Core, evaluator: Evaluator | DenseTrainer, config: Configuration
) -> AveragedWeights:
    """The averages that a configuration asks for.

    A model that was compiled by its author is scored with the weights that it has.

    Args:
        core: The model, compiled, its optimizer built.
        evaluator: What scores it.
        config: The trial's configuration.
    """
    if core.compiled_by_user:
        return AveragedWeights()
    if core.model.optimizer.use_ema:
        return MovingAverages(core.model.optimizer)
    if config.get(WEIGHT_AVERAGING) == CHECKPOINT_AVERAGE:
        return CheckpointAverages(evaluator, int(config[AVERAGED_EPOCHS]))
    return AveragedWeights()


def _mean(values: Sequence[Any]) -> npt.NDArray[Any]:
    """The mean of a weight's values; the last one of whole numbers."""
    arrays = [np.asarray(value) for value in values]
    kind = arrays[0].dtype
    if not keras.backend.is_float_dtype(kind.name):
        return arrays[-1]
    wide = np.dtype(np.float64 if kind == np.float64 else np.float32)
    total: npt.NDArray[Any] = np.sum([array.astype(wide) for array in arrays], axis=0, dtype=wide)
    return (total / len(arrays)).astype(kind)
