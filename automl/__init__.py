"""Hyperparameter search and AutoML for Keras: from a table to an exported model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.api import Run, RunTrial, load_run, search
    from automl.tuning.observer import Observer
    from automl.vocabulary.metric import Metric

__all__ = ["Metric", "Observer", "Run", "RunTrial", "load_run", "search"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Imports the Python interface on first use, so that ``import automl`` stays instant."""
    elsewhere = {"Metric": "automl.vocabulary.metric", "Observer": "automl.tuning.observer"}
    if name in __all__:
        return getattr(import_module(elsewhere.get(name, "automl.api")), name)
    raise AttributeError(f"module 'automl' has no attribute {name!r}")


def __dir__() -> list[str]:
    """The public names, which are only imported when they are used."""
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
