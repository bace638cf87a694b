"""Fragments that keep a dense network from overfitting: dropout, kernel penalties, max-norm.

They read ``depth`` and ``activation``: a stack of SELU layers self-normalizes only without
penalties and limits and with alpha dropout alone.
"""

from __future__ import annotations

from functools import partial

from automl.space.choice import Choice
from automl.space.condition import Condition, Ref
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float
from automl.vocabulary.layers import DROPOUTS, NONE, REGULARIZERS
from automl.vocabulary.sources import FERLITSCH_HANDBOOK, GERON, ZAFAR


def not_selu() -> Condition:
    """Holds for linear models and stacks of any activation but SELU."""
    return (Ref("depth") == 0) | (Ref("activation") != "selu")


def dropout_hyperparameters() -> list[Hyperparameter]:
    """Kind, rate and placement of dropout; alpha dropout with SELU, and only there."""
    source = f"{GERON}, ch. 11: alpha with SELU only"
    kind = partial(Choice, "dropout_kind", help="kind of dropout", source=source)
    some = Ref("dropout_kind") != "none"
    return [
        kind(
            [NONE, *(name for name, one in DROPOUTS.items() if not one.with_selu)],
            when=Ref("activation") != "selu",
            otherwise="none",
        ),
        kind(
            [NONE, *(name for name, one in DROPOUTS.items() if one.with_selu)],
            when=Ref("activation") == "selu",
            label="selu",
        ),
        Float(
            "dropout_rate",
            0.05,
            0.6,
            default=0.2,
            when=some,
            help="share of units that are dropped",
            source=f"{GERON} 0.2-0.5; {FERLITSCH_HANDBOOK} 0.10, 0.25, 0.50",
        ),
        Choice(
            "dropout_placement",
            ["every_layer", "input_and_every_layer", "last_hidden", "halving"],
            when=some,
            help="which layers are followed by dropout; halving: each later one at half the rate",
            source=f"{GERON}, ch. 11; {FERLITSCH_HANDBOOK} (halving)",
        ),
    ]


def regularizer_hyperparameters(*, linear: bool = False) -> list[Hyperparameter]:
    """Kind and strength of the kernels' regularizer.

    Args:
        linear: Whether the space has neither depth nor activation, so that nothing forbids it.
    """
    return [
        Choice(
            "regularizer",
            [NONE, *REGULARIZERS],
            when=None if linear else not_selu(),
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


def constraint_hyperparameters() -> list[Hyperparameter]:
    """Whether each hidden unit's incoming weights have a largest norm, and which."""
    return [
        Choice(
            "kernel_constraint",
            ["none", "max_norm"],
            when=Ref("activation") != "selu",
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
