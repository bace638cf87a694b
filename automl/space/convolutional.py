"""The hyperparameters that all convolutional networks share, as fragments.

Names, ranges and meanings are those of the dense spaces (`automl.space.dense`); what differs:

1. No SELU, which self-normalizes only in a plain stack of dense layers, and so no alpha dropout.
2. No saturating activations but in LeNet-5: a convolutional network is deeper than 2 layers.
3. Batch normalization only with batches of at least 20, as there.
4. Dropout stands behind dense layers, or behind each group of convolutions too, where its rate is
   `automl.models.conv_blocks.CONVOLUTIONS_SHARE` of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from automl.space.augmentation import augmentation_hyperparameters
from automl.space.choice import Boolean, Choice
from automl.space.condition import Ref
from automl.space.dense import activation_hyperparameters, normalization_hyperparameters
from automl.space.hyperparameter import UNSET, Hyperparameter
from automl.space.numeric import Float, Int
from automl.space.regularization import (
    constraint_hyperparameters,
    dropout_kind_hyperparameter,
    dropout_rate_hyperparameter,
    regularizer_hyperparameters,
)
from automl.space.search_space import Builder, SearchSpace
from automl.space.training import IMAGE_BATCH_SIZES, training_hyperparameters
from automl.vocabulary.activations import ACTIVATIONS, SATURATING
from automl.vocabulary.dtype_policies import DTYPE_POLICY, FLOAT32, MIXED_BFLOAT16
from automl.vocabulary.inputs import IMAGE
from automl.vocabulary.jit_compilation import JIT_COMPILE
from automl.vocabulary.layers import (
    BATCH_NORM_LEAST_BATCH,
    CONVOLUTIONAL_PLACEMENTS,
    DOWNSAMPLINGS,
    NONE,
    NORMALIZATIONS,
    POOLINGS,
)
from automl.vocabulary.optimizers import DEFAULT_OPTIMIZER, OPTIMIZERS
from automl.vocabulary.schedules import DEFAULT_SCHEDULE, SCHEDULES
from automl.vocabulary.sources import FERLITSCH_DESIGN, GERON, PLAYBOOK, ZAFAR

FAST_RATE = 1e-2
"""Learning rate at which a cycle of few epochs turns around. Over five epochs of 8,500 rows of
Fashion-MNIST, the validation log loss of `fastcnn` was 0.421 at 0.001, 0.286 at 0.005 and 0.261 at
0.015."""
_RATE_ROOM = 5.0
"""How many times as high as its default it may be."""


def convolutional_space(
    name: str,
    shape: Sequence[Hyperparameter],
    build: Builder,
    *,
    style: Sequence[Hyperparameter],
    training: Sequence[Hyperparameter],
    portfolio: Sequence[Mapping[str, Any]] = (),
) -> SearchSpace:
    """The search space of a family of convolutional networks.

    Args:
        name: The family's name.
        shape: What is its own: which layers there are, how many, how wide.
        build: Its builder.
        style: How its layers are made; see `style_hyperparameters`.
        training: How it is trained; see `image_training_hyperparameters`.
        portfolio: Configurations to be tried first.
    """
    hyperparameters = [*shape, *style, *augmentation_hyperparameters(), *training]
    return SearchSpace(name, hyperparameters, build, inputs=IMAGE, portfolio=portfolio)


def style_hyperparameters(
    *,
    activation: str = "relu",
    saturating: bool = False,
    normalization: str = NONE,
    needs_normalization: bool = False,
    placements: Sequence[str] = ("before_activation", "after_activation"),
    dropout: str = NONE,
    dropout_rate: float = 0.5,
) -> list[Hyperparameter]:
    """How every layer of a convolutional network is made.

    Args:
        activation: Default of the activation.
        saturating: Whether tanh and sigmoid are offered.
        normalization: Default of the normalization.
        needs_normalization: Whether there is no network of this family without one.
        placements: Where the normalization may stand, default first; none where the family says.
        dropout: Default of the kind of dropout.
        dropout_rate: Default of its rate.

    Returns:
        Activation, initializer, normalization, dropout, regularizer and constraint; they read
        ``batch_size``, which comes from `image_training_hyperparameters`.
    """
    return [
        *_activation(activation, saturating),
        *_normalization(normalization, needs_normalization),
        *_placement(placements),
        dropout_kind_hyperparameter(dropout),
        dropout_rate_hyperparameter(dropout_rate),
        Choice(
            "dropout_placement",
            CONVOLUTIONAL_PLACEMENTS,
            when=Ref("dropout_kind") != NONE,
            help="which layers are followed by dropout: those of the head, or convolutions too",
            source=f"{ZAFAR}: 0.2 on convolutions, 0.5 on dense layers",
        ),
        *regularizer_hyperparameters(selu=False),
        *constraint_hyperparameters(selu=False),
    ]


def _dense(name: str, fragment: Iterable[Hyperparameter]) -> Hyperparameter:
    """A hyperparameter of the dense spaces, whose range is the same here."""
    return next(parameter for parameter in fragment if parameter.name == name)


def _activation(default: str, saturating: bool) -> list[Hyperparameter]:
    kept = [n for n in ACTIVATIONS if n != "selu" and (saturating or n not in SATURATING)]
    dense = activation_hyperparameters()
    initializer = _dense("initializer", dense)
    return [
        Choice(
            "activation",
            kept,
            default=default,
            help="activation of convolutions and hidden layers",
            source=_dense("activation", dense).source,
        ),
        _dense("negative_slope", dense),
        replace(initializer, when=None, otherwise=UNSET),
    ]


def _normalization(default: str, needed: bool) -> list[Hyperparameter]:
    """Batch or layer normalization, or none; batch never in small batches."""
    options = [*([] if needed else [NONE]), *NORMALIZATIONS]
    large = Choice(
        "normalization",
        options,
        default=default,
        when=Ref("batch_size") >= BATCH_NORM_LEAST_BATCH,
        help="normalization of convolutions (layer: of each place's channels) and hidden layers",
        source=f"{GERON}, ch. 11; {ZAFAR}; batches of 20 or more for batch normalization",
    )
    few = [name for name in options if name == NONE or NORMALIZATIONS[name].least_batch == 1]
    small = replace(
        large,
        options=few,
        default=default if default in few else few[-1],
        when=Ref("batch_size") < BATCH_NORM_LEAST_BATCH,
        label="small batches",
    )
    momentum = _dense("batch_norm_momentum", normalization_hyperparameters())
    return [large, small, replace(momentum, when=Ref("normalization") == "batch")]


def _placement(placements: Sequence[str]) -> list[Hyperparameter]:
    if not placements:
        return []
    return [
        Choice(
            "normalization_placement",
            placements,
            when=Ref("normalization") != NONE,
            otherwise=placements[0],
            help="where the normalization stands",
            source=f"{GERON}: experiment; {ZAFAR}: both should work",
        )
    ]


def downsampling_hyperparameter() -> Choice:
    """What halves the maps behind a group of convolutions."""
    return Choice(
        "downsampling",
        tuple(DOWNSAMPLINGS),
        help="what halves the maps: pooling, or the last convolution of a group in steps of 2",
        source=f"{GERON}, ch. 14; strided: Springenberg et al. 2015, arXiv 1412.6806",
    )


def pooling_hyperparameter(default: str) -> Choice:
    """How maps become the vector that the head takes.

    Args:
        default: flatten or global_average.
    """
    return Choice(
        "pooling",
        tuple(POOLINGS),
        default=default,
        help="how maps become a vector: one number a place and channel, or a mean a channel",
        source=f"{GERON}, ch. 14; {ZAFAR}",
    )


def dense_head_hyperparameters(
    depth: int, width: int, *, most: int = 512, halving: bool = True
) -> list[Hyperparameter]:
    """Dense layers between the maps and the outputs.

    Args:
        depth: Default of their number.
        width: Default of the first one's units.
        most: Most units of it.
        halving: Whether each later one has half of the units, which the builder does.
    """
    later = "each later one has half the units" if halving else "all of one width"
    return [
        Int(
            "head_depth",
            0,
            2,
            default=depth,
            help=f"dense layers in front of the outputs; {later}",
            source=f"{GERON}, ch. 14; one suffices after global average pooling",
        ),
        Int(
            "head_width",
            64,
            most,
            step=64,
            log=True,
            default=width,
            when=Ref("head_depth") > 0,
            help="units of the first of them",
            source=f"{GERON}, ch. 14",
        ),
    ]


def width_factor_hyperparameter(options: Sequence[float], default: float, source: str) -> Choice:
    """By how much all of a family's channels are multiplied, and rounded to multiples of 8.

    Args:
        options: The factors, 1.0 the published network.
        default: The default.
        source: Where they come from.
    """
    return Choice(
        "width_factor",
        options,
        default=default,
        help="what multiplies the channels of every layer",
        source=source,
    )


def image_training_hyperparameters(
    *,
    optimizer: str = DEFAULT_OPTIMIZER,
    schedule: str = DEFAULT_SCHEDULE,
    batch_size: int = 64,
    learning_rate: float | None = None,
) -> list[Hyperparameter]:
    """The training hyperparameters of every space, with batches that suit convolutions.

    Args:
        optimizer: The default optimizer.
        schedule: The default schedule.
        batch_size: The default batch size.
        learning_rate: That of the default optimizer; None for the usual.

    Returns:
        `automl.space.training_hyperparameters` without AdaGrad, which is for linear models.
    """
    deep = [name for name, one in OPTIMIZERS.items() if not one.linear_only]
    batches = Choice(
        "batch_size",
        IMAGE_BATCH_SIZES,
        default=batch_size,
        help="rows a step; a search tries those with 2 to 512 steps an epoch",
        source=f"{FERLITSCH_DESIGN}; {PLAYBOOK}: choose it for throughput, not for score",
    )
    usual = training_hyperparameters(
        optimizers=_first(optimizer, deep),
        schedules=_first(schedule, SCHEDULES),
        batch_size=False,
        label_smoothing=True,
    )
    if learning_rate is not None:
        usual = [_with_rate(one, optimizer, learning_rate) for one in usual]
    policy = Choice(
        DTYPE_POLICY,
        (FLOAT32, MIXED_BFLOAT16),
        help="what training steps compute in; scores and what is exported are float32; a search "
        "takes the latter where its machine was measured to be faster in it",
        source="Micikevicius et al. 2018, arXiv 1710.03740; Kalamkar et al. 2019, arXiv 1905.12322",
    )
    compilation = Boolean(
        JIT_COMPILE,
        help="whether XLA compiles training steps; a search on a GPU does where that was measured "
        "to save more than it takes, on cores it takes longer",
        source="measured (docs/choosing.md)",
    )
    return [*usual, batches, policy, compilation]


def _with_rate(parameter: Hyperparameter, optimizer: str, rate: float) -> Hyperparameter:
    """The hyperparameter, with another default if it is the learning rate of that optimizer."""
    if not isinstance(parameter, Float) or parameter.name != "learning_rate":
        return parameter
    if not parameter.active({"optimizer": optimizer}):
        return parameter
    source = f"{parameter.source}; default measured"
    high = max(parameter.high, _RATE_ROOM * rate)
    return replace(parameter, default=rate, high=high, source=source)


def _first(default: str, names: Sequence[str]) -> list[str]:
    """The names, the default in front."""
    return [default, *(name for name in names if name != default)]
