"""From a compiled Keras model's loss, metrics and optimizer to what the kernel knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from automl.models.keras_private import compile_arguments, has_schedule
from automl.models.keras_private import decays as is_decayed
from automl.models.losses import SmoothedSparseCrossentropy
from automl.models.optimizers import CycledRMSprop, CycledSGD, SquareRootFtrl
from automl.training.kernel.codes import SLOTS, Clipping, LossKind, Rule, UnsupportedModel
from automl.vocabulary.keras_functions import keras_options_of

_CLASSES = {
    keras.losses.MeanSquaredError: LossKind.MSE,
    keras.losses.MeanAbsoluteError: LossKind.MAE,
    keras.losses.Huber: LossKind.HUBER,
    keras.losses.BinaryCrossentropy: LossKind.SIGMOID_CE,
    keras.losses.CategoricalCrossentropy: LossKind.SOFTMAX_CE,
    keras.losses.SparseCategoricalCrossentropy: LossKind.SPARSE_CE,
}
_FUNCTIONS = {kind().fn: loss for kind, loss in _CLASSES.items()}
_HEADS = {
    LossKind.SIGMOID_CE: keras.activations.sigmoid,
    LossKind.SOFTMAX_CE: keras.activations.softmax,
    LossKind.SPARSE_CE: keras.activations.softmax,
}
_ACCURACIES = {
    LossKind.SIGMOID_CE: keras.metrics.BinaryAccuracy,
    LossKind.SOFTMAX_CE: keras.metrics.CategoricalAccuracy,
    LossKind.SPARSE_CE: keras.metrics.SparseCategoricalAccuracy,
}
_PLAIN_ARGUMENTS = {"axis": (-1,), "ignore_class": (None,)}
"""What a loss's further arguments have to be."""


@dataclass(frozen=True)
class TrainedLoss:
    """A loss and what is logged beside it.

    Attributes:
        loss: Which one.
        hyper: Label smoothing, or Huber's delta; and 1 where a crossentropy is of outputs
            without their activation (``from_logits=True``), else 0.
        head: The activation that the model has to end with, or None.
        accuracy: The name under which accuracy is logged, or "" where it is not.
    """

    loss: LossKind
    hyper: tuple[float, float]
    head: Any | None
    accuracy: str


def read_loss(model: Any) -> TrainedLoss:
    """Reads the loss and the metrics of a compiled model.

    Raises:
        UnsupportedModel: The kernel does not know one of them.
    """
    given = compile_arguments(model)
    if given["loss_weights"] is not None or given["weighted_metrics"]:
        raise UnsupportedModel("weights of losses or weighted metrics")
    loss = given["loss"]
    loss = loss[0] if isinstance(loss, (list, tuple)) and len(loss) == 1 else loss
    loss = keras.losses.get(loss) if isinstance(loss, str) else loss
    if isinstance(loss, SmoothedSparseCrossentropy):
        kind, hyper = LossKind.SPARSE_CE, (loss._label_smoothing, float(loss._from_logits))
    elif type(loss) in _CLASSES and loss.reduction == "sum_over_batch_size":
        kind = _CLASSES[type(loss)]
        hyper = _loss_hyper(kind, keras_options_of(loss))
    elif not isinstance(loss, keras.losses.Loss) and loss in _FUNCTIONS:
        kind = _FUNCTIONS[loss]
        hyper = _loss_hyper(kind, {})
    else:
        raise UnsupportedModel(f"the loss {loss!r}")
    accuracy = _accuracy_name(kind, given["metrics"])
    if not hyper[1]:
        return TrainedLoss(kind, hyper, _HEADS.get(kind), accuracy)
    if kind is LossKind.SIGMOID_CE and accuracy:
        raise UnsupportedModel("an accuracy of outputs without their sigmoid")
    return TrainedLoss(kind, hyper, None, accuracy)


