"""The best trial's model, where ``best/`` still holds that of an earlier session's best."""

from __future__ import annotations

import shutil
from pathlib import Path

from run_maker import add_trial, make_run, people

from automl.api import load_run
from automl.data.request import DataRequest
from automl.export.bundle import open_bundle
from automl.export.in_child import export_in_child
from automl.results.export_request import export_request


def test_an_earlier_best_is_not_taken_for_the_best(tmp_path: Path) -> None:
    request = DataRequest(people(), target=("income",), ignore=("price",))
    run, data = make_run(tmp_path / "run", request)
    best, other = add_trial(run, data), add_trial(run, data)
    export_in_child(**export_request(run, other, run.best))
    assert open_bundle(run.best).config["trial"] == other
    assert not load_run(run.path).best._is_exported()
    shutil.rmtree(run.best)
    export_in_child(**export_request(run, best, run.best))
    assert load_run(run.path).best._is_exported()
