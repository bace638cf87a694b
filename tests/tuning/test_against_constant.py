"""Whether anything was learnt: shuffled labels say no, others yes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl.cli.main import main
from automl.engines.processes import Processes
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from tests.lent import lending

pytestmark = pytest.mark.usefixtures("warm")
OPTIONS: dict[str, Any] = {"space": "linear", "trials": 3, "epochs": 15, "workers": 1, "verbose": 0}


@pytest.fixture(scope="module", params=["noise", "learnable", "shuffled numbers"])
def searched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, processes: Processes
) -> tuple[str, automl.Run]:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 500))
    y = np.where(a + 0.3 * rng.normal(size=500) > 0, "yes", "no")
    given = {"noise": rng.permutation(y), "learnable": y, "shuffled numbers": rng.permutation(a)}
    frame = pd.DataFrame({"a": a, "b": b, "y": given[request.param]})
    cv = "2" if request.param == "noise" else "none"
    folder = tmp_path_factory.mktemp("learnt") / "run"
    with lending(processes):
        run = automl.search(frame, target="y", seed=1, cv=cv, directory=folder, **OPTIONS)
    return request.param, run


def test_labels_that_are_noise_are_told_and_others_are_not(
    searched: tuple[str, automl.Run], capsys: pytest.CaptureFixture[str]
) -> None:
    what, run = searched
    found = run.record.against_constant
    best = run.record.best()
    assert found is not None and best is not None and found.trial == best.trial
    assert found.tells_apart == (what == "learnable")
    assert main(["leaderboard", str(run.path)]) == 0
    board = " ".join(capsys.readouterr().out.split())
    assert main(["show", str(run.path), "--json"]) == 0
    short = json.loads(capsys.readouterr().out)
    card = (run.path / "best" / "card.md").read_text()
    constant = "the mean" if what == "shuffled numbers" else "the majority class"
    sentence = f"Nothing was learnt: no trial beats {constant}."
    for told in (board, " ".join(short["findings"]), card):
        assert (sentence in told) == (what != "learnable")
        assert f"The winner's test {found.metric} is" in told


def test_the_winner_and_the_baselines_have_intervals_on_the_test_rows(
    searched: tuple[str, automl.Run], capsys: pytest.CaptureFixture[str]
) -> None:
    what, run = searched
    record = read_record(RunDirectory.open(run.path))
    best = record.best()
    assert best is not None
    constant = "mean" if what == "shuffled numbers" else "majority"
    assert set(record.test_intervals) == {best.trial, "boosting", "linear", constant}
    for trial, (low, high) in record.test_intervals.items():
        assert low <= record.test_scores[trial][record.objective] <= high
    board = run.leaderboard().set_index("trial")
    low, high = record.test_intervals[best.trial]
    assert board.loc[best.trial, "test_interval.low"] == low
    assert board.loc[best.trial, "test_interval.high"] == high
    for form in ("table", "markdown", "json"):
        assert main(["leaderboard", str(run.path), "--format", form]) == 0
        told = capsys.readouterr().out
        assert (str(low) if form == "json" else f"{low:.2f}"[:3]) in told
    assert main(["show", str(run.path), str(best.trial)]) == 0
    assert f"test {record.objective}, 95 % interval: " in capsys.readouterr().out


def test_what_was_found_stays_where_the_predictions_are_gone(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": np.arange(60.0), "y": np.tile([0.0, 1.0], 30)})
    run = automl.search(frame, target="y", cv="none", directory=tmp_path / "run", **OPTIONS)
    assert run.record.against_constant is not None
    best = run.record.best()
    assert best is not None
    (run.path / "trials" / str(best.trial) / "predictions.npz").unlink()
    resumed = run.resume()
    assert resumed.record.against_constant == run.record.against_constant
