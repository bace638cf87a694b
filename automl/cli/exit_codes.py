"""The exit codes of the command."""

from __future__ import annotations

#: A run failed, or something could not be done although it was asked rightly.
FAILED = 1
#: What was compared is not equal, as with `cmp`; 2 is a wrong request already.
DIFFERENT = 3
#: Ctrl-C ended the command; as shells have it, 128 + SIGINT. After SIGTERM it is 143, after
#: SIGHUP 129.
INTERRUPTED = 130


def stopped_by_signal() -> int:
    """The exit code of a command that a signal has ended."""
    from automl.tuning.interruption import PRESSES

    return 128 + PRESSES.signal
