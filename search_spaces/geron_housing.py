"""Géron's search on California housing: ReLU layers of one width under plain SGD.

Géron, Hands-On Machine Learning, 2nd ed., chapter 10, "Fine-Tuning Neural Network
Hyperparameters". The space is the book's, with its ``build_model`` defaults as the first trial,
and so is its protocol: ten random configurations, each scored by 3-fold cross-validation with up
to 100 epochs and a patience of 10. (The book then trains the best one on all rows.) The book
reports a cross-validated MSE of 0.3190 on scaled inputs for 2 layers of 42 units at a rate of
0.0034, and that the search "may last many hours".
"""

from __future__ import annotations

from typing import Any

from automl.data.task import Task
from automl.space import Choice, Configuration, Float, Int, Protocol, SearchSpace

_SOURCE = "Géron, Hands-On Machine Learning, 2nd ed., ch. 10"

n_hidden = Int("n_hidden", 0, 3, default=1, help="hidden layers", source=_SOURCE)
n_neurons = Int(
    "n_neurons", 1, 99, default=30, when=n_hidden > 0, help="units of each", source=_SOURCE
)
learning_rate = Float(
    "learning_rate", 3e-4, 3e-2, log=True, default=3e-3, help="step size", source=_SOURCE
)
optimizer = Choice("optimizer", ["sgd"], help="plain SGD", source=_SOURCE)
schedule = Choice("schedule", ["constant"], help="no schedule", source=_SOURCE)
batch_size = Choice("batch_size", [32], help="Keras's default", source=_SOURCE)


def build(config: Configuration, inputs: Any, task: Task) -> Any:
    """Builds the hidden layers; Keras's default initializer, as in the book.

    Args:
        config: A configuration of this space.
        inputs: Keras tensor of shape (None, features).
        task: The task; the head is added to what is returned.

    Returns:
        Keras tensor of shape (None, n_neurons), or the inputs without hidden layers.
    """
    import keras

    x = inputs
    for _ in range(config.n_hidden):
        x = keras.layers.Dense(config.n_neurons, activation="relu")(x)
    return x


space = SearchSpace(
    "geron-housing",
    [n_hidden, n_neurons, learning_rate, optimizer, schedule, batch_size],
    build,
    inputs="vector",
    protocol=Protocol(
        _SOURCE, trials=10, sampler="random", pruner="none", cv=3, epochs=100, patience=10
    ),
)
