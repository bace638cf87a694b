"""All that is used of TensorFlow's private parts, each name once.

`tests/training/test_private.py` says which of them a new version has taken away or changed; the
bound on TensorFlow's version in ``pyproject.toml`` is the last one that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def trace_function(
    function: Callable[..., Any], signature: Sequence[Any], attributes: dict[str, Any] | None
) -> Any:
    """Traces below `tf.function`, which traces twice; AutoGraph is off.

    Args:
        function: The function, of tensors only.
        signature: A nest of `tf.TensorSpec` for each argument.
        attributes: Of the graph's function, or None.

    Returns:
        The concrete function.
    """
    from tensorflow.python.eager.polymorphic_function import tracing_compilation

    options = tracing_compilation.TracingOptions(
        function,
        function.__name__,
        attributes=attributes,
        autograph=False,
        bind_graph_to_function=True,  # freed together with the concrete function
    )
    return tracing_compilation.trace_function(tuple(signature), {}, options)


def functions_of(graph: Any) -> Any:
    """The functions that a graph can call, by name; None where they are not kept so."""
    return getattr(graph, "_functions", None)


def registered_gradients() -> dict[str, Any]:
    """TensorFlow's registry of custom gradients, itself; empty where it is not kept so."""
    from tensorflow.python.framework import ops

    registered: dict[str, Any] = getattr(ops.gradient_registry, "_registry", {})
    return registered
