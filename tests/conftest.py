"""What holds for every test."""

from __future__ import annotations

import signal

from hypothesis import settings

# Speed belongs in benchmarks/: a busy machine must fail no test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell ignores Ctrl-C in what it runs in the background, and so would every driver that a test
# starts; the tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
