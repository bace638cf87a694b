"""What a command does to the system, by its system calls: files changed, hosts asked, programs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

STRACE = shutil.which("strace")
_CALLS = (
    "open,openat,openat2,creat,truncate,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,chmod,fchmodat,connect,sendto,execve"
)
_CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*?)>)?")
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
# `-y` shows what a folder's descriptor stands for before the name that is looked up in it.
_NAMED = re.compile(r'(?:(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>, )?"((?:[^"\\]|\\.)*)"')
_NETWORK = ("AF_INET", "AF_INET6")


@dataclass
class Deeds:
    """What a command and its children did.

    Attributes:
        code: Exit code.
        out: Standard output.
        err: Standard error.
        changed: Files and folders opened for writing, made, renamed or removed.
        asked: Addresses that it connected or sent to.
        programs: Programs that it started.
    """

    code: int
    out: str
    err: str
    changed: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)

    def outside(self, *allowed: Path) -> set[str]:
        """What was changed elsewhere than below some folders; devices and locks do not count."""
        inside = tuple(f"{folder}/" for folder in allowed)
        return {
            path
            for path in self.changed
            if not f"{path}/".startswith(inside)
            and not path.startswith(("/dev/null", "/dev/tty", "/dev/shm/sem.", "/proc/"))
        }


def traced(arguments: list[str], folder: Path, environment: dict[str, str]) -> Deeds:
    """Runs Python with some arguments in a folder, every system call on files watched.

    Args:
        arguments: What follows the name of the program.
        folder: The working directory.
        environment: Further variables.
    """
    assert STRACE is not None
    logs = folder.parent / f"{folder.name}-trace"
    logs.mkdir()
    command = [STRACE, "-ff", "-y", "--seccomp-bpf", "-s", "4096", "-e", f"trace={_CALLS}"]
    ended = subprocess.run(
        [*command, "-o", str(logs / "log"), sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=1800,  # for a hang alone: a busy machine takes ten times as long
    )
    deeds = Deeds(ended.returncode, ended.stdout, ended.stderr)
    for log in logs.iterdir():
        for line in log.read_text(errors="replace").splitlines():
            _note(deeds, line, folder)
    return deeds


def _note(deeds: Deeds, line: str, folder: Path) -> None:
    call = _CALL.match(line)
    if call is None:
        return
    name, arguments, result, opened = call.groups()
    if name in ("connect", "sendto"):  # whether anybody answers or not
        if any(family in arguments for family in _NETWORK):
            deeds.asked.add(arguments)
    elif int(result) < 0:
        return
    elif name == "execve":
        deeds.programs.add(_NAMED.findall(arguments)[0][1])
    elif name in ("open", "openat", "openat2", "creat"):
        if name == "creat" or _WRITES.search(arguments):
            deeds.changed.add(opened or "")
    else:
        for where, path in _NAMED.findall(arguments):
            deeds.changed.add(os.path.normpath(Path(where or folder) / path))
