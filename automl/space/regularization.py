"""Fragments that keep a network from overfitting: dropout, kernel penalties, max-norm.

Those of dense networks read ``depth`` and ``activation``: a stack of SELU layers self-normalizes
only without penalties and limits and with alpha dropout alone.
"""

from __future__ import annotations

from dataclasses import replace

from automl.space.choice import Choice
from automl.space.condition import Condition, Ref
from automl.space.hyperparameter import UNSET, Hyperparameter
from automl.space.numeric import Float
from automl.vocabulary.layers import DROPOUTS, NONE, REGULARIZERS
from automl.vocabulary.sources import FERLITSCH_HANDBOOK, GERON, ZAFAR


def not_selu() -> Condition:
    """Holds for linear models and stacks of any activation but SELU."""
    return (Ref("depth") == 0) | (Ref("activation") != "selu")


#: Where dropout stands in a dense network.
DENSE_PLACEMENTS = ("every_layer", "input_and_every_layer", "last_hidden", "halving")


def dropout_hyperparameters() -> list[Hyperparameter]:
    """Kind, rate and placement of dropout; alpha dropout with SELU, and only there."""
    kinds = _dropout_kind()
    with_selu = replace(
        kinds,
        options=[NONE, *(name for name, one in DROPOUTS.items() if one.with_selu)],
        when=Ref("activation") == "selu",
        otherwise=UNSET,
        label="selu",
    )
    placement = Choice(
        "dropout_placement",
        DENSE_PLACEMENTS,
        when=Ref("dropout_kind") != NONE,
        help="which layers are followed by dropout; halving: each later one at half the rate",
        source=f"{GERON}, ch. 11; {FERLITSCH_HANDBOOK} (halving)",
    )
    return [
        replace(kinds, when=Ref("activation") != "selu", otherwise=NONE),
        with_selu,
        dropout_rate_hyperparameter(),
        placement,
    ]


def _dropout_kind() -> Choice:
    return Choice(
        "dropout_kind",
        [NONE, *(name for name, one in DROPOUTS.items() if not one.with_selu)],
        help="kind of dropout",
        source=f"{GERON}, ch. 11: alpha with SELU only",
    )


def dropout_kind_hyperparameter(default: str = NONE) -> Choice:
    """The kind of dropout in a network without SELU.

    Args:
        default: none, dropout or gaussian.
    """
    return replace(_dropout_kind(), default=default)


def dropout_rate_hyperparameter(default: float = 0.2) -> Float:
    """The rate of dropout where there is any.

    Args:
        default: Of the space's first trial.
    """
    return Float(
        "dropout_rate",
        0.05,
        0.6,
        default=default,
        when=Ref("dropout_kind") != NONE,
        help="share of units that are dropped",
        source=f"{GERON} 0.2-0.5; {FERLITSCH_HANDBOOK} 0.10, 0.25, 0.50",
    )


def regularizer_hyperparameters(*, selu: bool = True) -> list[Hyperparameter]:
    """Kind and strength of the kernels' regularizer.

    Args:
        selu: Whether the space has SELU layers, which forbid it; it then has a depth too.
    """
    return [
        Choice(
            "regularizer",
            [NONE, *REGULARIZERS],
            when=not_selu() if selu else None,
            otherwise="none",
            help="penalty on kernels",
            source=f"{GERON}, ch. 11 (0.01); {ZAFAR} (0.001)",
        ),
        Float(
            "regularization",
            1e-6,
            1e-1,
            log=True,
            default=1e-4,
            when=Ref("regularizer") != "none",
            help="strength of the penalty",
            source=f"own range around {GERON} and {ZAFAR}",
        ),
    ]


def constraint_hyperparameters(*, selu: bool = True) -> list[Hyperparameter]:
    """Whether each hidden unit's incoming weights have a largest norm, and which.

    Args:
        selu: Whether the space has SELU layers, which forbid it.
    """
    return [
        Choice(
            "kernel_constraint",
            ["none", "max_norm"],
            when=Ref("activation") != "selu" if selu else None,
            otherwise="none",
            help="limit on the norm of each hidden unit's incoming weights",
            source=f"{GERON}, ch. 11",
        ),
        Float(
            "max_norm",
            0.5,
            4.0,
            default=1.0,
            when=Ref("kernel_constraint") == "max_norm",
            otherwise=None,
            help="largest norm of a unit's incoming weights",
            source=f"{GERON}, ch. 11: 1.0",
        ),
    ]
