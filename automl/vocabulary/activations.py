"""The activations of hidden layers, one entry each, and the initializers of their kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_HE, _GLOROT = "he_normal", "glorot_uniform"


@dataclass(frozen=True)
class Activation:
    """An activation; one without a layer of its own has Keras's name.

    Attributes:
        name: Its name.
        initializer: What ``auto`` initializes a kernel with that it follows (Géron, Hands-On
            Machine Learning, 2nd ed., table 11-1).
        layer: Keras's class where it is a layer of its own, else "".
        arguments: Hyperparameters that the layer takes.
        learnt: Whether the layer learns its slopes, one for each unit or channel.
        saturating: Whether its gradient vanishes on both sides, so that deep stacks need batch
            normalization.
        rarely_good: Whether it was among the best three of none of 21 searches on letter, bank,
            magic and housing (measured, ``--time 90s``): a search tries it only where ``--set
            activation=...`` does.
        least_rows: Training rows that it needs.
    """

    name: str
    initializer: str = _HE
    layer: str = ""
    arguments: tuple[str, ...] = ()
    learnt: bool = False
    saturating: bool = False
    rarely_good: bool = False
    least_rows: int = 0


LINEAR = Activation("linear", _GLOROT)

ACTIVATIONS: Mapping[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("relu"),
        Activation(
            "leaky_relu", layer="LeakyReLU", arguments=("negative_slope",), rarely_good=True
        ),
        # It needs plenty of data, and may overfit small sets (Géron, ch. 11; own number, the book
        # names none).
        Activation("prelu", layer="PReLU", learnt=True, rarely_good=True, least_rows=10_000),
        Activation("elu"),
        Activation("selu", "lecun_normal"),
        Activation("gelu"),
        Activation("silu"),
        Activation("mish"),
        Activation("tanh", _GLOROT, saturating=True),
        Activation("sigmoid", _GLOROT, saturating=True, rarely_good=True),
    )
}
SATURATING = tuple(name for name, one in ACTIVATIONS.items() if one.saturating)

AUTO_INITIALIZER, HE_FAN_AVG = "auto", "he_fan_avg"
#: Keras's names, but for the first, which follows the activation, and `HE_FAN_AVG`.
INITIALIZERS = (
    AUTO_INITIALIZER,
    _HE,
    "he_uniform",
    HE_FAN_AVG,
    "glorot_normal",
    _GLOROT,
    "lecun_normal",
    "lecun_uniform",
    "orthogonal",
)
