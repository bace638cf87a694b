"""The environment of the peers: `python -m benchmarks.peers.environment` makes it, or mends it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.catalogue import ROOT

FOLDER = ROOT / ".venv-peers"
REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"
_STAMP = "requirements.sha256"


def peers_python(folder: Path = FOLDER) -> Path:
    """The interpreter that has the peers; its environment is made where it is not as required.

    Raises:
        subprocess.CalledProcessError: The packages cannot be installed.
    """
    interpreter = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    stamp = folder / _STAMP
    wanted = _wanted()
    if interpreter.exists() and stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    print(f"Installing the peers into {folder} (some minutes, once)", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    subprocess.run(
        [str(interpreter), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)], check=True
    )
    stamp.write_text(wanted)
    return interpreter


def _wanted() -> str:
    """What the environment depends on: both files of versions, and this Python."""
    files = (REQUIREMENTS, ROOT / "constraints.txt")
    content = b"\0".join([*(file.read_bytes() for file in files), sys.version.encode()])
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    print(peers_python())
