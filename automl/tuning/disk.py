"""What a run takes of the disk: models that matter no more go, and a limit holds.

The models of the best trials are the bulk of it. Where they would exceed the limit, the last of
them go first, and trials that rank no better keep theirs no longer. Then go the learning curves of
the trials that rank last, and then the checkpoints of trials that run, which save no more than
time. What a resumption, an export of the best trial or the leaderboard needs stays; where even that
does not fit, the search has to stop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from automl.common.sizes import shown_size
from automl.engines.limits import LOG_BYTES
from automl.results.run_directory import RunDirectory
from automl.trial import (
    CHECKPOINT_FILE,
    ERROR_FILE,
    HISTORY_FILE,
    MODEL_FILES,
    RESHUFFLE,
    TRIALS,
    FailureCause,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.tuning.ranking import Ranking

CURVE_FILES = (HISTORY_FILE, ERROR_FILE)
#: An exported model compared with a trial's: the preprocessing comes on top.
BUNDLE_FACTOR = 1.1
BUNDLE_BYTES = 300_000
#: What a trial leaves besides its model, and what the study and the leaderboard grow by.
TRIAL_BYTES = 50_000


def forget_model(run: RunDirectory, trial: int) -> None:
    """Removes the saved model of a trial that is no longer among the best; its history stays."""
    _remove(run, run.trial_directory(trial), MODEL_FILES)


class DiskBudget:
    """Keeps a run's files within a limit.

    Args:
        run: The run, locked by this process.
        limit: Bytes that its directory may take, or None for no limit.
        slots: How many trials run, and may save a model, at once.
    """

    def __init__(self, run: RunDirectory, limit: int | None, slots: int) -> None:
        self._run = run
        self._limit = limit
        self._slots = slots
        self._folders: dict[str, int] = {}
        self._models: dict[int, int] = {}
        self._running: set[str] = set()
        self._largest = 0
        self._fixed = 0

    def take_up(self, ranking: Ranking, going_on: Collection[int] = ()) -> None:
        """Looks at what earlier sessions have left, and removes models that matter no more.

        Such are there where a session was killed between recording a trial and tidying up.

        Args:
            ranking: The trials that are over.
            going_on: Trials that were cut off: of several executions one may have its model.
        """
        kept = {*ranking.kept(), *going_on}
        for name in self._run.root.names(TRIALS):
            if name.isdecimal() and int(name) not in kept:
                forget_model(self._run, int(name))
        if self._limit is not None:
            for name in self._run.root.names(TRIALS):
                self._look(name)
            arrays = _size_below(self._run.arrays) - self._divisions()
            self._fixed = arrays + _size_below(self._run.best)

    def forget_model(self, trial: int) -> None:
        """Removes the model of a trial that matters no more."""
        forget_model(self._run, trial)
        self.look(trial)

    def look(self, trial: int | str) -> None:
        """Takes note of what a trial has left on the disk."""
        if self._limit is not None:
            self._look(str(trial))

    def begin(self, trial: int | str) -> None:
        """Takes note of a trial that begins: from now on it may write a checkpoint."""
        self._running.add(str(trial))
        self._folders.pop(str(trial), None)  # that of one that goes on has its checkpoint in it

    def take(self, spec: TrialSpec, result: TrialResult, ranking: Ranking) -> TrialResult:
        """Takes note of a trial that has ended.

        Args:
            spec: The trial.
            result: Its result.
            ranking: The trials that were over before.

        Returns:
            The result; a failure where the trial would be the best but there was no room for its
            model, for the best trial is the one that is exported.
        """
        self._running.discard(str(spec.trial))
        self.look(spec.trial)
        if (
            self._limit is None
            or isinstance(spec.trial, str)
            or result.state is not TrialState.COMPLETED
            or result.score is None
            or result.model_hash
            or not ranking.leads(spec.trial, result.score)
        ):
            return result
        return replace(
            result,
            state=TrialState.FAILED,
            cause=FailureCause.DISK_LIMIT,
            reason=f"its model of {result.parameters:,} weights has no room within --max-disk "
            f"{shown_size(self._limit)}",
        )

    def _look(self, name: str) -> None:
        folder = self._run.trials / name
        self._folders[name] = _size_below(folder)
        if name.isdecimal():
            model = sum(_size(folder / file) for file in MODEL_FILES)
            self._models.pop(int(name), None)
            if model:
                self._models[int(name)] = model
                self._largest = max(self._largest, model)

    def model_room(self, ranking: Ranking) -> int | None:
        """Bytes that the model of one more trial may take; None for no limit."""
        if self._limit is None:
            return None
        beside = (self._limit - self._needed(ranking)) // self._slots
        # As the best it needs room for its export as well, but none for that of the best so far.
        alone = self._limit - (self._used() - sum(self._models.values())) - BUNDLE_BYTES
        return max(0, min(beside, int(alone / (1.0 + BUNDLE_FACTOR))))

    def make_room(self, ranking: Ranking) -> str:
        """Removes what may go, the least important first, until the limit holds.

        Args:
            ranking: The trials that are over; it learns how many may keep their model.

        Returns:
            "", or one sentence where what must stay does not fit.
        """
        if self._limit is None:
            return ""
        kept = ranking.kept()
        running = self._slots * (min(self._largest, self.model_room(ranking) or 0) + TRIAL_BYTES)
        while len(kept) > 1 and self._used() + self._bundle(kept[0]) + running > self._limit:
            self.forget_model(kept.pop())
            ranking.narrow(len(kept))
        needed = self._needed(ranking)
        if needed > self._limit:
            self._drop_curves(kept, needed - self._limit)
            if self._needed(ranking) > self._limit:
                for name in self._running:
                    _remove(self._run, self._run.trials / name, [CHECKPOINT_FILE])
            needed = self._needed(ranking)
        if needed <= self._limit:
            return ""
        return (
            f"The run has reached --max-disk {shown_size(self._limit)}: what it cannot do without "
            f"takes {shown_size(needed)}"
        )

    def _needed(self, ranking: Ranking) -> int:
        """Bytes of what has to stay, the copy of the best model that the export makes included."""
        kept = ranking.kept()
        best = self._models.get(kept[0], 0) if kept else 0
        models = sum(self._models.values())
        return self._used() - models + best + (self._bundle(kept[0]) if kept else 0)

    def _bundle(self, best: int) -> int:
        return int(BUNDLE_FACTOR * self._models.get(best, 0)) + BUNDLE_BYTES

    def _used(self) -> int:
        """Bytes that the run takes, its logs with what they may grow to."""
        files = (path for path in self._run.path.iterdir() if path.is_file())
        logs = self._slots * LOG_BYTES
        begun = (self._run.trials / name / CHECKPOINT_FILE for name in self._running)
        folders = sum(self._folders.values()) + sum(map(_size, begun))
        return self._fixed + self._divisions() + folders + sum(map(_size, files)) + logs

    def _divisions(self) -> int:
        """Bytes of the rows of trials that have a division of their own, while they run."""
        return sum(map(_size_below, self._run.arrays.glob(f"{RESHUFFLE}*")))

    def _drop_curves(self, kept: list[int], excess: int) -> None:
        """Removes curves until an excess is gone, those of old trials without model first."""
        for name in sorted(self._folders, key=lambda name: (len(name), name)):
            if excess <= 0:
                return
            if name.isdecimal() and int(name) not in kept:
                before = self._folders[name]
                _remove(self._run, self._run.trials / name, CURVE_FILES)
                self._look(name)
                excess -= before - self._folders[name]


def _remove(run: RunDirectory, folder: Path, names: Iterable[str]) -> None:
    for name in names:
        run.root.remove(folder / name)


def _size_below(folder: Path) -> int:
    """Bytes that a folder takes with all that is in it."""
    if folder.is_symlink() or not folder.is_dir():
        return 0
    return _size(folder) + sum(_size(path) for path in folder.rglob("*"))


def _size(path: Path) -> int:
    """Bytes that a file takes on the disk, which counts in blocks."""
    try:
        status = path.lstat()
    except FileNotFoundError:  # a temporary name that has just got its own
        return 0
    return max(status.st_size, 512 * getattr(status, "st_blocks", 0))
