"""What ``run.json`` records of the machine: versions, and whether the compiled kernel was there."""

from __future__ import annotations

import keras
import pytest

from automl.tuning.manifest import current_versions


@pytest.mark.parametrize(("kernel", "told"), [(None, "absent"), (object(), "present")])
def test_versions_tell_whether_the_kernel_is_there(
    kernel: object, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automl.training.kernel.loading.load_kernel", lambda: kernel)
    versions = current_versions()
    assert versions["kernel"] == told
    assert versions["keras"] == keras.__version__
