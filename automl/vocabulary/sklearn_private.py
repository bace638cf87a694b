"""The private parts of scikit-learn that are used: of scorers, and of boosted trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from automl.errors import RequestError


def scorer_parts(scorer: Any) -> tuple[Callable[..., Any], Mapping[str, Any], int, tuple[str, ...]]:
    """Function, keyword arguments, sign (-1 for a loss) and response methods of a scorer.

    Raises:
        RequestError: This version of scikit-learn keeps them elsewhere.
    """
    try:
        methods = scorer._response_method
        several = (methods,) if isinstance(methods, str) else tuple(methods)
        return scorer._score_func, dict(scorer._kwargs), scorer._sign, several
    except AttributeError as error:
        raise RequestError(
            f"The scorer {scorer} of this version of scikit-learn cannot be taken apart ({error}); "
            "give its function: automl.Metric(name, function, direction)."
        ) from error


def tree_nodes(model: Any) -> int:
    """How many nodes the trees of a fitted histogram gradient boosting have; 0 where not known."""
    try:
        return sum(len(tree.nodes) for trees in model._predictors for tree in trees)
    except (AttributeError, TypeError):
        return 0
