"""A search by Keras's loss: trials whose loss is another than the others' are not ranked by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from automl.data.metrics import Objective
from automl.engines.contract import TrialEnded
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.trial import TrialSpec
from automl.tuning.outcome import StopReason
from tests.tuning import test_driver
from tests.tuning.scripted_engine import ScriptedEngine
from tests.tuning.test_driver import Search


class TwoLosses(ScriptedEngine):
    """Wide models have another loss than plain ones; the baseline has the plain ones'."""

    def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
        ended = super()._end(trial, spec, epoch)
        loss = "huber" if spec.config.get("kind") == "wide" else "mean_squared_error"
        return TrialEnded(trial, replace(ended.result, loss=loss))


def search(path: Path, monkeypatch: pytest.MonkeyPatch, objective: Objective) -> Search:
    monkeypatch.setattr(test_driver, "OBJECTIVE", objective)
    made = Search(path, sampler="random")
    made.engine_kind = TwoLosses
    return made


def test_trials_with_another_loss_fail_with_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = search(tmp_path / "run", monkeypatch, Objective("loss", "minimize"))
    assert made.session().stopped_by is StopReason.TRIALS  # they do not end the search
    rows = leaderboard(read_record(made.run))
    trials = [row for row in rows if isinstance(row.trial, int)]
    ranked = [row for row in trials if row.rank is not None]
    assert {row.config["kind"] for row in ranked} == {"plain"}  # as trial 0, the default
    others = [row for row in trials if row.rank is None]
    assert others and {row.config["kind"] for row in others} == {"wide"}
    for row in others:
        assert row.state == "failed" and row.score is None
        assert "its loss, huber, cannot be ranked with mean_squared_error" in row.reason
        assert "--objective" in row.reason


def test_a_metric_ranks_them_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = search(tmp_path / "run", monkeypatch, Objective("mse", "minimize"))
    made.session()
    assert all(row.rank is not None for row in leaderboard(read_record(made.run)))


def test_a_baseline_has_no_score_by_a_metric_of_the_models_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = Objective("profit", "minimize", of_model=True)
    made = search(tmp_path / "run", monkeypatch, objective)
    made.session()
    rows = {row.trial: row for row in leaderboard(read_record(made.run))}
    assert rows["linear"].rank is None and rows["linear"].score is None
    assert "metric of the trials' own models" in rows["linear"].reason
    assert rows[0].rank is not None
