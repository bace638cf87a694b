"""Who is told what a search tells: its log file, Python's logging, its notes, a display.

The command line and the Python interface tell the same; they differ in the display alone.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from automl.errors import RequestError
from automl.results.board_columns import number
from automl.results.record import RunRecord
from automl.tuning.observer import GuardedObserver, Observer, Observers
from automl.tuning.outcome import Outcome
from automl.tuning.progress_lines import LoggedLines, PacedLines, PlainLines, PrintedLines

#: Name of the logger that every line goes to, at level INFO.
LOGGER = "automl"
_PLAIN = ("dumb", "unknown")  # terminals that cannot redraw a line
VERBOSE = {0: "silent", 1: "progress", 2: "a line a trial"}


@dataclass
class KeptNotes(Observer):
    """Keeps what a person should be told.

    Attributes:
        notes: One sentence each, in their order, none twice.
    """

    notes: list[str] = field(default_factory=list)

    @override
    def note(self, message: str) -> None:
        if message not in self.notes:
            self.notes.append(message)


@dataclass(frozen=True)
class SearchObservers:
    """All who are told.

    Attributes:
        observer: What the search tells it to.
        kept: Its notes.
        log: Its log file.
    """

    observer: Observer
    kept: KeptNotes
    log: LoggedLines


@contextmanager
def search_observers(observer: Observer | None, verbose: int) -> Iterator[SearchObservers]:
    """A context in which a search tells everybody who should know.

    Args:
        observer: Who watches besides, or None.
        verbose: 0 shows nothing, 1 the progress, 2 a line a trial, on standard error.

    Raises:
        RequestError: ``verbose`` is something else.
    """
    if verbose not in VERBOSE:
        meant = ", ".join(f"{level} ({meaning})" for level, meaning in VERBOSE.items())
        raise RequestError(f"verbose is {verbose!r}; it is one of {meant}.")
    logger = logging.getLogger(LOGGER)
    logger.addHandler(logging.NullHandler())
    kept, log = KeptNotes(), LoggedLines()
    with log, ExitStack() as stack:
        told: list[Observer] = [log, kept, PlainLines(lambda line: logger.info("%s", line))]
        if verbose:
            told.append(_display(int(verbose), stack))
        if observer is not None:
            told.append(_guarded(observer, Observers(*told).note))
        yield SearchObservers(Observers(*told), kept, log)


def _guarded(observer: Any, say: Callable[[str], None]) -> Observer:
    """An observer of a person's own, so that its errors end no search.

    Raises:
        RequestError: It is no observer.
    """
    if not isinstance(observer, Observer):
        kind = observer.__name__ if isinstance(observer, type) else type(observer).__name__
        raise RequestError(
            f"observer is {kind}; give an object of a class that derives from automl.Observer."
        )
    is_own = type(observer).__module__.partition(".")[0] == "automl"
    return observer if is_own else GuardedObserver(observer, say)


def _display(verbose: int, stack: ExitStack) -> Observer:
    """What suits the place: a notebook, a terminal, or a stream that only takes lines."""
    if verbose == 1 and _is_notebook():
        from automl.tuning.notebook import NotebookDisplay

        return stack.enter_context(NotebookDisplay())
    stream = sys.stderr
    redraws = stream is not None and stream.isatty() and os.environ.get("TERM") not in _PLAIN
    if verbose == 1 and redraws:
        from rich.console import Console

        from automl.tuning.live import LiveDisplay

        return stack.enter_context(LiveDisplay(Console(stderr=True, highlight=False)))
    return PrintedLines(stream) if verbose == 2 else PacedLines(stream)


def _is_notebook() -> bool:
    """Whether this is a kernel of Jupyter's."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


def end_line(outcome: Outcome | None, record: RunRecord) -> str:
    """One line on how a search ended, for its log."""
    reason = "over" if outcome is None else str(outcome.stopped_by)
    best = record.best()
    found = "no trial completed"
    if best is not None:
        found = f"best trial {best.trial}, {record.objective} {number(best.score)}"
    return f"ended ({reason}): {found}"
