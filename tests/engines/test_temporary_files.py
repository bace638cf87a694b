"""What a process leaves in the temporary folder when it is killed goes with the search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.console import environment

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
CODE = """
import os, sys, time
from automl.engines.warm_processes import warm_processes
from automl.engines.run_in_child import run_in_child
from automl.errors import RunError

processes = warm_processes()
try:
    run_in_child(processes, "tests.engines.test_temporary_files:die_while_saving", {})
except RunError:
    print("died", flush=True)
if sys.argv[1] == "killed":
    time.sleep(600)
processes.close()
"""


def die_while_saving() -> None:
    """As Keras does when it saves what has assets, killed in the middle."""
    import tempfile

    folder = tempfile.mkdtemp()
    (Path(folder) / "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_nothing_is_left(end: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CODE, end],
        env={**environment(), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    ) as driver:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "died\n"
        if end == "killed":
            assert any(tmp_path.rglob("half"))
            driver.kill()
    deadline = time.monotonic() + 300.0
    while any(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
