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
        capture_output=True, text=True, timeout=300, check=False,
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


ASKED = """
import time
def send(number):
    os.kill(os.getpid(), number)

before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
with Interruption(grace=30.0) as asked:
    assert not asked.is_asked() and asked.seconds_left() is None
    send(signal.SIGTERM)
    assert asked.is_asked() and asked.name == 'SIGTERM'
    assert 0 < asked.left_for_test_rows() < asked.seconds_left() <= 30
assert before == [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGHUP)]
"""
SECOND = """
import time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has it ignored
try:
    with Interruption(grace={grace}) as asked:
        os.kill(os.getpid(), signal.SIGHUP)
        {then}
except KeyboardInterrupt:
    print('at once')
"""


def plain(code: str) -> subprocess.CompletedProcess[str]:
    """As in a script, where nothing listens before the search does."""
    return subprocess.run(
        [sys.executable, "-c", START.replace("PRESSES.listen()", "") + code],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_sigterm_asks_within_a_grace_and_is_given_back() -> None:
    done = plain(ASKED)
    assert done.returncode == 0, done.stderr
    listening = run(ASKED)
    assert listening.returncode == 0, listening.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize(
    ("grace", "then"),
    [(30, "os.kill(os.getpid(), signal.SIGTERM)"), (0.01, "time.sleep(30)")],
    ids=["a second one", "the end of the grace"],
)
def test_the_second_and_the_end_of_the_grace_end_at_once(grace: float, then: str) -> None:
    done = plain(SECOND.format(grace=grace, then=then))
    assert (done.returncode, done.stdout) == (0, "at once\n"), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("answer", ["signal.SIG_IGN", "own"])
def test_an_answer_to_sigterm_of_the_program_stays(answer: str) -> None:
    code = (
        "def own(*_): print('own')\n"
        f"signal.signal(signal.SIGTERM, {answer})\n"
        "with Interruption() as asked:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    assert not asked.is_asked()\n"
        f"assert signal.getsignal(signal.SIGTERM) == {answer}\n"
    )
    done = plain(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("own\n" if answer == "own" else "")


def test_in_another_thread_it_does_nothing() -> None:
    done = plain(
        "import threading\n"
        "def search():\n"
        "    with Interruption():\n"
        "        print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)\n"
        "thread = threading.Thread(target=search); thread.start(); thread.join()\n"
    )
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
