"""The exit codes of the command."""

from __future__ import annotations

#: A run failed, or something could not be done although it was asked rightly.
FAILED = 1
#: Ctrl-C ended the command; as shells have it, 128 + SIGINT.
INTERRUPTED = 130
