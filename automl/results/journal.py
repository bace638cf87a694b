"""A study's journal with one writer: Optuna's line format, no lock file, no needless waiting."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend
from optuna.trial import TrialState

from automl.errors import RunError
from automl.results.journal_lines import parse_lines, read_tail, whole_lines

# Optuna's operations (`optuna.storages.journal._storage.JournalOperation`) that a person would
# miss after a power cut: a study created, a study's attribute set (a baseline, a test score).
_STUDY_OPERATIONS = (0, 2)
_SET_TRIAL_STATE = 6


class JournalFile(BaseJournalBackend):
    """The journal of one run, for `optuna.storages.JournalStorage`.

    The lines are those of Optuna's ``JournalFileBackend``, so either reads what the other
    wrote. There are three differences. The run's own lock already makes the writer the only one
    (`RunDirectory.lock`), so no lock is taken for each line. A last line that was cut by a kill
    is ignored in reading and removed before the first append, where Optuna's would continue it
    and spoil the file. And only what ends something waits for the disk: what is written and
    flushed survives the death of the process, so ``fsync`` guards against a power cut alone,
    and there a lost epoch value costs nothing (the trial runs again), a lost finished trial or
    baseline costs its training.

    Args:
        path: The journal, usually ``study.log``; made by the first append.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        # Where each line ends, so that reading goes on from where it stopped.
        self._ends = [0]
        self._tail_is_whole = False

    def read_logs(self, log_number_from: int) -> Iterable[dict[str, Any]]:
        """Reads the whole lines from a number on.

        Args:
            log_number_from: How many lines to leave out, counted from the start.

        Returns:
            One dictionary a line.

        Raises:
            RunError: A line in the middle is not JSON.
        """
        known = min(log_number_from, len(self._ends) - 1)
        lines = whole_lines(read_tail(self._path, self._ends[known]))
        del self._ends[known + 1 :]
        for line in lines:
            self._ends.append(self._ends[-1] + len(line))
        wanted = lines[log_number_from - known :]
        return parse_lines(wanted, self._path, first=log_number_from + 1)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Appends lines: all of them or none.

        Args:
            logs: One JSON-able dictionary a line.

        Raises:
            RunError: The file cannot be written, for instance because the disk is full.
        """
        content = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs).encode()
        try:
            # Unbuffered, so that a failed write leaves nothing that closing would write again.
            with self._path.open("ab", buffering=0) as file:
                self._cut_tail(file.fileno())
                self._write_all_or_nothing(file, content)
                if any(_ends_something(log) for log in logs):
                    os.fsync(file.fileno())
        except OSError as error:
            raise RunError(
                f"The study file {self._path} cannot be written ({error.strerror or error}); "
                "make room or make it writable, then go on with `automl resume`."
            ) from error

    def _cut_tail(self, descriptor: int) -> None:
        """Removes what follows the last whole line, once, before the first append."""
        if self._tail_is_whole:
            return
        content = read_tail(self._path)
        whole = sum(map(len, whole_lines(content)))
        if whole < len(content):
            os.ftruncate(descriptor, whole)
        self._tail_is_whole = True

    @staticmethod
    def _write_all_or_nothing(file: FileIO, content: bytes) -> None:
        start = os.fstat(file.fileno()).st_size
        try:
            written = 0
            while written < len(content):
                written += file.write(content[written:])
        except OSError:
            os.ftruncate(file.fileno(), start)
            raise


def _ends_something(log: dict[str, Any]) -> bool:
    operation = log.get("op_code")
    if operation == _SET_TRIAL_STATE:
        return TrialState(log["state"]).is_finished()
    return operation in _STUDY_OPERATIONS
