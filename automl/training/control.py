"""What a trainer asks and tells while it trains: the order of the rows, the rates, when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class TrainingControl(Protocol):
    """The trial's side of a training: both ways of training, compiled and `fit`, follow it.

    Epochs are counted from 1.

    Attributes:
        first_epoch: The epoch to begin with: 1, or the one after a checkpoint.
        epochs: The last one to train.
    """

    first_epoch: int

    @property
    def epochs(self) -> int: ...  # noqa: D102 - see above

    def order(self, epoch: int) -> npt.NDArray[np.int32]:
        """The epoch's shuffled row numbers, int32 (n,); the same at every call."""

    def rates(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """The learning rate of each step, float32 (steps,), or None to leave it alone."""

    def momenta(self, epoch: int) -> npt.NDArray[np.float32] | None:
        """The momentum of each step, float32 (steps,), or None to leave it alone."""

    def should_stop(self, done: float = 0.0) -> bool:
        """Whether to stop now, inside an epoch; asked at least about twice a second.

        Args:
            done: Share of the running epoch's steps that are done; 0 between epochs. The model
                holds the weights that these steps have led to.
        """

    def diverged(self, epoch: int, step: int, loss: float) -> None:
        """Told that the loss was NaN or infinite in a step, after which training stops.

        Args:
            epoch: The epoch.
            step: The step in the epoch, counted from 1.
            loss: The value.
        """

    def returned(self, value: Any) -> None:
        """Told what a fit of a person's own has returned, after its last epoch.

        Args:
            value: A number, a dictionary, a `History`, a list of these, or None.
        """

    def end_epoch(self, epoch: int, logs: Mapping[str, float]) -> bool:
        """Told that an epoch's steps are done.

        Args:
            epoch: The epoch.
            logs: The model's training metrics over the epoch, ``loss`` among them.

        Returns:
            Whether to go on with the next epoch.
        """
