"""What holds for every test."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile

from hypothesis import settings

# Speed belongs in benchmarks/: a busy machine must fail no test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# What this machine notes of its runs is no part of the tests, nor they of it.
_STATE = tempfile.mkdtemp(prefix="automl-state-")
os.environ["XDG_STATE_HOME"] = _STATE
atexit.register(shutil.rmtree, _STATE, ignore_errors=True)

# A shell ignores Ctrl-C in what it runs in the background, and so would every driver that a test
# starts; the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
