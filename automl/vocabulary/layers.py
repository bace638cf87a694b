"""What stands between layers: normalizations, dropouts, poolings, and the penalties on kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NONE = "none"


@dataclass(frozen=True)
class LayerEntry:
    """A layer or penalty of Keras's under a name of a space.

    Attributes:
        keras: Keras's class.
        arguments: What its class takes, with the hyperparameter that gives it.
        least_batch: Rows that a batch has to have for it.
        with_selu: Whether a stack of SELU layers still normalizes itself with it, and only such a
            stack has a use for it.
    """

    keras: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    least_batch: int = 1
    with_selu: bool = False


BATCH_NORM_LEAST_BATCH = 20
NORMALIZATIONS: Mapping[str, LayerEntry] = {
    "batch": LayerEntry(
        "BatchNormalization", {"momentum": "batch_norm_momentum"}, BATCH_NORM_LEAST_BATCH
    ),
    "layer": LayerEntry("LayerNormalization"),
}
STANDARDIZE = "standardize"
#: What happens to numeric columns first; of small batches all but that of batches.
INPUT_NORMALIZATIONS = (STANDARDIZE, "batch", NONE)
#: One-hot below 10 categories, embedding above 50, either between: Géron, Hands-On Machine
#: Learning, 2nd ed., chapter 13.
ONE_HOT_BELOW, EMBEDDING_ABOVE = 10, 50
NUMERIC_EMBEDDING, NUMERIC_BINS = "numeric_embedding", "numeric_bins"
#: Bins of a numeric column that are tried.
BINS = (8, 16, 32, 48)
PIECEWISE_LINEAR = "piecewise_linear"
#: What stands for a numeric column beside itself.
NUMERIC_EMBEDDINGS = (PIECEWISE_LINEAR, NONE)

DROPOUTS: Mapping[str, LayerEntry] = {
    "dropout": LayerEntry("Dropout"),
    "gaussian": LayerEntry("GaussianDropout"),
    "alpha": LayerEntry("AlphaDropout", with_selu=True),
}

_STRENGTH = "regularization"
REGULARIZERS: Mapping[str, LayerEntry] = {
    "l1": LayerEntry("L1", {"l1": _STRENGTH}),
    "l2": LayerEntry("L2", {"l2": _STRENGTH}),
    "l1_l2": LayerEntry("L1L2", {"l1": _STRENGTH, "l2": _STRENGTH}),
}

#: Where dropout stands in a convolutional network: in its head, or behind convolutions too.
HEAD, EVERY_LAYER = "head", "every_layer"
CONVOLUTIONAL_PLACEMENTS = (HEAD, EVERY_LAYER)

STRIDED = "strided"
#: What halves maps, with Keras's class; `STRIDED` is no layer, but a convolution in steps of 2.
DOWNSAMPLINGS: Mapping[str, str] = {
    "max_pool": "MaxPooling2D",
    "average_pool": "AveragePooling2D",
    STRIDED: "",
}
#: How maps become a vector, with Keras's class.
POOLINGS: Mapping[str, str] = {
    "flatten": "Flatten",
    "global_average": "GlobalAveragePooling2D",
    "global_max": "GlobalMaxPooling2D",
}
