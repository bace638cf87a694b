"""A study's journal with one writer: Optuna's line format, no lock file, no needless waiting."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from optuna.storages.journal import BaseJournalBackend
from optuna.trial import TrialState

from automl.common.root import Root
from automl.errors import RunError
from automl.results.journal_lines import parse_lines, read_blocks, read_tail, whole_lines
from automl.results.seal import Seal

# Optuna's operations (`optuna.storages.journal._storage.JournalOperation`) that a person would
# miss after a power cut: a study created, a study's attribute set (a baseline, a test score).
_STUDY_OPERATIONS = (0, 2)
_SET_TRIAL_STATE = 6


class JournalFile(BaseJournalBackend):
    """The journal of one run, for `optuna.storages.JournalStorage`.

    The lines are those of Optuna's ``JournalFileBackend``, so either reads what the other
    wrote. There are five differences. The run's own lock already makes the writer the only one
    (`RunDirectory.lock`), so no lock is taken for each line. A last line that was cut by a kill
    is ignored in reading and removed before the first append, where Optuna's would continue it
    and spoil the file. What this process appended is not read from the file again, unless others
    have written too. And only what ends something waits for the disk: what is written and
    flushed survives the death of the process, so ``fsync`` guards against a power cut alone,
    and there a lost epoch value costs nothing (the trial runs again), a lost finished trial or
    baseline costs its training. What ends something also carries a seal
    (`automl.results.seal`).

    Args:
        path: The journal, usually ``study.log``; made by the first append.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        # Lines and bytes that were read; what this process has appended right behind them, as a
        # reader would find it; and the size of the file after it.
        self._lines = self._bytes = 0
        self._own: list[dict[str, Any]] = []
        self._size = 0
        self._tail_is_whole = False
        # The checksum of what was read, and of that with what this process has appended.
        self._seal_read = self._seal_end = Seal()

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Reads the whole lines from a number on.

        Args:
            log_number_from: How many lines to leave out, counted from the start.

        Returns:
            One dictionary a line.

        Raises:
            RunError: A line in the middle is not JSON.
        """
        if log_number_from >= self._lines and self._own_are_last():
            own, already = self._own, log_number_from - self._lines
            self._lines, self._bytes, self._own = self._lines + len(own), self._size, []
            self._seal_read = self._seal_end
            yield from own[already:]
            return
        if log_number_from < self._lines:
            self._lines = self._bytes = 0
            self._seal_read = Seal()
        self._own = []
        for lines in read_blocks(self._path, self._bytes):
            first, already = self._lines, max(0, log_number_from - self._lines)
            self._lines += len(lines)
            self._bytes += sum(map(len, lines))
            self._size = self._bytes
            self._seal_read = self._seal_end = self._seal_read.checked(b"".join(lines), self._path)
            yield from parse_lines(lines[already:], self._path, first=first + already + 1)

    def _own_are_last(self) -> bool:
        """Whether nobody but this process has written since the file was read."""
        try:
            return self._path.stat().st_size == self._size
        except FileNotFoundError:
            return self._size == 0

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Appends lines: all of them or none.

        Args:
            logs: One JSON-able dictionary a line.

        Raises:
            RunError: The file cannot be written, for instance because the disk is full.
        """
        try:
            # Unbuffered, so that a failed write leaves nothing that closing would write again.
            with Root(self._path.parent).open(self._path.name, "ab", buffering=0) as file:
                self._cut_tail(file.fileno())
                content, seal = self._sealed(logs, os.fstat(file.fileno()).st_size)
                start = self._write_all_or_nothing(file, content)
                if any(_ends_something(log) for log in logs):
                    os.fsync(file.fileno())
        except OSError as error:
            raise RunError(
                f"The study file {self._path} cannot be written ({error.strerror or error}); "
                "make room or make it writable, then go on with `automl resume`."
            ) from error
        self._seal_end = seal
        if start == self._size:
            self._own += parse_lines(whole_lines(content), self._path)
            self._size += len(content)

    def _cut_tail(self, descriptor: int) -> None:
        """Removes what follows the last whole line, once, before the first append."""
        if self._tail_is_whole:
            return
        content = read_tail(self._path, self._bytes)
        whole = self._bytes + sum(map(len, whole_lines(content)))
        if whole < self._bytes + len(content):
            os.ftruncate(descriptor, whole)
        self._seal_end = self._seal_read.checked(content[: whole - self._bytes], self._path)
        self._tail_is_whole = True

    def _sealed(self, logs: list[dict[str, Any]], size: int) -> tuple[bytes, Seal]:
        """The lines to append, sealed if all that is before them is known, and the next seal."""
        content, seal = b"", self._seal_end
        for log in logs:
            line = json.dumps(log, separators=(",", ":")).encode() + b"\n"
            if _ends_something(log) and self._seal_end.size == size:
                line = seal.put_on(line)
            content, seal = content + line, seal.after(line)
        return content, seal

    @staticmethod
    def _write_all_or_nothing(file: IO[bytes], content: bytes) -> int:
        """Appends a content and returns where it begins."""
        start = os.fstat(file.fileno()).st_size
        try:
            written = 0
            while written < len(content):
                written += file.write(content[written:])
        except OSError:
            os.ftruncate(file.fileno(), start)
            raise
        return start


def _ends_something(log: dict[str, Any]) -> bool:
    operation = log.get("op_code")
    if operation == _SET_TRIAL_STATE:
        return TrialState(log["state"]).is_finished()
    return operation in _STUDY_OPERATIONS
