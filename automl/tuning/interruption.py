"""Ctrl-C, SIGTERM and SIGHUP: the first asks a search to end in order, the second ends it at once.

SIGTERM is what systemd, Slurm, Docker and Kubernetes send before they kill, SIGHUP what a terminal
that is closed sends. Who sends them kills some time later, so the end in order is bounded.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import Any, Self

#: Seconds within which a search ends after SIGTERM or SIGHUP unless told otherwise: Docker kills
#: after 10 s, Slurm and Kubernetes after 30 s, systemd after 90 s.
DEFAULT_GRACE = 10.0
#: Share of the grace that is the export's; the test rows are scored before it, in what is left.
EXPORT_SHARE = 0.5


def asking_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a command to end, as far as this platform has them."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def signal_name(number: int) -> str:
    """What a person calls the signal."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def _has_default(number: int) -> bool:
    """Whether nobody has said what the signal is to do; nohup, for one, has SIGHUP ignored."""
    return signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP; a KeyboardInterrupt itself may make Python end as if by Ctrl-C."""


def _error_of(number: int) -> KeyboardInterrupt:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated()


class Presses:
    """Answers what asks a command to end as Python answers Ctrl-C, and remembers that it came.

    A KeyboardInterrupt is lost where it strikes code that no exception leaves: what frees an
    import's lock, and modules in C. A search that is still starting would go on for hours.
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._pressed = False

    @property
    def signal(self) -> int:
        """The signal that came first; SIGINT where none did."""
        return signal.SIGINT if self._number is None else self._number

    def listen(self) -> None:
        """Takes the place of the system's own answers, unless there is another one."""
        for number in asking_signals():
            if _has_default(number):
                signal.signal(number, self.press)
        sys.unraisablehook = self._lost

    def end(self) -> None:
        """Stops to listen, when the work is done and the exit code known."""
        for number in asking_signals():
            if signal.getsignal(number) == self.press:
                ending = signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL
                signal.signal(number, ending)

    def check(self) -> None:
        """Ends what the signal was meant to end.

        Raises:
            KeyboardInterrupt: A signal has come.
        """
        if self._pressed:
            raise _error_of(self.signal)

    def note(self, number: int) -> None:
        """Remembers which signal it was that a search has answered, for the exit code."""
        if self._number is None:
            self._number = number

    def press(self, number: int, *_: Any) -> None:
        """Answers a signal.

        Raises:
            KeyboardInterrupt: Always.
        """
        self.note(number)
        self._pressed = True
        raise _error_of(number)

    def _lost(self, unraisable: Any) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)


#: What the command has heard since it started.
PRESSES = Presses()


class Interruption:
    """Takes the place of the answers to Ctrl-C, SIGTERM and SIGHUP while it is entered.

    A program's own answer to SIGTERM or SIGHUP stays, and so does each signal that is ignored. In
    threads other than the main one, which signals never reach, it does nothing. Entered again
    inside itself, it goes on as it is.

    Args:
        grace: Seconds from SIGTERM or SIGHUP until it ends what is still going on.
    """

    def __init__(self, grace: float = DEFAULT_GRACE) -> None:
        self.grace = grace
        self._number: int | None = None
        self._deadline: float | None = None
        self._depth = 0
        self._originals: dict[int, Any] = {}
        self._asked = threading.Event()
        self._closed = threading.Event()

    def is_asked(self) -> bool:
        """Whether one of the signals has come."""
        return self._number is not None

    @property
    def name(self) -> str:
        """What has asked: Ctrl-C, SIGTERM or SIGHUP."""
        return signal_name(signal.SIGINT if self._number is None else self._number)

    def message(self) -> str:
        """What is done about it, for a person."""
        if self._deadline is None:
            return "ending what is cheap to end; Ctrl-C again stops at once"
        return (
            f"{self.name}: what runs is ended, what is complete is scored and exported within "
            f"{self.grace:g} s (--grace); {self.name} again stops at once"
        )

    def seconds_left(self) -> float | None:
        """Seconds until everything must be done; None where nothing limits them."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    def left_for_test_rows(self) -> float | None:
        """Seconds for the test rows so that the export is done in time; None for no limit."""
        left = self.seconds_left()
        return None if left is None else max(0.0, left - EXPORT_SHARE * self.grace)

    def __enter__(self) -> Self:
        """Begins to listen.

        Raises:
            KeyboardInterrupt: A signal came while the command started, and got lost.
        """
        PRESSES.check()
        self._depth += 1
        if self._depth == 1 and threading.current_thread() is threading.main_thread():
            self._closed.clear()
            threading.Thread(target=self._watch, name="grace", daemon=True).start()
            for number in asking_signals():
                if _is_free(number):
                    self._originals[number] = signal.signal(number, self._pressed)
        return self

    def _pressed(self, number: int, *_: Any) -> None:
        PRESSES.note(number)
        if self._number is not None:
            raise _error_of(number)
        self._number = number
        if number != signal.SIGINT:
            self._deadline = time.monotonic() + self.grace
            self._asked.set()

    def _watch(self) -> None:
        """Sends the signal again when the grace is over; a handler cannot start a thread itself."""
        self._asked.wait()
        left = self.seconds_left()
        if left is not None and not self._closed.wait(max(0.0, left)) and self._number is not None:
            _signal_main_thread(self._number)

    def __exit__(self, *_: object) -> None:
        """Gives the signals back to whoever had them."""
        self._depth -= 1
        if self._depth == 0 and self._originals:
            for number, original in self._originals.items():
                signal.signal(number, original)
            self._originals.clear()
            self._closed.set()
            self._asked.set()


def _is_free(number: int) -> bool:
    """Whether a search may answer the signal itself."""
    current = signal.getsignal(number)
    if number == signal.SIGINT:
        return current != signal.SIG_IGN
    return _has_default(number) or current == PRESSES.press


def _signal_main_thread(number: int) -> None:
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, number)  # ends a wait of the main thread too
    else:
        import _thread

        _thread.interrupt_main(signal.Signals(number))
