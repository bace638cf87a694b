"""The values that finished trials had, as a table that grows, and the groups they fall into."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from automl.tuning.samplers.study_view import rank_key

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

Rows = npt.NDArray[np.intp]
Table = npt.NDArray[np.float64]


class Observations:
    """Finished trials by number, one row each, and the best of them.

    Args:
        direction: ``"minimize"`` or ``"maximize"``.
        best: How many of the best trials are known.
        only: The hyperparameters that are looked at, or None for all.

    Attributes:
        groups: The hyperparameters that occur together.
        distributions: The last seen distribution of each hyperparameter.
    """

    def __init__(self, direction: str, best: int, only: Collection[str] | None) -> None:
        self._direction = direction
        self._most = best
        self._only = only
        self.groups = Groups()
        self.distributions: dict[str, BaseDistribution] = {}
        self._last_seen: dict[str, int] = {}
        self._numbers: list[int] = []
        self._best: list[tuple[tuple[int, int, float], int]] = []
        self._columns: dict[str, int] = {}
        self._table: Table = np.full((64, 8), np.nan)

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, trial: FrozenTrial) -> None:
        """Takes a finished trial."""
        insort(self._best, (rank_key(trial, self._direction), trial.number))
        del self._best[self._most :]
        self._insert_row(trial.number)
        row = bisect_left(self._numbers, trial.number)
        keys = [
            key
            for key, distribution in trial.distributions.items()
            if not distribution.single() and (self._only is None or key in self._only)
        ]
        self.groups.add(keys)
        for key in keys:
            distribution = trial.distributions[key]
            column = self._column(key)
            self._table[row, column] = distribution.to_internal_repr(trial.params[key])
            if self._last_seen.get(key, -1) < trial.number:
                self._last_seen[key] = trial.number
                self.distributions[key] = distribution

    def best(self, count: int) -> Rows:
        """The rows of the best trials, at most as many as are known, in order of their numbers."""
        numbers = sorted(number for _, number in self._best[:count])
        return np.array([bisect_left(self._numbers, number) for number in numbers], dtype=np.intp)

    def having(self, key: str) -> Rows:
        """The rows of the trials with a hyperparameter."""
        if key not in self._columns:
            return np.array([], dtype=np.intp)
        values = self._table[: len(self._numbers), self._columns[key]]
        return np.flatnonzero(~np.isnan(values))

    def values(self, rows: Rows, keys: Collection[str]) -> dict[str, npt.NDArray[np.float64]]:
        """Some trials' values of some hyperparameters, as Optuna represents them inside."""
        none = np.array([])
        return {
            key: self._table[rows, self._columns[key]] if key in self._columns else none
            for key in keys
        }

    def _column(self, key: str) -> int:
        column = self._columns.setdefault(key, len(self._columns))
        if column == self._table.shape[1]:
            more = np.full(self._table.shape, np.nan)
            self._table = np.concatenate([self._table, more], axis=1)
        return column

    def _insert_row(self, number: int) -> None:
        count = len(self._numbers)
        if count == self._table.shape[0]:
            more = np.full(self._table.shape, np.nan)
            self._table = np.concatenate([self._table, more], axis=0)
        row = bisect_left(self._numbers, number)
        self._numbers.insert(row, number)
        if row < count:  # several workers: a trial with a greater number has ended before
            self._table[row + 1 : count + 1] = self._table[row:count]
            self._table[row] = np.nan


class Groups:
    """Hyperparameters that all trials have together or not at all, as Optuna's grouped TPE.

    They are the coarsest parts of which every trial's hyperparameters are a union, so the order
    in which trials are added does not matter.
    """

    def __init__(self) -> None:
        self._part_of: dict[str, set[str]] = {}

    def add(self, keys: Collection[str]) -> None:
        """Takes the hyperparameters of a trial."""
        new: set[str] = set()
        found: dict[int, set[str]] = {}
        for key in keys:
            if key in self._part_of:
                found.setdefault(id(self._part_of[key]), set()).add(key)
            else:
                new.add(key)
        parts = [new] if new else []
        for shared in found.values():
            part = self._part_of[next(iter(shared))]
            if len(shared) < len(part):
                parts.append(shared)
                part -= shared
        for part in parts:
            self._part_of.update(dict.fromkeys(part, part))

    def of(self, key: str) -> tuple[str, ...]:
        """The group of a hyperparameter, sorted; itself alone where no trial has it."""
        return tuple(sorted(self._part_of.get(key, (key,))))
