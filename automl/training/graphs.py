"""Tracing a Python function into a TensorFlow graph, once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from automl.training.tensorflow_private import (
    functions_of,
    registered_gradients,
    trace_function,
)


def trace_once(
    function: Callable[..., Any],
    signature: Sequence[Any],
    *,
    xla: bool = False,
    plain: bool = False,
) -> Any:
    """Traces a function that creates no variables of its own.

    `tf.function` traces everything twice: first to find variables to be created, then again for
    the graph. Tracing is most of a small trial's time, and the variables of a built model and
    optimizer are there already, so this calls the tracer below `tf.function` once. AutoGraph is
    off, as it is in `Model.fit`.

    Args:
        function: The function, of tensors only.
        signature: A nest of `tf.TensorSpec` for each argument.
        xla: Whether XLA compiles it.
        plain: Whether `tf.function` traces it, by the public way alone.

    Returns:
        The concrete function.
    """
    if plain:
        traced = tf.function(function, autograph=False, jit_compile=xla or None)
        return traced.get_concrete_function(*signature)
    return trace_function(function, signature, {"_XlaMustCompile": True} if xla else None)


def count_functions(concrete: Any) -> int:
    """How many functions a traced graph can call, those of its loops and branches.

    Args:
        concrete: A concrete function.
    """
    functions = functions_of(concrete.graph)  # the public way takes 9 ms
    if functions is None:
        functions = concrete.graph.as_graph_def().library.function
    return len(functions)


@contextlib.contextmanager
def forgotten_gradients() -> Iterator[None]:
    """A context after which the custom gradients of the graphs traced in it are forgotten.

    TensorFlow keeps the gradient of every traced custom operation, and with it the whole graph,
    in a registry for ever: 2 MB a trial. Once a trial is over, nothing asks for them.
    """
    registered = registered_gradients()
    before = set(registered)
    try:
        yield
    finally:
        for name in [name for name in registered if name not in before]:
            if name.startswith("CustomGradient-"):
                del registered[name]
