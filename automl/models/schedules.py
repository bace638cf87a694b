"""Learning-rate schedules in plain NumPy: the rate of every step of every epoch of a trial.

The training loop assigns the rate before each step, so the compiled graph never depends on the
schedule, and the compiled loop and the `Model.fit` fallback read the same numbers. All schedules
stretch over the trial's own cap of epochs, never over a rung of a pruner.

Sources: Géron, Hands-On Machine Learning, 2nd ed., chapter 11 (power, exponential, piecewise,
performance, 1cycle); Smith 2018, arXiv 1803.09820 (1cycle); Loshchilov & Hutter 2017,
arXiv 1608.03983 (cosine with and without restarts); Google's Deep Learning Tuning Playbook
(warm-up over 5 % of the steps); Zafar et al., Hands-On CNNs with TensorFlow (piecewise).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automl.common.names import near_names
from automl.errors import SpaceError
from automl.vocabulary.optimizers import OPTIMIZERS
from automl.vocabulary.schedules import (
    CONSTANT,
    ONE_CYCLE,
    PERFORMANCE,
    SCHEDULES,
    schedule_default,
)

ONE_CYCLE_END = 1e-3
"""The last rate as a share of the start rate, as in the notebook to Géron's chapter 11."""
ONE_CYCLE_MOMENTUM_DROP = 0.1
"""Smith 2018 and Géron let the momentum fall from 0.95 to 0.85 and rise again."""

Floats: TypeAlias = NDArray[np.float64]
Floats32: TypeAlias = NDArray[np.float32]
_Curve: TypeAlias = Callable[[Floats], Floats]


class Schedule(ABC):
    """The learning rate of each step of a trial.

    Args:
        steps_per_epoch: Batches in one epoch, the last partial one included.
        epochs: The trial's cap of epochs.
    """

    def __init__(self, steps_per_epoch: int, epochs: int) -> None:
        if steps_per_epoch < 1 or epochs < 1:
            raise ValueError(
                f"a schedule needs at least one step and one epoch, not {steps_per_epoch} "
                f"steps and {epochs} epochs"
            )
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs

    @abstractmethod
    def rates(self, epoch: int) -> Floats32:
        """Learning rates of the steps of one epoch.

        Args:
            epoch: Number of the epoch, counted from 1 as everywhere.

        Returns:
            float32 array of shape ``(steps_per_epoch,)``.
        """

    def momenta(self, epoch: int) -> Floats32 | None:
        """Momenta of the steps of one epoch, or None where the momentum stays as it is.

        Args:
            epoch: Number of the epoch, counted from 1.

        Returns:
            float32 array of shape ``(steps_per_epoch,)``, or None.
        """
        self._steps(epoch)
        return None

    def begins_as(self, other: Schedule) -> bool:
        """Whether another schedule has the same rates and momenta in the first epoch."""
        pairs = ((self.rates(1), other.rates(1)), (self.momenta(1), other.momenta(1)))
        return all(a is b if a is None or b is None else np.array_equal(a, b) for a, b in pairs)

    def after_epoch(self, val_loss: float) -> None:
        """Tells the schedule the validation loss of the epoch that has just ended.

        Args:
            val_loss: Keras's validation loss; only the performance schedule reads it.
        """
        return

    def state(self) -> dict[str, float]:
        """What the epochs so far have changed; nothing where the rate is a function of the step."""
        return {}

    def restore_state(self, state: Mapping[str, float]) -> None:
        """Takes back what `state` gave."""
        return

    def _steps(self, epoch: int) -> Floats:
        """Numbers of the epoch's steps, counted from 0 at the start of the trial."""
        if not 1 <= epoch <= self.epochs:
            raise ValueError(f"epochs count from 1 to the cap {self.epochs}, not {epoch}")
        start = (epoch - 1) * self.steps_per_epoch
        return np.arange(start, start + self.steps_per_epoch, dtype=np.float64)


class CurveSchedule(Schedule):
    """A schedule that is a function of the step alone.

    Args:
        rate: Learning rate that the curve multiplies.
        curve: From step numbers (float64, any shape) to multipliers of the same shape.
        steps_per_epoch: Batches in one epoch.
        epochs: The trial's cap of epochs.
        momentum_curve: From step numbers to momenta, or None.
    """

    def __init__(
        self,
        rate: float,
        curve: _Curve,
        steps_per_epoch: int,
        epochs: int,
        momentum_curve: _Curve | None = None,
    ) -> None:
        super().__init__(steps_per_epoch, epochs)
        self._rate = rate
        self._curve = curve
        self._momentum_curve = momentum_curve

    def rates(self, epoch: int) -> Floats32:
        """Learning rates of the epoch's steps; see `Schedule.rates`."""
        return (self._rate * self._curve(self._steps(epoch))).astype(np.float32)

    def momenta(self, epoch: int) -> Floats32 | None:
        """Momenta of the epoch's steps; see `Schedule.momenta`."""
        steps = self._steps(epoch)
        if self._momentum_curve is None:
            return None
        return self._momentum_curve(steps).astype(np.float32)


