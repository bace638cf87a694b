"""The language of search spaces: hyperparameters, conditions, spaces, and where to find them."""

from __future__ import annotations

from automl.space.choice import Boolean, Choice
from automl.space.condition import Condition, Ref
from automl.space.configuration import Configuration
from automl.space.describe import DescribeRow
from automl.space.hyperparameter import Hyperparameter
from automl.space.numeric import Float, Int
from automl.space.protocol import Protocol
from automl.space.registry import SpaceEntry, find_space, list_spaces
from automl.space.search_space import SearchSpace
from automl.space.tied import tied
from automl.space.training import training_hyperparameters

__all__ = [
    "Boolean",
    "Choice",
    "Condition",
    "Configuration",
    "DescribeRow",
    "Float",
    "Hyperparameter",
    "Int",
    "Protocol",
    "Ref",
    "SearchSpace",
    "SpaceEntry",
    "find_space",
    "list_spaces",
    "tied",
    "training_hyperparameters",
]
