"""The real command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
Finished = subprocess.CompletedProcess[str]


def command_line(*arguments: str) -> list[str]:
    """What to start so that the command runs with this Python and this source."""
    code = "import sys; from automl.cli.main import main; sys.exit(main())"
    return [sys.executable, "-c", code, *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}


def automl(*arguments: str, cwd: Path | None = None) -> Finished:
    """Runs a command to its end."""
    return subprocess.run(
        command_line(*arguments),
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
