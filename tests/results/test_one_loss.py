"""Where trials are ranked by their loss or by their own models' metric: who is ranked with whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from study_maker import add_trial, make_run, open_study, result

from automl.common.forms import to_form
from automl.results.leaderboard import LeaderboardRow, leaderboard
from automl.results.read_record import read_record

OWN = "mean_squared_error"
STANDARDIZED = "mean_squared_error of standardized targets"


def rows(
    path: Path, trial_loss: str, objective: str = "loss", **more: object
) -> list[LeaderboardRow]:
    run = make_run(path, objective=objective)
    manifest = run.read_manifest()
    run.write_manifest({**manifest, "objective": {**manifest["objective"], **more}})
    study = open_study(run)
    for name, loss in (("mean", STANDARDIZED), ("linear", STANDARDIZED), ("old", "")):
        form = to_form(replace(result(0.1), loss=loss))
        study.set_user_attr(f"baseline:{name}", {"config": {}, "seed": 5, "result": form})
    add_trial(study, replace(result(0.5), loss=trial_loss), {"depth": 1})
    return leaderboard(read_record(run))


def test_only_one_loss_in_one_unit_is_ranked(tmp_path: Path) -> None:
    found = rows(tmp_path / "run", OWN)
    assert (found[0].trial, found[0].rank) == (0, 1)
    for row in found[1:]:
        assert row.rank is None and row.score is None
        assert "it is not ranked: its loss is" in row.reason and OWN in row.reason
        assert row.metrics  # what can be compared is still shown


def test_the_same_loss_is_ranked(tmp_path: Path) -> None:
    found = {row.trial: row.rank for row in rows(tmp_path / "run", STANDARDIZED)}
    assert found == {"mean": 1, "linear": 2, 0: 3, "old": None}


def test_metrics_of_the_task_rank_all(tmp_path: Path) -> None:
    found = rows(tmp_path / "run", OWN, "log_loss")
    assert all(row.rank is not None for row in found)


def test_a_metric_of_the_models_ranks_no_baseline(tmp_path: Path) -> None:
    found = rows(tmp_path / "run", OWN, "profit", of_model=True)
    assert [row.trial for row in found if row.rank is not None] == [0]
    assert "profit is a metric of the trials' own models" in found[1].reason
