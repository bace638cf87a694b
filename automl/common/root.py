"""A directory tree that is never left: every open below it refuses links, at every level.

A run or a bundle may come from a stranger, who may have put a link anywhere below it: reading
through one tells what is outside, writing through one changes it. So whatever is below is opened
here, component by component with ``O_NOFOLLOW`` (as Go's ``os.Root`` does it), at each open and not
once at the start. Only the tree's own directory, which a person has named, may be a link.

Nothing here makes the tree's own directory: one that was renamed while it is used is not made
again at the old place.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from automl.errors import RunError

_CLOSE = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOSE
#: Opening a pipe that nobody writes to would wait for ever.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_HAS_DIR_FD = os.open in os.supports_dir_fd

#: What a file is opened for, by its mode.
_FLAGS = {
    "r": os.O_RDONLY,
    "r+": os.O_RDWR,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
}


def temporary_beside(path: Path, ending: str = "") -> Path:
    """The name that a file or folder has while it is not whole: this process's alone."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp{ending}")


def writer_of(name: str) -> int | None:
    """The process that is writing, or was, what has such a name; None of any other name."""
    found = re.fullmatch(r"\..+\.(\d{1,18})\.tmp(\..+)?", name)
    return None if found is None else int(found[1])


@dataclass(frozen=True)
class Root:
    """A directory that a person has named, and what is below it.

    Paths are given relative to it, or whole; one that is not below it is refused.

    Attributes:
        path: The directory.
    """

    path: Path

    def descriptor(self, path: str | Path, flags: int, mode: int = 0o666) -> int:
        """Opens a plain file below.

        Args:
            path: The file.
            flags: As `os.open` takes them.
            mode: Permissions of a new file, before the umask.

        Returns:
            The file's descriptor, for the caller to close.

        Raises:
            RunError: A link is on the way, the file is not a plain one, or is to be written and
                has another name elsewhere.
            OSError: It cannot be opened.
        """
        *folders, name = self._parts(path)
        # Emptied only when it is known to be a plain file.
        kept = (flags & ~os.O_TRUNC) | _NO_LINK | _NO_WAIT | _CLOSE
        with self._folder(folders, path) as folder:
            try:
                if _HAS_DIR_FD:
                    found = os.open(name, kept, mode, dir_fd=folder)
                else:
                    found = os.open(self.checked(path), kept, mode)
            except OSError as error:
                if error.errno in (errno.ELOOP, errno.ENXIO):
                    raise self._refusal(path) from error
                error.filename = str(self.path.joinpath(*folders, name))
                raise
        try:
            self._check_plain(found, path, writes=flags & (os.O_WRONLY | os.O_RDWR) != 0)
            if flags & os.O_TRUNC:
                os.ftruncate(found, 0)
        except BaseException:
            os.close(found)
            raise
        return found

    def open(self, path: str | Path, mode: str = "rb", **options: Any) -> IO[Any]:
        """Opens a plain file below, as the built-in ``open`` does.

        Args:
            path: The file.
            mode: As ``open`` takes it.
            **options: Further arguments of ``open``.

        Raises:
            RunError: See `descriptor`.
            OSError: It cannot be opened.
        """
        flags = _FLAGS[mode.replace("b", "").replace("t", "")]
        found = self.descriptor(path, flags)
        try:
            return os.fdopen(found, mode, **options)
        except BaseException:
            os.close(found)
            raise

    def create(self, path: str | Path, mode: int = 0o666) -> IO[bytes]:
        """Opens a new file for writing, in the place of whatever has its name."""
        self.remove(path)
        return os.fdopen(self.descriptor(path, _FLAGS["x"], mode), "xb")

    def write(
        self, path: str | Path, content: bytes, *, durable: bool = True, mode: int = 0o666
    ) -> None:
        """Writes a file atomically: readers see the old content or the new, never a part.

        Args:
            path: The file; its folder must exist.
            content: All of the file's bytes.
            durable: Whether to wait until the content is on the disk before it takes the name, so
                that a power cut cannot leave an empty file. What can be rebuilt need not wait.
            mode: Permissions of the file, before the umask.

        Raises:
            RunError: A link is on the way.
            OSError: The file cannot be written; the old one is then untouched.
        """
        with self.replacing(path) as temporary, self.create(temporary, mode) as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())

    @contextmanager
    def replacing(self, path: str | Path, ending: str = "") -> Iterator[Path]:
        """Gives a file that is written in the meantime its name in the end, or removes it.

        Args:
            path: The file; its folder must exist.
            ending: How the name that it has meanwhile ends, for a library that goes by that.

        Yields:
            The whole path to write to. With an ending nobody can have known it, so that there is
            no link of that name which a library would follow.
        """
        whole = self.path.joinpath(*self._parts(path))
        temporary = temporary_beside(whole, f".{secrets.token_hex(8)}{ending}" if ending else "")
        try:
            yield self.checked(temporary) if ending else temporary
            self.replace(temporary, whole)
        except BaseException:
            with suppress(OSError):
                self.remove(temporary)
            raise

    def replace(self, old: str | Path, new: str | Path) -> None:
        """Gives a file or folder another name; a file or link of that name is gone."""
        *folders, name = self._parts(old)
        *others, other = self._parts(new)
        with self._folder(folders, old) as source, self._folder(others, new) as target:
            if _HAS_DIR_FD:
                os.replace(name, other, src_dir_fd=source, dst_dir_fd=target)
            else:
                self.checked(Path(old).parent)
                (self.path / old).replace(self.path / new)

    def make_folder(self, path: str | Path) -> None:
        """Makes a folder, and those that it is in below the root; one that is there is left.

        Raises:
            RunError: A link is on the way.
            OSError: It cannot be made; the root itself never is.
        """
        parts = self._parts(path)
        for count in range(1, len(parts) + 1):
            with self._folder(parts[: count - 1], path) as folder, suppress(FileExistsError):
                if _HAS_DIR_FD:
                    os.mkdir(parts[count - 1], dir_fd=folder)
                else:
                    self.path.joinpath(*parts[:count]).mkdir()
        with self._folder(parts, path):
            pass

    def remove(self, path: str | Path) -> None:
        """Removes a file, or a link itself; what is not there is no error."""
        *folders, name = self._parts(path)
        with suppress(FileNotFoundError), self._folder(folders, path) as folder:
            if _HAS_DIR_FD:
                os.unlink(name, dir_fd=folder)
            else:
                self.path.joinpath(*folders, name).unlink()

    def remove_tree(self, path: str | Path) -> None:
        """Removes a folder with all that is in it, or a link itself; or nothing."""
        status = self.status(path)
        if status is None:
            return
        if not stat.S_ISDIR(status.st_mode):
            self.remove(path)
            return
        *folders, name = self._parts(path)
        with self._folder(folders, path) as folder:
            if _HAS_DIR_FD:
                shutil.rmtree(name, dir_fd=folder)  # which follows no link either
            else:
                shutil.rmtree(self.path.joinpath(*folders, name))

    def status(self, path: str | Path) -> os.stat_result | None:
        """What is known of a file, a folder or a link itself; None where there is nothing.

        Raises:
            RunError: A link is on the way.
        """
        parts = self._parts(path)
        try:
            with self._folder(parts[:-1], path) as folder:
                if _HAS_DIR_FD and parts:
                    return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
                return self.path.joinpath(*parts).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_file(self, path: str | Path) -> bool:
        """Whether there is a plain file; a link is none.

        Raises:
            RunError: A link is on the way.
        """
        status = self.status(path)
        return status is not None and stat.S_ISREG(status.st_mode)

    def is_folder(self, path: str | Path) -> bool:
        """Whether there is a folder; a link is none.

        Raises:
            RunError: A link is on the way.
        """
        status = self.status(path)
        return status is not None and stat.S_ISDIR(status.st_mode)

    def names(self, path: str | Path = "") -> list[str]:
        """The names of what is in a folder, sorted; none where there is no folder.

        Raises:
            RunError: A link is on the way, or is in the folder's place.
        """
        try:
            with self._folder(self._parts(path), path) as folder:
                place = folder if _HAS_DIR_FD else self.path / path
                return sorted(os.listdir(place))  # noqa: PTH208 - by descriptor
        except (FileNotFoundError, NotADirectoryError):
            return []

    def checked(self, path: str | Path) -> Path:
        """A path below, for a library that opens paths only; to be asked for right before.

        Returns:
            The whole path, on which there is no link at this moment; it need not exist.

        Raises:
            RunError: There is one, or the path is not below the root.
        """
        whole = self.path
        for part in self._parts(path):
            whole = whole / part
            try:
                status = whole.lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, ValueError) as error:  # no name of a file
                raise self._refusal(path) from error
            if stat.S_ISLNK(status.st_mode):
                raise self._refusal(path)
        return whole

    def _parts(self, path: str | Path) -> tuple[str, ...]:
        """The components of a path below the root."""
        given = Path(path)
        if given.is_absolute():
            if not given.is_relative_to(self.path):
                raise self._refusal(path)
            given = given.relative_to(self.path)
        if ".." in given.parts or "\0" in str(path):
            raise self._refusal(path)
        return given.parts

    @contextmanager
    def _folder(self, parts: tuple[str, ...] | list[str], path: str | Path) -> Iterator[int]:
        """A descriptor of a folder below; without them in the system, the check alone."""
        if not _HAS_DIR_FD:
            self.checked(Path(*parts))
            yield -1
            return
        found = os.open(self.path, _FOLDER)
        try:
            for part in parts:
                try:
                    further = os.open(part, _FOLDER | _NO_LINK, dir_fd=found)
                except OSError as error:
                    if _is_link(part, found):
                        raise self._refusal(path) from error
                    error.filename = str(self.path.joinpath(*parts))
                    raise
                os.close(found)
                found = further
            yield found
        finally:
            os.close(found)

    def _check_plain(self, found: int, path: str | Path, *, writes: bool) -> None:
        status = os.fstat(found)
        if not stat.S_ISREG(status.st_mode):
            raise RunError(
                f"{self.path / path} is no plain file; remove it, or restore it from a copy."
            )
        if writes and status.st_nlink > 1:
            raise RunError(
                f"{self.path / path} has another name (a hard link), under which it would be "
                "changed too; put a copy in its place."
            )

    def _refusal(self, path: str | Path) -> RunError:
        return RunError(
            f"{self.path} names or holds {str(path)!r}, which is not inside it or is a link; a "
            "run's or a bundle's files must be in its own directory, none of them behind a link."
        )


def _is_link(name: str, folder: int) -> bool:
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISLNK(status.st_mode)
