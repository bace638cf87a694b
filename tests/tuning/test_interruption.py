"""Ctrl-C that strikes where no exception gets out: it is remembered, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import os, signal, sys, weakref
from automl.tuning.interruption import PRESSES, Interruption

class Thing:
    pass

def press(*_):
    os.kill(os.getpid(), signal.SIGINT)

def lose_a_press():
    thing = Thing()
    kept = weakref.ref(thing, press)  # no exception leaves such a callback
    del thing

PRESSES.listen()
"""
LOST = "lose_a_press()\nprint('goes on')\n"
ENTERED = "with Interruption():\n    print('searches')\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + code],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals to send")
@pytest.mark.parametrize(
    ("code", "printed", "ends"),
    [
        (ENTERED, "searches\n", 0),
        (LOST + ENTERED, "goes on\n", -2),
        ("press()\n" + ENTERED, "", -2),
        (LOST + "lose_a_press()\n" + ENTERED, "goes on\n", -2),
    ],
    ids=["none", "lost", "heard", "lost twice"],
)
def test_a_lost_ctrl_c_ends_a_search_before_it_begins(code: str, printed: str, ends: int) -> None:
    done = run(code)
    assert done.stdout == printed, done.stderr
    assert done.returncode == ends
    assert "Exception ignored" not in done.stderr


def test_other_lost_exceptions_are_shown() -> None:
    done = run("def fail(*_): raise ValueError('shown')\nthing = Thing()\n"
               "kept = weakref.ref(thing, fail)\ndel thing\n")  # fmt: skip
    assert done.returncode == 0
    assert "ValueError: shown" in done.stderr


def test_an_answer_of_the_caller_stays() -> None:
    done = run(
        "signal.signal(signal.SIGINT, lambda *_: print('own'))\nPRESSES.listen()\n" + LOST + ENTERED
    )
    assert done.stdout == "own\ngoes on\nsearches\n"