class PerformanceSchedule(Schedule):
    """Multiplies the rate by a factor when the validation loss has stopped falling.

    The same as ``keras.callbacks.ReduceLROnPlateau(factor, patience, min_delta=0)``; a
    validation loss that is not a number has not fallen.

    Args:
        rate: Learning rate at the start.
        steps_per_epoch: Batches in one epoch.
        epochs: The trial's cap of epochs.
        factor: What the rate is multiplied by, in (0, 1).
        patience: Epochs without a fall before the rate is multiplied.
    """

    def __init__(
        self, rate: float, steps_per_epoch: int, epochs: int, factor: float, patience: int
    ) -> None:
        super().__init__(steps_per_epoch, epochs)
        self._rate = rate
        self._factor = factor
        self._patience = patience
        self._best = math.inf
        self._waited = 0

    def rates(self, epoch: int) -> Floats32:
        """The current rate at each of the epoch's steps; see `Schedule.rates`."""
        return np.full(self._steps(epoch).shape, self._rate, dtype=np.float32)

    def state(self) -> dict[str, float]:
        """See `Schedule.state`."""
        return {"rate": self._rate, "best": self._best, "waited": self._waited}

    def restore_state(self, state: Mapping[str, float]) -> None:
        """See `Schedule.restore_state`."""
        self._rate, self._best = state["rate"], state["best"]
        self._waited = int(state["waited"])

    def after_epoch(self, val_loss: float) -> None:
        """Lowers the rate where the validation loss has not fallen for `patience` epochs."""
        if val_loss < self._best:
            self._best = val_loss
            self._waited = 0
            return
        self._waited += 1
        if self._waited >= self._patience:
            self._rate *= self._factor
            self._waited = 0


@dataclass(frozen=True)
class _OneCycle:
    """The 1cycle policy over a number of steps, from a share of the top rate."""

    total: int
    start: float

    @property
    def peak(self) -> int:
        return self.total // 2

    @property
    def returned(self) -> int:
        """The step at which the rate is back at its start: only the last tenth follows."""
        return self.total - self.total // 10

    def rate(self, steps: Floats) -> Floats:
        if self.total < 2:
            return np.ones_like(steps)
        last = max(self.total - 1, self.returned + 1)
        return np.interp(
            steps,
            [0, self.peak, self.returned, last],
            [self.start, 1.0, self.start, self.start * ONE_CYCLE_END],
        )

    def momentum(self, high: float, steps: Floats) -> Floats:
        if self.total < 2:
            return np.full_like(steps, high)
        low = max(0.0, high - ONE_CYCLE_MOMENTUM_DROP)
        return np.interp(steps, [0, self.peak, self.returned], [high, low, high])


def _cosine(progress: Floats) -> Floats:
    """Half a cosine wave from 1 at progress 0 to 0 at progress 1."""
    return 0.5 * (1.0 + np.cos(np.pi * np.clip(progress, 0.0, 1.0)))


def _cosine_restarts(total: int, cycles: int) -> _Curve:
    """Cosine cycles, each twice as long as the one before, that fill the cap exactly."""
    units = 2**cycles - 1

    def curve(steps: Floats) -> Floats:
        # The nudge keeps a step that lies exactly on a restart from rounding into the old cycle.
        position = steps * units / total + 1e-9
        cycle = np.minimum(np.floor(np.log2(position + 1.0)), cycles - 1)
        return _cosine((position - (2.0**cycle - 1.0)) / 2.0**cycle)

    return curve


def _warmup_cosine(total: int, warmup: float) -> _Curve:
    """A linear rise over a share of the steps, then a cosine fall to the end."""
    rise = min(total, max(1, round(total * warmup)))

    def curve(steps: Floats) -> Floats:
        fall = _cosine((steps - rise) / max(1, total - rise))
        return np.where(steps < rise, (steps + 1.0) / rise, fall)

    return curve


def _piecewise(total: int, factor: float, shares: tuple[float, float]) -> _Curve:
    """A drop by the factor at each boundary, which are shares of the cap."""
    # A boundary between two steps counts from the step after it; rounding keeps one that lies
    # exactly on a step from slipping past it.
    boundaries = np.round(np.sort(np.array(shares, dtype=np.float64)) * total, 6)

    def curve(steps: Floats) -> Floats:
        return factor ** np.searchsorted(boundaries, steps, side="right").astype(np.float64)

    return curve


