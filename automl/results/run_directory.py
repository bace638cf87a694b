"""A run's directory: what was asked, the study, the trials, and a lock for its one driver."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automl.common.files import read_json_object, write_sealed_json
from automl.common.names import near_names
from automl.common.option_values import named_place
from automl.common.root import Root
from automl.common.shell import shown_path
from automl.common.whole_folder import TAKEN, make_whole, remove_whole
from automl.errors import RequestError, RunError
from automl.results.run_forms import ManifestForm, check_known
from automl.trial import CHECKPOINT_FILE, TRIALS, folder_of_trial

# A baseline's name may be a folder's; so it is held to letters that every file system takes.
_BASELINE_NAME = re.compile(r"[a-z][a-z0-9_]*")


class _Place:
    """A file or folder of a run, by its name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, run: RunDirectory, owner: type) -> Path:
        return run.path / self._name


@dataclass(frozen=True)
class RunDirectory:
    """The places of one run; make one with `create` or `open`.

    Attributes:
        path: The directory, as an absolute path.
    """

    path: Path

    #: ``run.json``: what was asked.
    manifest_file = _Place("run.json")
    #: ``study.log``: Optuna's journal.
    study_file = _Place("study.log")
    #: ``plan.json``: the preprocessing plan and the task.
    plan_file = _Place("plan.json")
    #: ``leaderboard.csv``: rebuilt from the study.
    leaderboard_file = _Place("leaderboard.csv")
    #: ``search.log``: the progress, line by line.
    log_file = _Place("search.log")
    #: ``trials``: one folder for each trial.
    trials = _Place(TRIALS)
    #: ``arrays``: the prepared rows that every worker maps.
    arrays = _Place("arrays")
    #: ``best``: the exported bundle.
    best = _Place("best")
    #: ``code``: the files of the space that was searched, where it is a person's own.
    code = _Place("code")

    @classmethod
    def create(cls, path: str | Path, manifest: Mapping[str, Any]) -> RunDirectory:
        """Makes a new run's directory, whole or not at all.

        Args:
            path: Where; parents are made as needed. It must not exist, or be an empty folder.
            manifest: The content of ``run.json``: what was asked, as a JSON form. The keys that
                this package reads are ``objective`` (``{"name": ..., "direction":
                "minimize" | "maximize"}``), ``storage`` (a database's URL, or None for the
                run's own journal) and ``study`` (the study's name in that database).

        Returns:
            The new run's directory, with ``run.json`` and an empty ``trials`` folder in it.

        Raises:
            RequestError: The directory exists, or cannot be written.
        """
        cls.check_free(path)
        target = Path(path).absolute()
        try:
            make_whole(target, (TRIALS, "run.json"), lambda folder: _fill(folder, manifest))
        except OSError as error:
            if error.errno in TAKEN:
                # Another run has taken the directory since it was looked at; it is left alone.
                raise RequestError(
                    f"{path} has just been taken by another run; choose another name."
                ) from error
            raise RequestError(
                f"The run's directory {path} cannot be made ({error.strerror or error}); "
                "choose a place that is writable and has room."
            ) from error
        return cls(target)

    @staticmethod
    def check_free(path: str | Path) -> None:
        """Checks that a new run can have a directory, before anything is read or made.

        Args:
            path: Where the run is to be; nothing there, or an empty folder, is free.

        Raises:
            RequestError: Something is there.
        """
        target = Path(path).absolute()
        for place in (target, *target.parents):
            if place.is_symlink() and not place.exists():
                raise RequestError(
                    f"{place} is a link to {place.readlink()}, which is not there; make that "
                    "directory, or choose another name for the new run's directory."
                )
        if (target / "run.json").exists():
            raise RequestError(
                f"The run {path} exists; go on with it by `automl resume {shown_path(path)}`, "
                "or choose another name."
            )
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise RequestError(
                f"{path} exists and is not a run; choose another name for the new run's directory."
            )

    @classmethod
    def open(cls, path: str | Path) -> RunDirectory:
        """Finds an existing run.

        Args:
            path: The run's directory.

        Returns:
            The run's directory; of its files only the names were looked at.

        Raises:
            RequestError: There is no such directory, or it is not a run.
            RunError: One of its files is a link that leads out of it.
        """
        target = named_place("run", path).absolute()
        run = cls(target)
        if run.manifest_file.is_file():
            run.check_links()
            return run
        if target.is_dir():
            raise RequestError(
                f"{path} is not a run: it has no run.json; give the directory that "
                "`automl search` printed."
            )
        raise RequestError(f"There is no run {path}{_nearest_runs(target)}.")

    def check_links(self) -> None:
        """Checks that nothing in the directory itself is a link that leads out of it.

        A run may come from somebody else, and files of it are written to.

        Raises:
            RunError: Something is.
        """
        here = self.path.resolve()
        for entry in os.scandir(self.path):
            if entry.is_symlink() and not _leads_into(here, self.path / entry.name):
                self.inside(entry.name)

    @property
    def root(self) -> Root:
        """By which everything below is opened."""
        return Root(self.path)

    @property
    def name(self) -> str:
        """The run's name: that of its directory."""
        return self.path.name

    def trial_directory(self, trial: int | str) -> Path:
        """Where a trial's files are; the folder need not exist yet.

        Args:
            trial: The trial's number, or a baseline's name.

        Returns:
            A path inside the run.

        Raises:
            RequestError: The name is none that a trial can have.
        """
        if isinstance(trial, str):
            if not _BASELINE_NAME.fullmatch(trial):
                raise RequestError(
                    f"{trial!r} is no trial: expected a number from 0 or a baseline's name."
                )
        elif trial < 0:
            raise RequestError(f"{trial} is no trial: trials are numbered from 0.")
        return self.inside(folder_of_trial(trial))

    def trial_file(self, trial: int | str, name: str) -> Path:
        """Where a file of a trial is; it need not exist.

        Args:
            trial: The trial's number, or a baseline's name.
            name: The file's name.

        Returns:
            A path inside the run.

        Raises:
            RequestError: The trial's name is none that a trial can have.
            RunError: A link leads out of the run's directory.
        """
        return self.inside(f"{self.trial_directory(trial).relative_to(self.path)}/{name}")

    def plan_of(self, trial: int | str) -> Path:
        """``plan.json`` of a trial: its own, where it has a division of its own, or the run's.

        Args:
            trial: The trial's number, or a baseline's name.
        """
        own = self.trial_file(trial, self.plan_file.name)
        return own if self.root.is_file(own) else self.plan_file

    def start_of(self, trial: int | str) -> str:
        """Where a trial that was cut off can go on; see `automl.trial.TrialSpec`.

        Args:
            trial: The trial's number, or a baseline's name.
        """
        checkpoint = self.trial_file(trial, CHECKPOINT_FILE)
        return checkpoint.relative_to(self.path).as_posix() if checkpoint.exists() else ""

    def inside(self, name: str) -> Path:
        """Turns a name that was read from the run into a path, if it stays in the run.

        Args:
            name: A path relative to the run's directory.

        Returns:
            The absolute path.

        Raises:
            RunError: The name leads out of the run's directory, or there is a link on the way.
        """
        if Path(name).is_absolute():
            raise RunError(
                f"The run {self.path} names the file {name!r}, which is not inside it; "
                "a run's files must be in its own directory."
            )
        return self.root.checked(name)

    def read_manifest(self) -> dict[str, Any]:
        """Reads ``run.json``.

        Returns:
            The manifest as it was written.

        Raises:
            RunError: The file cannot be read, is not a JSON object, was changed after it was
                written, or a value in it is of a wrong kind.
        """
        manifest = read_json_object(self.manifest_file)
        check_known(ManifestForm, manifest, self.manifest_file)
        return manifest

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Writes ``run.json`` atomically.

        Args:
            manifest: See `create`.

        Raises:
            RunError: The file cannot be written.
        """
        try:
            write_sealed_json(self.manifest_file, manifest)
        except OSError as error:
            raise RunError(
                f"{self.manifest_file} cannot be written ({error.strerror or error}); "
                "make room or make it writable."
            ) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the run for this process; a study file must have one writer only.

        The system frees the lock when the process ends, however it ends.

        Raises:
            RunError: Another process holds the run, or the lock file cannot be made.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.root.checked("run.lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise RunError(
                f"The run {self.path} is in use by another process; wait until it has ended, "
                "or stop it first."
            ) from error
        except OSError as error:
            raise RunError(
                f"The run {self.path} cannot be locked ({error.strerror or error}); "
                "make its directory writable."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def discard(self) -> None:
        """Removes the run with all that is in it, for a search that ended before any trial."""
        # At once no run any more: half of one could neither be resumed nor made again.
        remove_whole(self.path)


def _fill(folder: Path, manifest: Mapping[str, Any]) -> None:
    """What a new run has in it."""
    run = RunDirectory(folder)
    run.trials.mkdir()
    write_sealed_json(run.manifest_file, manifest)


def _leads_into(folder: Path, link: Path) -> bool:
    try:
        return link.resolve().is_relative_to(folder)
    except (OSError, RuntimeError):  # a circle of links
        return False


def _nearest_runs(target: Path) -> str:
    """Says which runs of the same folder have names that look alike."""
    if not target.parent.is_dir():
        return "; `automl search` makes one"
    runs = [file.parent.name for file in target.parent.glob("*/run.json")]
    near = near_names(target.name, runs)
    if not near:
        return "; `automl search` makes one"
    return f"; there is {' and '.join(str(target.parent / name) for name in near)}"
