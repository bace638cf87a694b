"""The hyperparameters of dense networks, as fragments that keep the rules between them.

The rules hold by construction: what an option forbids is inactive (and reads as the harmless
value) or is split into variants, so that an invalid combination is never sampled.

1. SELU only in a plain sequential stack with LeCun normal, standardized inputs, no normalization,
   no regularizer, no max-norm and alpha dropout alone.
2. A layer that is followed by batch normalization has no bias: `automl.models.blocks`.
3. Batch normalization only with batches of at least 20.
4. Saturating activations (tanh, sigmoid) deeper than 2 layers only with batch normalization.
5. Depth stays below 10, where plain stacks become erratic.
6. AdaGrad for linear models only; PReLU only with plenty of data
   (`automl.space.data_rules.suit_to_data`).
7. `auto` initialization follows the activation: `automl.models.blocks`.
8. Clipping by one kind only: it is one choice.

Sources: G = Géron, Hands-On Machine Learning, 2nd ed.; F3 = Ferlitsch, Learning Keras
Handbook 3; C = Ferlitsch, Deep Learning Design; P = Zafar et al., Hands-On CNNs with TensorFlow;
R = RealMLP, arXiv 2407.04491; T = TabM, arXiv 2410.24210.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from automl.space.choice import Choice
from automl.space.condition import Ref
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Int
from automl.space.regularization import (
    constraint_hyperparameters,
    dropout_hyperparameters,
    not_selu,
    regularizer_hyperparameters,
)
from automl.space.training import training_hyperparameters
from automl.vocabulary.activations import (
    ACTIVATIONS,
    AUTO_INITIALIZER,
    INITIALIZERS,
    LINEAR,
    SATURATING,
)
from automl.vocabulary.layers import (
    BATCH_NORM_LEAST_BATCH,
    BINS,
    INPUT_NORMALIZATIONS,
    NONE,
    NORMALIZATIONS,
    NUMERIC_BINS,
    NUMERIC_EMBEDDING,
    NUMERIC_EMBEDDINGS,
    PIECEWISE_LINEAR,
    STANDARDIZE,
)
from automl.vocabulary.optimizers import OPTIMIZERS
from automl.vocabulary.sources import FERLITSCH_DESIGN, GERON, REALMLP, TABM, ZAFAR

_DEPTH, _BATCH = Ref("depth"), Ref("batch_size")
_ACTIVATION = Ref("activation")


_SHALLOW = Int(
    "depth",
    0,
    5,
    default=2,
    help="hidden layers; 0 is a linear model",
    source=f"{GERON}, ch. 10: 0-3 searched, 1-5 typical",
)


def shape_hyperparameters(depth: Int = _SHALLOW) -> list[Hyperparameter]:
    """Depth, width and how the width changes from layer to layer.

    Args:
        depth: Another range of depths, named ``depth``; 0 to 5 if not given.

    Returns:
        depth, width, width_shape.
    """
    return [
        depth,
        Int(
            "width",
            16,
            512,
            step=16,
            log=True,
            default=128,
            when=_DEPTH > 0,
            help="units of the first hidden layer",
            source=f"own steps; {GERON} 10-100; {TABM} 64-1024; {REALMLP} 256",
        ),
        Choice(
            "width_shape",
            ["constant", "pyramid", "first_bigger"],
            when=_DEPTH > 1,
            otherwise="constant",
            help="how the width changes from layer to layer",
            source=f"{GERON}, ch. 10",
        ),
    ]


def activation_hyperparameters() -> list[Hyperparameter]:
    """Activation, its slope and the initializer.

    Deep stacks in batches too small for batch normalization have no saturating activations,
    because those would need it.
    """
    room = (_DEPTH <= 2) | (_BATCH >= BATCH_NORM_LEAST_BATCH)
    activation = partial(
        Choice,
        "activation",
        help="activation of the hidden layers; a search tries leaky_relu, prelu and sigmoid only "
        "where they are set",
        source=f"{GERON}, ch. 11: SELU > ELU > leaky ReLU > ReLU > tanh > logistic",
    )
    return [
        activation(tuple(ACTIVATIONS), when=(_DEPTH > 0) & room, otherwise=LINEAR.name),
        activation(
            tuple(name for name in ACTIVATIONS if name not in SATURATING),
            when=(_DEPTH > 2) & (_BATCH < BATCH_NORM_LEAST_BATCH),
            label="small batches",
        ),
        Choice(
            "negative_slope",
            [0.01, 0.2, 0.3],
            when=_ACTIVATION == "leaky_relu",
            help="slope of leaky ReLU below zero",
            source=f"{GERON}, ch. 11",
        ),
        Choice(
            "initializer",
            INITIALIZERS,
            when=_ACTIVATION != "selu",
            otherwise=AUTO_INITIALIZER,
            help="kernel initializer; auto follows the activation",
            source=f"{GERON}, table 11-1",
        ),
    ]


def normalization_hyperparameters() -> list[Hyperparameter]:
    """Normalization of the hidden layers and of the inputs, and where it is placed."""
    return [*_hidden_normalization(), *_normalization_placement(), *_input_normalization()]


def _hidden_normalization() -> list[Hyperparameter]:
    """none, batch or layer: batch only for deep saturating stacks, never in small batches."""
    free = ((_DEPTH <= 2) & (_ACTIVATION != "selu")) | (
        (_DEPTH > 2) & ~_ACTIVATION.isin(["selu", *SATURATING])
    )
    large = _BATCH >= BATCH_NORM_LEAST_BATCH
    source = f"{GERON}, ch. 11; {ZAFAR}; batches of 20 or more for batch normalization"
    normalization = partial(Choice, "normalization", help="normalization of the hidden layers")
    return [
        normalization([NONE, *NORMALIZATIONS], when=free & large, otherwise="none", source=source),
        normalization(
            [NONE, *(name for name, one in NORMALIZATIONS.items() if one.least_batch == 1)],
            when=free & (_BATCH < BATCH_NORM_LEAST_BATCH),
            label="small batches",
            source=source,
        ),
        normalization(
            ["batch"],
            when=(_DEPTH > 2) & _ACTIVATION.isin(SATURATING),
            label="saturating",
            source=f"{GERON}, ch. 11; {ZAFAR}: deep saturating stacks need it",
        ),
    ]


def _normalization_placement() -> list[Hyperparameter]:
    normalized = Ref("normalization") != "none"
    skips, shape = Ref("skip_connections"), Ref("width_shape")
    plain = (_DEPTH == 1) | (shape != "constant") | (skips == "none")
    placement = partial(
        Choice,
        "normalization_placement",
        help="where the normalization stands",
        source=f"{GERON}: experiment; {ZAFAR}: both should work; "
        f"{FERLITSCH_DESIGN}: pre-activation",
    )
    return [
        placement(
            ["before_activation", "after_activation"],
            when=normalized & plain,
            otherwise="before_activation",
        ),
        placement(
            ["before_activation", "after_activation", "pre_activation"],
            when=normalized & (_DEPTH > 1) & (shape == "constant") & (skips == "residual"),
            label="residual",
        ),
    ]


def _input_normalization() -> list[Hyperparameter]:
    normalization = partial(
        Choice,
        "input_normalization",
        help="what happens to numeric columns first",
        source=f"{GERON}, ch. 11 and 13",
    )
    return [
        normalization(
            INPUT_NORMALIZATIONS,
            when=not_selu() & (_BATCH >= BATCH_NORM_LEAST_BATCH),
            otherwise="standardize",
        ),
        normalization(
            [STANDARDIZE, NONE],
            when=not_selu() & (_BATCH < BATCH_NORM_LEAST_BATCH),
            label="small batches",
        ),
        Choice(
            "batch_norm_momentum",
            [0.9, 0.99, 0.999],
            default=0.99,
            when=(Ref("normalization") == "batch") | (Ref("input_normalization") == "batch"),
            help="momentum of batch normalization's moving statistics",
            source=f"{GERON}, ch. 11: more nines for larger data and smaller batches",
        ),
    ]


def topology_hyperparameters() -> list[Hyperparameter]:
    """Skip connections (in stacks of one width) and a wide path around the stack."""
    return [
        Choice(
            "skip_connections",
            ["none", "residual"],
            when=(_DEPTH > 1) & (Ref("width_shape") == "constant") & (_ACTIVATION != "selu"),
            otherwise="none",
            help="residual: after the first layer each adds to its input",
            source=f"{GERON}, ch. 14; {FERLITSCH_DESIGN}",
        ),
        Choice(
            "topology",
            ["sequential", "wide_and_deep"],
            when=_ACTIVATION != "selu",
            otherwise="sequential",
            help="wide_and_deep: the inputs also go straight to the head",
            source=f"{GERON}, ch. 10; Cheng et al. 2016, arXiv 1606.07792",
        ),
    ]


def categorical_hyperparameters() -> list[Hyperparameter]:
    """How categorical columns become numbers."""
    return [
        Choice(
            "categorical_encoding",
            ["one_hot", "embedding"],
            help="for columns of 10 to 50 categories; fewer are one-hot, more are embedded",
            source=f"{GERON}, ch. 13",
        ),
        Choice(
            "embedding_size",
            ["by_categories", "fixed"],
            help="by_categories: min(50, (n + 1) // 2) dimensions for n categories",
            source="own",
        ),
        Int(
            "embedding_dim",
            2,
            50,
            log=True,
            default=8,
            when=Ref("embedding_size") == "fixed",
            help="dimensions of each embedding, at most the column's categories",
            source=f"{GERON}, ch. 13: 10-300 for words, fewer for fewer categories",
        ),
    ]


def numeric_hyperparameters() -> list[Hyperparameter]:
    """What stands for numeric columns beside themselves."""
    return [
        Choice(
            NUMERIC_EMBEDDING,
            NUMERIC_EMBEDDINGS,
            # Behind a trained normalization the kernel would have two inputs.
            when=(_ACTIVATION != "selu") & (Ref("input_normalization") != "batch"),
            otherwise=NONE,
            help="piecewise_linear: how far a value has come in each bin of its column, too",
            source="Gorishniy et al. 2022, arXiv 2203.05556",
        ),
        Choice(
            NUMERIC_BINS,
            BINS,
            default=48,
            when=Ref(NUMERIC_EMBEDDING) == PIECEWISE_LINEAR,
            help="bins of a numeric column, between quantiles of the training rows",
            source=f"{TABM}: 2 to 128; default of the same",
        ),
    ]


def dense_hyperparameters() -> list[Hyperparameter]:
    """Everything that varies in a dense network on one vector of inputs.

    Returns:
        All fragments of this module; they read ``batch_size``, which comes from
        `automl.space.training_hyperparameters`.
    """
    return [
        *shape_hyperparameters(),
        *activation_hyperparameters(),
        *normalization_hyperparameters(),
        *dropout_hyperparameters(),
        *regularizer_hyperparameters(),
        *constraint_hyperparameters(),
        *topology_hyperparameters(),
        *categorical_hyperparameters(),
        *numeric_hyperparameters(),
    ]


def dense_training_hyperparameters() -> list[Hyperparameter]:
    """The training hyperparameters, with AdaGrad where the depth is 0 and only there.

    Returns:
        `automl.space.training_hyperparameters`, its optimizer split by depth.
    """
    made: list[Hyperparameter] = []
    for parameter in training_hyperparameters(label_smoothing=True):
        if parameter.name != "optimizer" or not isinstance(parameter, Choice):
            made.append(parameter)
            continue
        deep = [name for name in parameter.options if not OPTIMIZERS[str(name)].linear_only]
        made.append(replace(parameter, options=deep, when=_DEPTH > 0))
        made.append(replace(parameter, when=_DEPTH == 0, label="linear"))
    return made


def without_selu(parameters: list[Hyperparameter]) -> list[Hyperparameter]:
    """Fragments for a network that is no plain stack, where SELU does not self-normalize.

    Args:
        parameters: Hyperparameters from this module.

    Returns:
        The same without the option ``selu`` and what belongs to it alone.
    """
    made = []
    for parameter in parameters:
        if parameter.label == "selu":
            continue
        if isinstance(parameter, Choice) and "selu" in parameter.options:
            kept = [option for option in parameter.options if option != "selu"]
            parameter = replace(parameter, options=kept)
        made.append(parameter)
    return made
