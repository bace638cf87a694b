"""What a trial's record keeps of an exception: one line, and a traceback of bounded length."""

from __future__ import annotations

from automl.errors import AutoMLError

ERROR_CHARACTERS = 100_000
"""Most that is kept of a traceback, whose message may be as long as a whole array."""


def shortened(text: str) -> str:
    """A text without its middle where it is very long."""
    half = ERROR_CHARACTERS // 2
    if len(text) <= ERROR_CHARACTERS:
        return text
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def sentence_of(error: BaseException) -> str:
    """One line on an exception: its kind and the first line of its message that says something."""
    if isinstance(error, AutoMLError):
        return str(error)
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.endswith("execution error:")]
    return f"{type(error).__name__}: {told[0][:300]}" if told else type(error).__name__
