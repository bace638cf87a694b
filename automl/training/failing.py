"""The result of a training that an exception has ended, with what tells why in its directory."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from automl.common.files import is_disk_full
from automl.errors import AutoMLError, RunError
from automl.training.history import write_history, write_whole
from automl.trial import ERROR_FILE, FailureCause, TrialResult

ERROR_CHARACTERS = 100_000
"""Most that is kept of a traceback, whose message may be as long as a whole array."""


def failed_training(
    directory: Path,
    error: BaseException,
    cause: FailureCause,
    history: Sequence[Mapping[str, float]] = (),
) -> TrialResult:
    """The result of a training that raised.

    Args:
        directory: Where its traceback is written to, as ``error.txt``.
        error: What it raised.
        cause: What kind of failure that is, where the disk is not to blame.
        history: The epochs that it had finished, which are written too.
    """
    reason = _sentence(error)
    if is_disk_full(error):
        cause = FailureCause.DISK_FULL
    try:
        told = "".join(traceback.format_exception(error))
        write_whole(directory / ERROR_FILE, _shortened(told))
        if history:
            write_history(history, directory)
    except (OSError, RunError) as failed:
        reason = f"{reason} (and its files could not be written: {failed})"
        if cause is not FailureCause.DISK_FULL:
            cause = FailureCause.UNWRITABLE
    return replace(TrialResult.failed(cause, reason), epochs=len(history))


def _shortened(text: str) -> str:
    """A text without its middle where it is very long."""
    half = ERROR_CHARACTERS // 2
    if len(text) <= ERROR_CHARACTERS:
        return text
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def _sentence(error: BaseException) -> str:
    """One line on an exception: its kind and the first line of its message that says something."""
    if isinstance(error, AutoMLError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.endswith("execution error:")]
    return f"{type(error).__name__}: {told[0][:300]}" if told else type(error).__name__
