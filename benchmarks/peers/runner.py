"""Runs searches, each in a process of its own, and keeps what they came to."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.catalogue import ROOT
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.clock import Record, read_events

#: What a tool's process is warmed up with, so that no tool pays for a cold disk.
_WARM_UP = """
import importlib
for name in ("tensorflow", "keras", "keras_tuner", "optuna", "ray.tune", "autokeras", "automl"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


@dataclass(frozen=True)
class Runner:
    """Where and how long searches run.

    Attributes:
        work: Folder for everything that searches write.
        pythons: Interpreter of each tool.
        limit: Seconds after which a search is ended.
    """

    work: Path
    pythons: dict[str, Path]
    limit: float

    def warm_up(self) -> None:
        """Imports every tool once in each environment, untimed."""
        for python in sorted(set(self.pythons.values())):
            subprocess.run(
                [str(python), "-c", _WARM_UP],
                cwd=ROOT,
                env=_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )

    def run(
        self, assignment: Assignment, repeat: int, label: str = "", keep: bool = False
    ) -> Record:
        """Runs one search to its end.

        Args:
            assignment: What to search; its folder is made, and removed again afterwards.
            repeat: Number of the repeat.
            label: What the record calls the tool, where that is not its name.
            keep: Whether the folder stays.
        """
        folder = assignment.folder
        folder.mkdir(parents=True)
        form, events, log = (folder / name for name in ("assignment.json", "events", "log"))
        form.write_text(json.dumps(assignment.to_json()), encoding="utf-8")
        python = str(self.pythons[assignment.tool])
        with log.open("wb") as output:
            started = time.monotonic()
            process = subprocess.Popen(
                [python, "-m", "benchmarks.peers.child", str(form), str(events)],
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            reason = _wait(process, self.limit)
            whole = time.monotonic() - started
        told = read_events(events, started)
        if process.returncode and not (told["reason"] or reason):
            reason = f"ended with exit code {process.returncode}: {_last_line(log)}"
        told["reason"] = told["reason"] or reason
        ended = len(told["trials"])
        if not told["reason"] and assignment.reach is None and ended < assignment.trials:
            told["reason"] = f"it ended after {ended} of {assignment.trials} trials"
        if told["reason"]:
            told["seconds"] = None
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        return Record(
            workload=assignment.name,
            tool=label or assignment.tool,
            repeat=repeat,
            whole=whole,
            **told,
        )


def _wait(process: subprocess.Popen[bytes], limit: float) -> str:
    """Waits for a search; where it takes too long or the wait is broken off, it is ended.

    Returns:
        Why it was ended, or an empty text.
    """
    try:
        process.wait(limit)
    except subprocess.TimeoutExpired:
        return f"not done after {limit:.0f} s"
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return ""


def _environment() -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "KERAS_BACKEND": "tensorflow",
    }


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"
