"""Opening a run's study: made once, and never made anew beside trials that it had."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.errors import RunError
from tests.tuning.test_reports import make_study


def test_a_study_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    run, study = make_study(tmp_path / "run")
    study.ask()
    run.study_file.unlink()
    make_study(run.path)  # no trial has left anything
    (run.trials / "0").mkdir()
    run.study_file.unlink()
    with pytest.raises(RunError, match=r"study\.log is not there, though trials .* are: restore"):
        make_study(run.path)
    assert not run.study_file.exists()
