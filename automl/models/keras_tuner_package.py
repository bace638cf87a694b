"""KerasTuner, imported without what only its own searches need.

Its Bayesian and scikit-learn tuners import scikit-learn and pandas where they are installed, which
takes 1.3 s of the package's 1.4; hypermodels and hyperparameters do without.
"""

from __future__ import annotations

from typing import Any

from automl.imports import hidden

with hidden("sklearn", "scipy.optimize", "pandas"):
    import keras_tuner
    from keras_tuner.engine import hyperparameters as kinds

__all__ = ["efficientnets", "keras_tuner", "kinds"]


def efficientnets() -> dict[str, Any]:
    """KerasTuner's table of EfficientNets, itself, by name."""
    from keras_tuner.src.applications import efficientnet

    models: dict[str, Any] = efficientnet.EFFICIENTNET_MODELS
    return models
