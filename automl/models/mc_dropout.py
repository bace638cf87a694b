"""Monte Carlo dropout: a model of which the dropout layers alone draw anew in each forward pass.

Gal and Ghahramani, Dropout as a Bayesian Approximation, 2016 (arXiv 1506.02142): the spread of many
passes with dropout says how sure a model is.

``model(x, training=True)`` would do more than that: batch normalization would take the mean and the
variance of the rows at hand, and random augmentation would change images. So the model is called
with ``training=False``, and each dropout layer has its ``call`` wrapped so that it alone hears
``training=True``, wherever it is: in a model that is part of the model, or in a layer of somebody's
own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from automl.models.keras_private import layers_of

layers = keras.layers
#: Layers that draw in training, and the attribute whose 0 says that one does not. Keras's attention
#: with several heads has a `Dropout` of its own inside.
_DRAWING: tuple[tuple[type, tuple[str, ...]], ...] = (
    (layers.Dropout, ("rate",)),  # the spatial ones derive from it
    (layers.AlphaDropout, ("rate",)),
    (layers.GaussianDropout, ("rate",)),
    (layers.GaussianNoise, ("stddev",)),
    (layers.Attention, ("dropout",)),  # the additive one derives from it
    *(
        (recurrent, ("dropout", "recurrent_dropout"))
        for recurrent in (
            *(layers.SimpleRNN, layers.LSTM, layers.GRU),
            *(layers.SimpleRNNCell, layers.LSTMCell, layers.GRUCell),
            *(layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D),
        )
    ),
)


def draw_dropout(model: Any, seed: int) -> bool:
    """Makes a model's dropout layers draw anew in each pass, in inference as in training.

    Args:
        model: A ``keras.Model`` for nothing else: it stays so.
        seed: From which each layer gets a seed of its own; 0 is a seed. The same rows in the same
            passes then give the same answers.

    Returns:
        Whether it has such a layer.
    """
    found = [layer for layer in layers_of(model) if _draws(layer)]
    seeds = np.random.SeedSequence(seed).generate_state(len(found)) // 2  # of 31 bits
    for layer, own in zip(found, seeds, strict=True):
        layer.call = _as_in_training(layer.call)
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.array([own, 0]))
    model.make_predict_function(force=True)
    return bool(found)


def _draws(layer: Any) -> bool:
    """Whether a layer draws random numbers in training, and to drop or add noise only."""
    return any(
        isinstance(layer, kind) and any(getattr(layer, name, 0.0) for name in names)
        for kind, names in _DRAWING
    )


def _as_in_training(call: Callable[..., Any]) -> Callable[..., Any]:
    def in_training(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **{**kwargs, "training": True})

    return in_training
