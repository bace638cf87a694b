"""The importance of hyperparameters: what decides comes first, and edges are seen."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_maker import make_run, result

from automl.errors import RequestError, RunError
from automl.results.importance import hyperparameter_importance
from automl.results.readings.report import report_text
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.space import Boolean, Choice, Float, Int, SearchSpace
from automl.trial import TrialState

RATE = Float("rate", 1e-4, 1.0, log=True)
KIND = Choice("kind", ["plain", "deep"])
PARAMETERS = [
    RATE,
    KIND,
    Int("depth", 1, 20, when=KIND == "deep"),
    Choice("batch", [16, 32, 64]),
    Boolean("noise"),
    Choice("only", ["one"]),
]
SPACE = SearchSpace("small", PARAMETERS, None)


def make(path: Path, space: SearchSpace = SPACE) -> RunDirectory:
    run = make_run(path)
    manifest = run.read_manifest()
    manifest.pop("sha256", None)
    manifest["space"]["definition"] = space.to_json()
    run.write_manifest(manifest)
    return run


def record_of(
    trials: int, direction: str = "minimize", seed: int = 0, target: float = 1.0
) -> RunRecord:
    """Trials whose score is the distance of the rate from a target, which nothing else decides."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(trials):
        config = dict(SPACE.sample(rng).to_json())
        loss = abs(math.log10(config["rate"]) - math.log10(target)) + 0.01 * rng.random()
        score = loss if direction == "minimize" else -loss
        made.append(TrialRecord(number, TrialState.COMPLETED, config, number, result(score)))
    return RunRecord("small", "log_loss", direction, tuple(made))


def rows_of(run: RunDirectory, record: RunRecord) -> dict[str, Any]:
    report = hyperparameter_importance(run, record)
    assert sum(row["importance"] for row in report.rows) == pytest.approx(1.0)
    return {row["hyperparameter"]: row for row in report.rows}


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_what_decides_comes_first_with_its_edge(tmp_path: Path, direction: str) -> None:
    run = make(tmp_path / "run")
    rows = rows_of(run, record_of(120, direction))
    assert next(iter(rows)) == "rate"
    assert rows["rate"]["importance"] > 0.7
    assert rows["rate"]["edge"] == "high"
    assert "upper end of 0.0001..1.0" in rows["rate"]["advice"]
    assert "only" not in rows


def test_the_best_in_the_middle_is_at_no_edge(tmp_path: Path) -> None:
    rows = rows_of(make(tmp_path / "run"), record_of(120, target=0.01))
    assert (rows["rate"]["edge"], rows["rate"]["advice"]) == ("", "")


def test_a_choice_of_numbers_at_its_edge_says_how_to_go_on(tmp_path: Path) -> None:
    trials = [
        TrialRecord(
            number,
            TrialState.COMPLETED,
            {"rate": 0.01, "kind": "plain", "batch": batch, "noise": False, "only": "one"},
            number,
            result(1.0 / batch + number * 1e-6),
        )
        for number, batch in enumerate([16, 32, 64] * 10)
    ]
    run = make(tmp_path / "run")
    rows = rows_of(run, RunRecord("small", "log_loss", "minimize", tuple(trials)))
    assert rows["batch"]["edge"] == "high"
    assert "--set batch=VALUE" in rows["batch"]["advice"]


def test_what_is_seldom_active_is_left_out_and_said(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    report = hyperparameter_importance(run, record_of(16))
    told = " ".join(report.notes)
    assert "only (one value)" in told
    assert "depth (active in fewer than 10 completed trials" in told
    assert "With 16 completed trials these are rough" in told
    assert "depth" not in {row["hyperparameter"] for row in report.rows}
    assert "depth" in rows_of(run, record_of(120))


def test_too_few_trials_are_one_sentence(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    with pytest.raises(RequestError, match=r"9 trials of .* needs 10"):
        hyperparameter_importance(run, record_of(9))


def test_only_completed_trials_with_a_score_count(tmp_path: Path) -> None:
    run, record = make(tmp_path / "run"), record_of(12)
    others = [
        TrialRecord(20, TrialState.PRUNED, record.trials[0].config, 1, result(0.0)),
        TrialRecord(21, TrialState.COMPLETED, record.trials[0].config, 1, result(math.nan)),
    ]
    more = RunRecord("small", "log_loss", "minimize", (*record.trials, *others))
    assert rows_of(run, more) == rows_of(run, record)


def test_a_space_that_was_changed_is_refused(tmp_path: Path) -> None:
    narrow = SearchSpace("small", [Float("rate", 1e-4, 1e-3, log=True), *PARAMETERS[1:]], None)
    with pytest.raises(RunError, match="does not fit the space"):
        hyperparameter_importance(make(tmp_path / "one", narrow), record_of(20))
    with pytest.raises(RunError, match="cannot be read"):
        hyperparameter_importance(make_run(tmp_path / "two"), record_of(20))


def test_every_format_has_every_row(tmp_path: Path) -> None:
    report = hyperparameter_importance(make(tmp_path / "run"), record_of(60))
    rows = json.loads(report_text(report, "json"))
    assert [row["hyperparameter"] for row in rows] == [row["hyperparameter"] for row in report.rows]
    for format_ in ("table", "csv", "markdown"):
        text = report_text(report, format_)
        assert text.endswith("\n") and not text.endswith("\n\n")
        for row in rows:
            assert row["hyperparameter"] in text
