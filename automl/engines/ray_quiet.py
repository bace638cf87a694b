"""Keeping Ray quiet: what it has to say comes as exceptions, and is said by us in one sentence."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from automl.engines.ray_private import stdout_deduplicator


@contextmanager
def quiet(environment: dict[str, str]) -> Iterator[None]:
    """A context with Ray's console lines turned off and variables set."""
    logger = logging.getLogger("ray")
    level, before = logger.level, {name: os.environ.get(name) for name in environment}
    logger.setLevel(logging.CRITICAL + 1)
    os.environ.update(environment)
    # Raylets have their say on the driver's standard output even without log_to_driver. Ray reads
    # the variable for it, RAY_DEDUP_LOGS_SKIP_REGEX, once for a process, when it is imported.
    skipped, stdout_deduplicator.skip_re = stdout_deduplicator.skip_re, re.compile("")
    try:
        yield
    finally:
        stdout_deduplicator.skip_re = skipped
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def unheard() -> Iterator[None]:
    """A context in which nothing comes to standard error, neither of Python nor of Ray's core.

    The core, which is no Python, writes to the descriptor itself.
    """
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
