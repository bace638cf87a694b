"""From a configuration to a Keras optimizer: thirteen names, clipping, weight decay, momentum.

The learning rate is always a plain variable, never a schedule object: the training loop assigns
it before each step (see `automl.models.schedules`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.common.names import near_names
from automl.errors import SpaceError
from automl.models.schedules import initial_rate

OPTIMIZERS = (
    "sgd",
    "momentum",
    "nesterov",
    "adagrad",
    "adadelta",
    "rmsprop",
    "adam",
    "amsgrad",
    "adamw",
    "adamax",
    "nadam",
    "ftrl",
    "lion",
)

CLIPPING = {"value": "clipvalue", "norm": "clipnorm", "global_norm": "global_clipnorm"}
UNDECAYED = ["bias", "gamma", "beta", "alpha"]
"""Weights that decay never touches: biases, the scales and shifts of normalization and PReLU's
slopes (He et al. 2015 for PReLU; Loshchilov & Hutter's decay is meant for kernels)."""


class CycledSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """SGD whose momentum is a variable, so that a schedule can assign it inside a graph.

    Keras's own SGD keeps the momentum as a Python number, which a graph freezes when it is
    traced. The update rule is the same.

    Attributes:
        momentum_variable: Scalar variable with the momentum of the next step.
    """

    def build(self, variables: list[Any]) -> None:
        """Creates the velocities and the momentum variable."""
        if self.built:
            return
        super().build(variables)
        self.momentum_variable = _momentum_variable(self)

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


class CycledRMSprop(keras.optimizers.RMSprop):  # type: ignore[misc]
    """RMSprop whose momentum is a variable; see `CycledSGD`.

    Attributes:
        momentum_variable: Scalar variable with the momentum of the next step.
    """

    def build(self, variables: list[Any]) -> None:
        """Creates the velocities, the momenta and the momentum variable."""
        if self.built:
            return
        super().build(variables)
        self.momentum_variable = _momentum_variable(self)

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


def _momentum_variable(optimizer: Any) -> Any:
    return optimizer.add_variable(
        shape=(), initializer=keras.initializers.Constant(optimizer.momentum), name="momentum"
    )


def momentum_variable(optimizer: Any) -> Any | None:
    """The variable that holds the optimizer's momentum, to be assigned before each step.

    Args:
        optimizer: A built Keras optimizer.

    Returns:
        A scalar Keras variable, or None where the momentum cannot be assigned; then
        `Schedule.momenta` gives None too.
    """
    return getattr(optimizer, "momentum_variable", None)


def _sgd(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    name = config.get("optimizer")
    if name == "sgd":
        return keras.optimizers.SGD(**common)
    kind = CycledSGD if _cycles_momentum(config) else keras.optimizers.SGD
    momentum = float(_value(config, "momentum", 0.9))
    return kind(momentum=momentum, nesterov=name == "nesterov", **common)


def _rmsprop(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    momentum = float(_value(config, "momentum", 0.0))
    kind = CycledRMSprop if momentum > 0 and _cycles_momentum(config) else keras.optimizers.RMSprop
    rho, epsilon = float(_value(config, "rho", 0.9)), float(_value(config, "epsilon", 1e-7))
    return kind(rho=rho, momentum=momentum, epsilon=epsilon, **common)


def _adadelta(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    rho, epsilon = float(_value(config, "rho", 0.95)), float(_value(config, "epsilon", 1e-7))
    return keras.optimizers.Adadelta(rho=rho, epsilon=epsilon, **common)


def _adam(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    name = str(config.get("optimizer", "nadam"))
    kinds: dict[str, Any] = {
        "adam": keras.optimizers.Adam,
        "amsgrad": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "adamax": keras.optimizers.Adamax,
        "nadam": keras.optimizers.Nadam,
    }
    extra = {"amsgrad": True} if name == "amsgrad" else {}
    return kinds[name](
        beta_1=float(_value(config, "beta_1", 0.9)),
        beta_2=float(_value(config, "beta_2", 0.999)),
        epsilon=float(_value(config, "epsilon", 1e-7)),
        **extra,
        **common,
    )


def _lion(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    beta_1, beta_2 = float(_value(config, "beta_1", 0.9)), float(_value(config, "beta_2", 0.99))
    return keras.optimizers.Lion(beta_1=beta_1, beta_2=beta_2, **common)


def _adagrad(config: Mapping[str, Any], common: dict[str, Any]) -> Any:
    return keras.optimizers.Adagrad(epsilon=float(_value(config, "epsilon", 1e-7)), **common)


def _ftrl(_: Mapping[str, Any], common: dict[str, Any]) -> Any:
    return SquareRootFtrl(**common)


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
            ``clipping``, ``clip_threshold`` and ``schedule``. What is not there keeps Keras's
            default.

    Returns:
        An unbuilt ``keras.optimizers.Optimizer``.

    Raises:
        SpaceError: If the optimizer or the kind of clipping is not known.
    """
    name = str(_value(config, "optimizer", "nadam"))
    makers: dict[str, Callable[[Mapping[str, Any], dict[str, Any]], Any]] = {
        **dict.fromkeys(("sgd", "momentum", "nesterov"), _sgd),
        **dict.fromkeys(("adam", "amsgrad", "adamw", "adamax", "nadam"), _adam),
        "adagrad": _adagrad,
        "adadelta": _adadelta,
        "rmsprop": _rmsprop,
        "ftrl": _ftrl,
        "lion": _lion,
    }
    if name not in makers:
        raise _unknown("optimizer", name, OPTIMIZERS)
    common: dict[str, Any] = {"learning_rate": initial_rate(config), **_clipping(config)}
    decay = float(_value(config, "weight_decay", 0.0))
    if decay > 0.0 or name == "adamw":
        common["weight_decay"] = decay
    optimizer = makers[name](config, common)
    if decay > 0.0:
        optimizer.exclude_from_weight_decay(var_names=UNDECAYED)
    return optimizer


def _clipping(config: Mapping[str, Any]) -> dict[str, float]:
    """The one clipping argument that the configuration asks for; Keras refuses two."""
    kind = _value(config, "clipping", "none")
    if kind == "none":
        return {}
    if kind not in CLIPPING:
        raise _unknown("kind of clipping", str(kind), ("none", *CLIPPING))
    return {CLIPPING[str(kind)]: float(_value(config, "clip_threshold", 1.0))}


def _cycles_momentum(config: Mapping[str, Any]) -> bool:
    return config.get("schedule") == "one_cycle"


def _value(config: Mapping[str, Any], name: str, default: Any) -> Any:
    """The configuration's value, or the default where it has none or an empty one."""
    value = config.get(name)
    return default if value is None else value


def _unknown(what: str, name: str, known: tuple[str, ...]) -> SpaceError:
    near = near_names(name, known) or list(known)
    return SpaceError(f"There is no {what} {name!r}; choose {', '.join(near)}.")
