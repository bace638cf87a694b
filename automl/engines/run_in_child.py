"""One-off work that needs TensorFlow (export, scoring), run in a warm child process."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from automl import errors
from automl.common.machine import usable_cores
from automl.engines.absence import Absence
from automl.engines.child import Child
from automl.engines.guard import Guard, WatchedChild
from automl.engines.process_output import describe_end
from automl.engines.processes import Processes
from automl.errors import AutoMLError, RunError

TIMEOUT = 600.0
"""Seconds that a task gets unless it is told otherwise."""


#: Times that a task is tried whose process was lost with the server that had forked it.
_ATTEMPTS = 2


class _Lost(RunError):
    """A task's process has ended with the one that had started it."""


class TookTooLong(RunError):
    """A task was stopped, for it took longer than it was given."""


def serve_call(connection: Connection, argument: dict[str, Any]) -> None:
    """Child's side: calls a function with JSON arguments and sends back what it returns.

    Args:
        connection: Where the answer goes.
        argument: ``{"function": "module:name", "arguments": {...}}``.
    """
    # A worker has one thread, for there is one on each core; a task runs where they are idle.
    for kind in ("INTRA", "INTER"):
        os.environ[f"TF_NUM_{kind}OP_THREADS"] = str(usable_cores())
    module, _, name = argument["function"].partition(":")
    try:
        value = getattr(importlib.import_module(module), name)(**argument["arguments"])
        answer = {"value": value}
    except AutoMLError as error:
        answer = {"error": str(error), "kind": type(error).__name__}
    except Exception as error:  # noqa: BLE001 - it is told to the caller, who raises it
        import traceback

        traceback.print_exc()
        answer = {"error": f"{type(error).__name__}: {error}", "kind": "RunError"}
    connection.send_bytes(json.dumps(answer).encode())


def run_in_child(
    processes: Processes,
    function: str,
    arguments: Mapping[str, Any],
    timeout: float = TIMEOUT,
    preload: Sequence[str] = (),
) -> Any:
    """Runs a function in a child process that has TensorFlow.

    Args:
        processes: Where the child comes from.
        function: ``module:name`` of a function with JSON arguments and a JSON result.
        arguments: Its keyword arguments.
        timeout: Seconds to wait for it.
        preload: Modules that it needs, and later children will; see `Processes.start`.

    Returns:
        What the function returned.

    Raises:
        AutoMLError: What the function raised, of the same kind; `RunError` where it raised
            something else or died.
        TookTooLong: It took longer than the timeout.
    """
    absence = Absence()  # a driver that was stopped reads the answer that came meanwhile
    for attempt in range(_ATTEMPTS):
        try:
            return _run_once(processes, function, arguments, timeout, absence, preload)
        except _Lost:
            if attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError


def _run_once(
    processes: Processes,
    function: str,
    arguments: Mapping[str, Any],
    timeout: float,
    absence: Absence,
    preload: Sequence[str],
) -> Any:
    argument = {"function": function, "arguments": dict(arguments)}
    child = processes.start("automl.engines.run_in_child:serve_call", argument, preload=preload)
    watched = WatchedChild(child)
    guard = Guard(lambda: [watched])
    try:
        answer = _await_answer(processes, child, function, timeout, absence)
    except RunError as error:
        if watched.why:
            raise RunError(f"The process that ran {function} was ended: {watched.why}.") from error
        raise
    finally:
        guard.close()
        child.kill()
        child.close()
    if "error" in answer:
        kind = getattr(errors, answer["kind"], RunError)
        raise kind(answer["error"])
    return answer["value"]


def _await_answer(
    processes: Processes, child: Child, function: str, timeout: float, absence: Absence
) -> dict[str, Any]:
    while absence.waited < timeout:
        processes.notice()
        if child.connection is not None:
            try:
                answer = child.receive()
            except EOFError as error:
                raise _died(processes, child, function) from error
            if answer is not None:
                return answer
        if child.exit_code is not None:
            raise _died(processes, child, function)
        waiting = [*processes.waitables(), *([child.connection] if child.connection else [])]
        seconds = 0.5 if waiting else 0.05
        with absence.waiting(seconds):
            wait(waiting, timeout=seconds) if waiting else time.sleep(seconds)
    raise TookTooLong(f"{function} took too long and was stopped.")


def _died(processes: Processes, child: Child, function: str) -> RunError:
    processes.await_end(child)
    told = (
        f"The process that ran {function} {describe_end(child.exit_code, child.said)}; try again, "
        "a search with `automl resume`."
    )
    return _Lost(told) if child.is_lost else RunError(told)
