"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# Speed belongs in benchmarks/: a busy machine must fail no test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