def _loss_hyper(kind: LossKind, arguments: Mapping[str, Any]) -> tuple[float, float]:
    left = dict(arguments)
    first = left.pop("delta" if kind is LossKind.HUBER else "label_smoothing", None)
    raw = float(bool(left.pop("from_logits", False)))
    for name, value in left.items():
        if name not in _PLAIN_ARGUMENTS or value not in _PLAIN_ARGUMENTS[name]:
            raise UnsupportedModel(f"a loss with {name}={value!r}")
    default = 1.0 if kind is LossKind.HUBER else 0.0
    return (default if first is None else float(first), raw)


def _accuracy_name(kind: LossKind, metrics: Any) -> str:
    metrics = [] if metrics is None else metrics
    if not isinstance(metrics, (list, tuple)) or len(metrics) > 1:
        raise UnsupportedModel("several metrics")
    if not metrics:
        return ""
    metric = metrics[0]
    expected = _ACCURACIES.get(kind)
    if expected is not None and metric in ("accuracy", "acc"):
        return str(metric)
    if expected is None or type(metric) is not expected:
        raise UnsupportedModel(f"the metric {metric!r}")
    if isinstance(metric, keras.metrics.BinaryAccuracy) and keras_options_of(metric) != {
        "threshold": 0.5
    }:
        raise UnsupportedModel("an accuracy with a threshold of its own")
    return str(metric.name)


@dataclass(frozen=True)
class TrainedBy:
    """An optimizer.

    Attributes:
        rule: Its rule.
        clipping: How gradients are clipped.
        rate: Its learning rate, where no schedule gives one.
        clip: The bound of the clipping.
        decay: Its weight decay.
        hyper: Its factors: momentum or the first decay, the second decay, epsilon, a free one.
        first_slots: What each of its numbers a weight starts from.
        cycles_momentum: Whether a schedule may set its momentum.
    """

    rule: Rule
    clipping: Clipping
    rate: float
    clip: float
    decay: float
    hyper: tuple[float, float, float, float]
    first_slots: tuple[float, ...]
    cycles_momentum: bool = False


def read_optimizer(optimizer: Any) -> TrainedBy:
    """Reads a Keras optimizer, built or not, that has not made a step yet.

    Raises:
        UnsupportedModel: The kernel does not know it.
    """
    kind = type(optimizer)
    if kind not in _OPTIMIZERS:
        raise UnsupportedModel(f"the optimizer {kind.__name__}")
    if (
        optimizer.use_ema
        or optimizer.gradient_accumulation_steps
        or optimizer.loss_scale_factor is not None
        or has_schedule(optimizer)
    ):
        raise UnsupportedModel("an optimizer with averages, accumulation or its own schedule")
    rule, hyper, first = _OPTIMIZERS[kind](optimizer)
    clipping, clip = _clipping(optimizer)
    return TrainedBy(
        rule=rule,
        clipping=clipping,
        rate=float(np.asarray(optimizer.learning_rate)),
        clip=clip,
        decay=float(optimizer.weight_decay or 0.0),
        hyper=hyper,
        first_slots=(first,) + (0.0,) * (SLOTS[rule] - 1) if SLOTS[rule] else (),
        cycles_momentum=kind in (CycledSGD, CycledRMSprop),
    )


def variable_floats(model: Any) -> npt.NDArray[np.float32]:
    """Penalties, decay and bounds of a model's trained variables.

    Returns:
        float32 (variables, 4): L1, L2, whether it decays, largest norm of a column.

    Raises:
        UnsupportedModel: A penalty or constraint that the kernel does not know.
    """
    rows = []
    for variable in model.trainable_variables:
        l1, l2 = _penalty(variable.regularizer)
        decays = is_decayed(model.optimizer, variable)
        rows.append((l1, l2, float(decays), _norm_bound(variable)))
    return np.array(rows, np.float32).reshape(-1, 4)


