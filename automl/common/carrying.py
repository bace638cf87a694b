"""Python objects on their way to this run's own workers: in memory only, never in a file."""

from __future__ import annotations

import base64
from typing import Any

from automl.errors import RequestError


def carried(value: Any) -> str:
    """An object as text; what was defined in a notebook or a running script travels whole.

    Raises:
        Exception: Whatever the object raises that cannot be serialized.
    """
    import cloudpickle

    return base64.b64encode(cloudpickle.dumps(value)).decode("ascii")


def unpacked(text: str) -> Any:
    """The object of `carried`; called in a worker with what its driver has sent."""
    import cloudpickle

    return cloudpickle.loads(base64.b64decode(text))


def check_arrival(text: str, what: str) -> None:
    """Tries `unpacked` where the object is needed, before any trial needs it.

    Args:
        text: What `carried` gave.
        what: What it is, for the message.

    Raises:
        RequestError: It cannot be had there.
    """
    try:
        unpacked(text)
    except Exception as error:
        raise RequestError(
            f"{what} cannot be loaded in a worker process ({type(error).__name__}: {error}); "
            "define what they need in your script or notebook itself, or in a module that Python "
            "finds."
        ) from error