_Value: TypeAlias = Callable[[str], Any]

#: Of each schedule that is a curve, the multiplier of the learning rate as a function of the step,
#: from a function that gives its hyperparameters, the steps of an epoch and those of the cap.
_CURVES: dict[str, Callable[[_Value, int, int], _Curve]] = {
    CONSTANT: lambda value, epoch, total: np.ones_like,
    "power": lambda value, epoch, total: (
        lambda steps: (
            (1.0 + steps / (float(value("schedule_decay_epochs")) * epoch))
            ** -float(value("schedule_power"))
        )
    ),
    "exponential": lambda value, epoch, total: (
        lambda steps: 0.1 ** (steps / (float(value("schedule_decay_epochs")) * epoch))
    ),
    "piecewise": lambda value, epoch, total: _piecewise(
        total,
        float(value("schedule_factor")),
        (value("schedule_first_boundary"), value("schedule_second_boundary")),
    ),
    "cosine": lambda value, epoch, total: lambda steps: _cosine(steps / total),
    "cosine_restarts": lambda value, epoch, total: _cosine_restarts(
        total, int(value("schedule_cycles"))
    ),
    "warmup_cosine": lambda value, epoch, total: _warmup_cosine(
        total, float(value("schedule_warmup"))
    ),
    "linear": lambda value, epoch, total: lambda steps: 1.0 - steps / total,
}


def make_schedule(config: Mapping[str, Any], steps_per_epoch: int, epochs: int) -> Schedule:
    """Makes the schedule that a configuration asks for.

    With ``t`` in steps, ``N`` steps in the whole cap and ``lr0`` the configuration's
    ``learning_rate``:

    - constant: ``lr0``
    - power: ``lr0 / (1 + t / s) ** c``, s = ``schedule_decay_epochs`` (20), c =
      ``schedule_power`` (1)
    - exponential: ``lr0 * 0.1 ** (t / s)``
    - piecewise: times ``schedule_factor`` (0.1) at ``schedule_first_boundary`` (1/3) and again
      at ``schedule_second_boundary`` (2/3) of the cap
    - performance: times ``schedule_factor`` (0.5) when the validation loss has not fallen for
      ``schedule_patience`` (5) epochs
    - one_cycle: from ``lr0 * schedule_start`` (a tenth) linearly up to ``lr0`` at half the steps,
      back down, then to a thousandth of the start over the last tenth; a momentum, where there
      is one, is mirrored
    - cosine: ``lr0 * (1 + cos(pi * t / N)) / 2``
    - cosine_restarts: ``schedule_cycles`` (3) such cosines, each twice as long as the last
    - warmup_cosine: a linear rise over ``schedule_warmup`` (5 %) of the steps, then a cosine
    - linear: ``lr0 * (1 - t / N)``

    Args:
        config: The trial's configuration; reads ``schedule`` (constant where the space has
            none), ``learning_rate``, ``momentum`` and the ``schedule_*`` parameters.
        steps_per_epoch: Batches in one epoch, the last partial one included.
        epochs: The trial's cap of epochs.

    Returns:
        A new schedule, good for one trial.

    Raises:
        SpaceError: If the schedule's name is not known.
    """
    name = str(config.get("schedule", CONSTANT))
    if name not in SCHEDULES:
        near = near_names(name, SCHEDULES) or SCHEDULES
        raise SpaceError(f"There is no schedule {name!r}; choose {', '.join(near)}.")

    def value(key: str) -> Any:
        return config.get(key, schedule_default(key, name))

    rate = initial_rate(config)
    total = steps_per_epoch * epochs
    if name == PERFORMANCE:
        factor, patience = float(value("schedule_factor")), int(value("schedule_patience"))
        return PerformanceSchedule(rate, steps_per_epoch, epochs, factor, patience)
    if name == ONE_CYCLE:
        cycle = _OneCycle(total, float(value("schedule_start")))
        momentum = config.get("momentum")
        momenta = None if momentum is None else lambda t: cycle.momentum(float(momentum), t)
        return CurveSchedule(rate, cycle.rate, steps_per_epoch, epochs, momenta)
    curve = _CURVES[name](value, steps_per_epoch, total)
    return CurveSchedule(rate, curve, steps_per_epoch, epochs)


def initial_rate(config: Mapping[str, Any]) -> float:
    """The configuration's learning rate, or Keras's default for its optimizer.

    Args:
        config: The trial's configuration; reads ``learning_rate`` and ``optimizer``.

    Returns:
        The rate: 1e-2 for the SGD family and 1e-3 for the others where the space searches none.
    """
    rate = config.get("learning_rate")
    if rate is not None:
        return float(rate)
    entry = OPTIMIZERS.get(str(config.get("optimizer")))
    return 1e-3 if entry is None else entry.rate