def _penalty(regularizer: Any) -> tuple[float, float]:
    if regularizer is None:
        return 0.0, 0.0
    if type(regularizer) is keras.regularizers.L1:
        return float(regularizer.l1), 0.0
    if type(regularizer) is keras.regularizers.L2:
        return 0.0, float(regularizer.l2)
    if type(regularizer) is keras.regularizers.L1L2:
        return float(regularizer.l1), float(regularizer.l2)
    raise UnsupportedModel(f"the penalty {type(regularizer).__name__}")


def _norm_bound(variable: Any) -> float:
    constraint = variable.constraint
    if constraint is None:
        return 0.0
    if type(constraint) is not keras.constraints.MaxNorm or constraint.axis != 0:
        raise UnsupportedModel(f"the constraint {type(constraint).__name__}")
    if len(variable.shape) != 2 or constraint.max_value <= 0:
        raise UnsupportedModel("a constraint on something else than a kernel")
    return float(constraint.max_value)


def _clipping(optimizer: Any) -> tuple[Clipping, float]:
    """The clipping that Keras applies: the first of the three that is set."""
    if optimizer.clipnorm:
        return Clipping.NORM, float(optimizer.clipnorm)
    if optimizer.global_clipnorm:
        return Clipping.GLOBAL_NORM, float(optimizer.global_clipnorm)
    if optimizer.clipvalue:
        return Clipping.VALUE, float(optimizer.clipvalue)
    return Clipping.NONE, 0.0


_Read = tuple[Rule, tuple[float, float, float, float], float]
"""The rule, its factors, and what the first of its numbers a weight starts from."""


def _sgd(optimizer: Any) -> _Read:
    rule = Rule.SGD
    if optimizer.momentum or isinstance(optimizer, CycledSGD):
        rule = Rule.NESTEROV if optimizer.nesterov else Rule.MOMENTUM
    return rule, (float(optimizer.momentum), 0.0, 0.0, 0.0), 0.0


def _rmsprop(optimizer: Any) -> _Read:
    if optimizer.centered:
        raise UnsupportedModel("a centred RMSprop")
    factors = (float(optimizer.momentum), optimizer.rho, optimizer.epsilon, 0.0)
    return Rule.RMSPROP, factors, 0.0


def _adagrad(optimizer: Any) -> _Read:
    factors = (0.0, 0.0, optimizer.epsilon, 0.0)
    return Rule.ADAGRAD, factors, float(optimizer.initial_accumulator_value)


def _adadelta(optimizer: Any) -> _Read:
    return Rule.ADADELTA, (0.0, optimizer.rho, optimizer.epsilon, 0.0), 0.0


def _adam(optimizer: Any) -> _Read:
    rules = {keras.optimizers.Adamax: Rule.ADAMAX, keras.optimizers.Nadam: Rule.NADAM}
    rule = rules.get(type(optimizer), Rule.ADAM)
    if getattr(optimizer, "amsgrad", False):
        rule = Rule.AMSGRAD
    return rule, (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon, 0.0), 0.0


def _lion(optimizer: Any) -> _Read:
    return Rule.LION, (optimizer.beta_1, optimizer.beta_2, 0.0, 0.0), 0.0


def _ftrl(optimizer: Any) -> _Read:
    if (
        optimizer.learning_rate_power != -0.5
        or optimizer.l1_regularization_strength
        or optimizer.l2_regularization_strength
        or optimizer.l2_shrinkage_regularization_strength
    ):
        raise UnsupportedModel("an FTRL with penalties")
    return Rule.FTRL, (optimizer.beta, 0.0, 0.0, 0.0), float(optimizer.initial_accumulator_value)


_OPTIMIZERS = {
    keras.optimizers.SGD: _sgd,
    CycledSGD: _sgd,
    keras.optimizers.RMSprop: _rmsprop,
    CycledRMSprop: _rmsprop,
    keras.optimizers.Adagrad: _adagrad,
    keras.optimizers.Adadelta: _adadelta,
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adam,
    keras.optimizers.Adamax: _adam,
    keras.optimizers.Nadam: _adam,
    keras.optimizers.Lion: _lion,
    SquareRootFtrl: _ftrl,
    keras.optimizers.Ftrl: _ftrl,
}
