"""A run's directory: what was asked, the study, the trials, and a lock for its one driver."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from automl.errors import RequestError, RunError
from automl.results.files import write_json

# A baseline's name may be a folder's; so it is held to letters that every file system takes.
_BASELINE_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class RunDirectory:
    """The places of one run; make one with `create` or `open`.

    Attributes:
        path: The directory, as an absolute path.
    """

    path: Path

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
        run = cls(target)
        made = _missing_folders(target)
        try:
            target.mkdir(parents=True, exist_ok=True)
            run.trials.mkdir()
            write_json(run.manifest_file, manifest)
        except FileExistsError as error:
            # Another run has taken the directory since it was looked at; it is left alone.
            raise RequestError(
                f"{path} has just been taken by another run; choose another name."
            ) from error
        except OSError as error:
            _undo_create(run, made)
            raise RequestError(
                f"The run's directory {path} cannot be made ({error.strerror or error}); "
                "choose a place that is writable and has room."
            ) from error
        return run

    @staticmethod
    def check_free(path: str | Path) -> None:
        """Checks that a new run can have a directory, before anything is read or made.

        Args:
            path: Where the run is to be; nothing there, or an empty folder, is free.

        Raises:
            RequestError: Something is there.
        """
        target = Path(path).absolute()
        if (target / "run.json").exists():
            raise RequestError(
                f"The run {path} exists; go on with it by `automl resume {path}`, "
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
            The run's directory; nothing but the presence of ``run.json`` was checked.

        Raises:
            RequestError: There is no such directory, or it is not a run.
        """
        target = Path(path).absolute()
        run = cls(target)
        if run.manifest_file.is_file():
            return run
        if target.is_dir():
            raise RequestError(
                f"{path} is not a run: it has no run.json; give the directory that "
                "`automl search` printed."
            )
        raise RequestError(f"There is no run {path}{_nearest_runs(target)}.")

    @property
    def name(self) -> str:
        """The run's name: that of its directory."""
        return self.path.name

    @property
    def manifest_file(self) -> Path:
        """``run.json``: what was asked."""
        return self.path / "run.json"

    @property
    def study_file(self) -> Path:
        """``study.log``: Optuna's journal."""
        return self.path / "study.log"

    @property
    def plan_file(self) -> Path:
        """``plan.json``: the preprocessing plan and the task."""
        return self.path / "plan.json"

    @property
    def leaderboard_file(self) -> Path:
        """``leaderboard.csv``: rebuilt from the study."""
        return self.path / "leaderboard.csv"

    @property
    def log_file(self) -> Path:
        """``search.log``: the progress, line by line."""
        return self.path / "search.log"

    @property
    def trials(self) -> Path:
        """``trials``: one folder for each trial."""
        return self.path / "trials"

    @property
    def arrays(self) -> Path:
        """``arrays``: the prepared rows that every worker maps."""
        return self.path / "arrays"

    @property
    def best(self) -> Path:
        """``best``: the exported bundle."""
        return self.path / "best"

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
        return self.inside(f"trials/{trial}")

    def inside(self, name: str) -> Path:
        """Turns a name that was read from the run into a path, if it stays in the run.

        Args:
            name: A path relative to the run's directory.

        Returns:
            The absolute path.

        Raises:
            RunError: The name leads out of the run's directory, by itself or by a link.
        """
        path = self.path / name
        if Path(name).is_absolute() or not path.resolve().is_relative_to(self.path.resolve()):
            raise RunError(
                f"The run {self.path} names the file {name!r}, which is not inside it; "
                "a run's files must be in its own directory."
            )
        return path

    def read_manifest(self) -> dict[str, Any]:
        """Reads ``run.json``.

        Returns:
            The manifest as it was written.

        Raises:
            RunError: The file cannot be read, or is not a JSON object.
        """
        return read_json_object(self.manifest_file)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Writes ``run.json`` atomically.

        Args:
            manifest: See `create`.

        Raises:
            RunError: The file cannot be written.
        """
        try:
            write_json(self.manifest_file, manifest)
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

        lock = FileLock(self.path / "run.lock", timeout=0)
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
        shutil.rmtree(self.path)


def read_json_object(path: Path) -> dict[str, Any]:
    """Reads a JSON object from a run's or a bundle's file.

    Args:
        path: The file.

    Returns:
        The object.

    Raises:
        RunError: The file cannot be read, or is not a JSON object.
    """
    try:
        form = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise RunError(f"{path} is not JSON ({error}); restore it from a copy.") from error
    if not isinstance(form, dict):
        raise RunError(f"{path} holds no JSON object; restore it from a copy.")
    return form


def _missing_folders(path: Path) -> list[Path]:
    """The folders that have to be made so that a path can exist, the innermost first."""
    return [folder for folder in (path, *path.parents) if not folder.exists()]


def _undo_create(run: RunDirectory, made: list[Path]) -> None:
    """Removes what `RunDirectory.create` made, and no folder that others have used since."""
    shutil.rmtree(run.trials, ignore_errors=True)
    with suppress(OSError):
        run.manifest_file.unlink(missing_ok=True)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


def _nearest_runs(target: Path) -> str:
    """Says which runs of the same folder have names that look alike."""
    if not target.parent.is_dir():
        return "; `automl search` makes one"
    runs = [file.parent.name for file in target.parent.glob("*/run.json")]
    near = get_close_matches(target.name, runs, n=3)
    if not near:
        return "; `automl search` makes one"
    return f"; there is {' and '.join(str(target.parent / name) for name in near)}"
