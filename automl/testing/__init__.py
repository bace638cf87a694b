"""What a plug-in must do, as tests: subclass a suite in a test file of your own and run pytest.

    from automl.testing.spaces import SpaceConformance      # a search space
    from automl.testing.samplers import SamplerConformance  # a sampler
    from automl.testing.engines import EngineConformance    # an engine

Nothing else of automl imports pytest.
"""

import pytest

pytest.register_assert_rewrite(  # so that a failure shows the values
    "automl.testing.engines", "automl.testing.samplers", "automl.testing.spaces"
)
