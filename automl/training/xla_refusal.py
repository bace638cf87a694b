"""Why XLA compiles no graph of a model, in a few words."""

from __future__ import annotations

import re

from automl.export.loadable import error_text

#: How TensorFlow says that an operation is not there in XLA; the rest of it names nodes of the
#: graph, which are others in each trial.
_ABSENT = re.compile(r"(\w+) \(No registered ")
#: How it says that one is there, but not in the one order of sums that trials on a GPU are to have.
_UNORDERED = re.compile(r"(GPU [\w ]+ ops) do not yet have a deterministic XLA implementation")
_HAVE_NONE = "have no deterministic XLA implementation"
#: What is told of max pooling on a GPU, which no trial is to find out (TensorFlow, issue 69417).
UNORDERED_POOLS = f"GPU MaxPool gradient ops {_HAVE_NONE}"


def xla_refusal(error: BaseException) -> str:
    """What an exception says that TensorFlow raised when XLA was to compile a graph.

    Args:
        error: The exception, or any other that a model's code raises while it is traced.

    Returns:
        The same words for the same reason, whatever the trial.
    """
    text = str(error)
    if absent := sorted(set(_ABSENT.findall(text))):
        return f"XLA has no {', '.join(absent)}"
    if unordered := _UNORDERED.search(text):
        return f"{unordered[1]} {_HAVE_NONE}"
    return error_text(error)
