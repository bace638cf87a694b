"""From a configuration to a Keras optimizer: which, clipping, weight decay, momentum.

The learning rate is always a plain variable, never a schedule object: the training loop assigns
it before each step (see `automl.models.schedules`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from automl.common.names import near_names
from automl.errors import SpaceError
from automl.models.schedules import initial_rate
from automl.vocabulary.averaging import AVERAGE_DECAY, MOVING_AVERAGE, WEIGHT_AVERAGING
from automl.vocabulary.optimizers import CLIPPING, DECAY, DEFAULT_OPTIMIZER, OPTIMIZERS
from automl.vocabulary.schedules import ONE_CYCLE

UNDECAYED = ["bias", "gamma", "beta", "alpha"]
"""Weights that decay never touches: biases, the scales and shifts of normalization and PReLU's
slopes (He et al. 2015 for PReLU; Loshchilov & Hutter's decay is meant for kernels)."""


class _CycledMomentum:
    """Of an optimizer whose momentum is a variable."""

    def build(self: Any, variables: list[Any]) -> None:
        """Creates what the optimizer has for each variable, and the momentum variable."""
        if self.built:
            return
        super().build(variables)  # type: ignore[misc]
        self.momentum_variable = self.add_variable(
            shape=(), initializer=keras.initializers.Constant(self.momentum), name="momentum"
        )


class CycledSGD(_CycledMomentum, keras.optimizers.SGD):  # type: ignore[misc]
    """SGD whose momentum is a variable, so that a schedule can assign it inside a graph.

    Keras's own SGD keeps the momentum as a Python number, which a graph freezes when it is
    traced. The update rule is the same.

    Attributes:
        momentum_variable: Scalar variable with the momentum of the next step.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable; the rule of ``keras.optimizers.SGD``."""
        ops = keras.ops
        step = ops.cast(gradient, variable.dtype) * ops.cast(learning_rate, variable.dtype)
        momentum = ops.cast(self.momentum_variable, variable.dtype)
        velocity = self.momentums[self._get_variable_index(variable)]
        self.assign(velocity, velocity * momentum - step)
        if self.nesterov:
            self.assign_add(variable, velocity * momentum - step)
        else:
            self.assign_add(variable, velocity)


class CycledRMSprop(_CycledMomentum, keras.optimizers.RMSprop):  # type: ignore[misc]
    """RMSprop whose momentum is a variable; see `CycledSGD`.

    Attributes:
        momentum_variable: Scalar variable with the momentum of the next step.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable; the rule of ``keras.optimizers.RMSprop``, not centred."""
        ops = keras.ops
        gradient = ops.cast(gradient, variable.dtype)
        rate = ops.cast(learning_rate, variable.dtype)
        index = self._get_variable_index(variable)
        velocity, average = self._velocities[index], self._momentums[index]
        self.assign(velocity, self.rho * velocity + (1 - self.rho) * ops.square(gradient))
        step = rate * gradient / ops.sqrt(velocity + self.epsilon)
        self.assign(average, ops.cast(self.momentum_variable, variable.dtype) * average + step)
        self.assign_sub(variable, average)


class SquareRootFtrl(keras.optimizers.Ftrl):  # type: ignore[misc]
    """FTRL with its usual learning-rate power of -0.5, as square roots.

    Keras's own raises three tensors to a power in each step, which takes ten times as long as
    the square roots that they are at the default power, unless TensorFlow's graph optimizer
    rewrites them; short trials run without it. The update rule is the same.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Updates one variable; the rule of ``keras.optimizers.Ftrl`` without penalties."""
        ops = keras.ops
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        index = self._get_variable_index(variable)
        accumulator, linear = self._accumulators[index], self._linears[index]
        accumulated = accumulator + ops.square(gradient)
        root = ops.sqrt(accumulated)
        self.assign_add(linear, gradient - (root - ops.sqrt(accumulator)) / rate * variable)
        self.assign(variable, -linear * rate / (root + self.beta))
        self.assign(accumulator, accumulated)


def momentum_variable(optimizer: Any) -> Any | None:
    """The variable that holds the optimizer's momentum, to be assigned before each step.

    Args:
        optimizer: A built Keras optimizer.

    Returns:
        A scalar Keras variable, or None where the momentum cannot be assigned; then
        `Schedule.momenta` gives None too.
    """
    return getattr(optimizer, "momentum_variable", None)


#: Classes of our own for Keras's.
_OWN = {"Ftrl": SquareRootFtrl}
_CYCLED = {"SGD": CycledSGD, "RMSprop": CycledRMSprop}


def make_optimizer(config: Mapping[str, Any]) -> Any:
    """Makes the optimizer that a configuration asks for.

    ``sgd``, ``momentum`` and ``nesterov`` are Keras's SGD without momentum, with it and with
    Nesterov's look-ahead; ``amsgrad`` is Adam with ``amsgrad=True``. Where the schedule is
    ``one_cycle`` and the optimizer has a momentum, the momentum is a variable (`CycledSGD`,
    `CycledRMSprop`) that `momentum_variable` gives.

    Args:
        config: The trial's configuration; reads ``optimizer`` (nadam where the space has
            none: Géron, Hands-On Machine Learning, 2nd ed., table 11-2), ``learning_rate``,
            ``momentum``, ``rho``, ``beta_1``, ``beta_2``, ``epsilon``, ``weight_decay``,
            ``clipping``, ``clip_threshold``, ``schedule``, ``weight_averaging`` and
            ``average_decay``. What is not there keeps Keras's default.

    Returns:
        An unbuilt ``keras.optimizers.Optimizer``.

    Raises:
        SpaceError: If the optimizer or the kind of clipping is not known.
    """
    name = str(_value(config, "optimizer", DEFAULT_OPTIMIZER))
    if name not in OPTIMIZERS:
        raise _unknown("optimizer", name, tuple(OPTIMIZERS))
    entry = OPTIMIZERS[name]
    arguments: dict[str, Any] = {
        **{key: float(_value(config, key, value)) for key, value in entry.arguments.items()},
        **entry.fixed,
        "learning_rate": initial_rate(config),
        **_clipping(config),
        **_averaging(config),
    }
    decay = float(_value(config, DECAY.name, 0.0))
    if decay > 0.0:
        arguments["weight_decay"] = decay
    kind = _OWN.get(entry.keras) or getattr(keras.optimizers, entry.keras)
    if arguments.get("momentum", 0.0) > 0.0 and config.get("schedule") == ONE_CYCLE:
        kind = _CYCLED[entry.keras]
    optimizer = kind(**arguments)
    if decay > 0.0:
        optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    return optimizer


def _averaging(config: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a moving average of the weights is kept, and how much of it stays in each step."""
    if config.get(WEIGHT_AVERAGING) != MOVING_AVERAGE:
        return {}
    return {"use_ema": True, "ema_momentum": float(config[AVERAGE_DECAY])}


def _clipping(config: Mapping[str, Any]) -> dict[str, float]:
    """The one clipping argument that the configuration asks for; Keras refuses two."""
    kind = _value(config, "clipping", "none")
    if kind == "none":
        return {}
    if kind not in CLIPPING:
        raise _unknown("kind of clipping", str(kind), ("none", *CLIPPING))
    return {CLIPPING[str(kind)]: float(_value(config, "clip_threshold", 1.0))}


def _value(config: Mapping[str, Any], name: str, default: Any) -> Any:
    """The configuration's value, or the default where it has none or an empty one."""
    value = config.get(name)
    return default if value is None else value


def _unknown(what: str, name: str, known: tuple[str, ...]) -> SpaceError:
    near = near_names(name, known) or list(known)
    return SpaceError(f"There is no {what} {name!r}; choose {', '.join(near)}.")
