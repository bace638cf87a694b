"""When a trial has seen enough: no improvement for a while, a goal reached, its length over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import override

from automl.data.metrics import better
from automl.vocabulary.directions import sign_of


class EarlyStopping:
    """Watches the score of each epoch.

    The best epoch is the one with the best score, by however little. Patience counts from the
    last improvement by more than ``min_delta``, as in ``keras.callbacks.EarlyStopping``.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        patience: Epochs without an improvement before training stops; 0 is as 1.
        min_delta: Least change, in the score's own units, that counts for patience.
        goal: Score at which training stops, or None.

    Attributes:
        best_score: Best score so far, or None.
        best_epoch: Its epoch, counted from 1; 0 before the first.
        reason: Why training has to stop, or "" while it may go on.
    """

    def __init__(
        self, direction: str, patience: int, min_delta: float = 0.0, goal: float | None = None
    ) -> None:
        if patience < 0:
            raise ValueError(f"patience cannot be negative, as {patience} is")
        if min_delta < 0.0:
            raise ValueError(f"min_delta cannot be negative, as {min_delta} is")
        self.best_score: float | None = None
        self.best_epoch = 0
        self.reason = ""
        self._sign = -sign_of(direction)
        self._direction = direction
        self._patience = max(1, patience)
        self._min_delta = min_delta
        self._goal = goal
        self._patient_until: Callable[[], int] = lambda: 0
        self._reference: float | None = None
        self._waited = 0

    def update(self, epoch: int, score: float) -> bool:
        """Takes the score of an epoch.

        Args:
            epoch: The epoch's number, counted from 1.
            score: Its score; NaN is never an improvement.

        Returns:
            Whether this epoch is the best so far.
        """
        improved = better(score, self.best_score, self._direction)
        if improved:
            self.best_score, self.best_epoch = score, epoch
        if self._counts(score):
            self._reference, self._waited = score, 0
        elif epoch > self._patient_until():
            self._waited += 1
        if self._reached(score):
            self.reason = f"it reached the goal of {self._goal:g} in epoch {epoch}"
        elif self._waited >= self._patience:
            epochs = "epoch" if self._patience == 1 else "epochs"
            self.reason = f"it did not improve for {self._patience} {epochs}"
        return improved

    def be_patient(self, until: Callable[[], int]) -> None:
        """Lets patience count only after an epoch, with which a first stage of training ends."""
        self._patient_until = until

    def state(self) -> dict[str, Any]:
        """What it has seen, as JSON scalars."""
        return {
            "best_score": self.best_score,
            "best_epoch": self.best_epoch,
            "reference": self._reference,
            "waited": self._waited,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` gave."""
        self.best_score, self.best_epoch = state["best_score"], state["best_epoch"]
        self._reference, self._waited = state["reference"], state["waited"]

    def _counts(self, score: float) -> bool:
        """Whether the score improves enough for patience to start again."""
        if self._reference is None or score != score:
            return score == score
        return self._sign * (score - self._reference) > self._min_delta

    def _reached(self, score: float) -> bool:
        return self._goal is not None and self._sign * (score - self._goal) >= 0.0


class FixedEpochs(EarlyStopping):
    """Stops after a number of epochs, the last of which counts as the best.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        epochs: How many.
    """

    def __init__(self, direction: str, epochs: int) -> None:
        super().__init__(direction, patience=epochs)
        self._epochs = epochs

    @override
    def update(self, epoch: int, score: float) -> bool:
        """Takes an epoch; that it is the best so far."""
        self.best_score, self.best_epoch = score, epoch
        if epoch >= self._epochs:
            self.reason = f"its {self._epochs} epochs are over"
        return True
