"""Wide and deep: columns straight to the head beside a deep stack over embedded columns.

Cheng et al. 2016, arXiv 1606.07792, in the form of Géron, Hands-On Machine Learning, 2nd ed.,
chapter 10: the wide path carries numeric and one-hot columns and learns simple rules, the deep
path carries numeric and embedded columns and learns patterns. SELU is not offered, because it
self-normalizes only in a plain stack.
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Int, SearchSpace
from automl.space.dense import (
    activation_hyperparameters,
    categorical_hyperparameters,
    dense_training_hyperparameters,
    normalization_hyperparameters,
    shape_hyperparameters,
    topology_hyperparameters,
    without_selu,
)
from automl.space.hyperparameter import Hyperparameter
from automl.space.regularization import (
    constraint_hyperparameters,
    dropout_hyperparameters,
    regularizer_hyperparameters,
)


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds both paths up to the outputs.

    Args:
        config: A configuration of this space.
        inputs: A `automl.models.inputs.builder.TableInputs`.
        task: The task, for the head.

    Returns:
        Keras tensor of shape (None, task.outputs).
    """
    import keras

    from automl.models.blocks import DenseStyle, dense_stack, layer_widths, make_regularizer
    from automl.models.heads import add_head

    style = DenseStyle.from_config(config)
    deep = inputs.vector(
        input_normalization=config.input_normalization,
        categorical_encoding="embedding",
        embedding_dim=config.get("embedding_dim"),
        batch_norm_momentum=style.batch_norm_momentum,
    )
    deep = dense_stack(deep, layer_widths(config.depth, config.width, config.width_shape), style)
    wide = inputs.vector(categorical_encoding="one_hot")
    if config.wide_inputs == "numeric" and inputs.numeric is not None:
        wide = inputs.numeric
    penalty = make_regularizer(style.regularizer, style.regularization)
    return add_head(keras.layers.Concatenate()([wide, deep]), task, kernel_regularizer=penalty)


def _hyperparameters() -> list[Hyperparameter]:
    depth = Int(
        "depth",
        1,
        5,
        default=2,
        help="hidden layers of the deep path",
        source="Géron, Hands-On Machine Learning, 2nd ed., ch. 10: 1-5 typical",
    )
    wide = Choice(
        "wide_inputs",
        ["all", "numeric"],
        help="columns of the wide path",
        source="Géron, Hands-On Machine Learning, 2nd ed., ch. 10: all, or a part of them",
    )
    dense = [
        *shape_hyperparameters(depth),
        *activation_hyperparameters(),
        *normalization_hyperparameters(),
        *dropout_hyperparameters(),
        *regularizer_hyperparameters(),
        *constraint_hyperparameters(),
        *(p for p in topology_hyperparameters() if p.name != "topology"),
        # The two paths settle the encoding between them.
        *(p for p in categorical_hyperparameters() if p.name != "categorical_encoding"),
        *(p for p in dense_training_hyperparameters() if p.label != "linear"),
    ]
    return [*without_selu(dense), wide]


space = SearchSpace("wide_and_deep", _hyperparameters(), build, inputs="table")
