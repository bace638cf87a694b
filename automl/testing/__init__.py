"""What a plug-in must do, as tests: subclass a suite in a test file of your own and run pytest.

    from automl.testing import SpaceConformance

    class TestMySpace(SpaceConformance):
        @classmethod
        def make_space(cls):
            return "my_space.py:space"

There is one for search spaces, one for samplers, and three for engines. Nothing else of automl
imports pytest.
"""

import pytest

pytest.register_assert_rewrite(  # so that a failure shows the values
    *(f"{__name__}.{suite}_conformance" for suite in ("engine", "sampler", "space")),
    *(f"{__name__}.engine_{part}" for part in ("answers", "files", "runs", "trials", "views")),
)

from automl.testing.engine_conformance import ClosingConformance, EngineConformance  # noqa: E402
from automl.testing.engine_files import CallbacksConformance  # noqa: E402
from automl.testing.sampler_conformance import SamplerConformance  # noqa: E402
from automl.testing.space_conformance import SpaceConformance  # noqa: E402

__all__ = [
    "CallbacksConformance",
    "ClosingConformance",
    "EngineConformance",
    "SamplerConformance",
    "SpaceConformance",
]
