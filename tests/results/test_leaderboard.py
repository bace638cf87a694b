"""Recorded runs and their leaderboards: order, ranks, gaps, and every format."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from study_maker import add_trial, make_run, open_study, result

from automl.common.forms import to_form
from automl.errors import RequestError, RunError
from automl.results.board_columns import leaderboard_columns, number, split_config
from automl.results.findings import unbeaten_baseline
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.readings.csv import to_csv, write_leaderboard_csv
from automl.results.readings.json import to_json
from automl.results.readings.markdown import to_markdown
from automl.results.readings.table import leaderboard_text
from automl.results.record import RunRecord, TrialRecord
from automl.results.run_directory import RunDirectory
from automl.trial import FailureCause, TrialResult, TrialState


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = make_run(tmp_path_factory.mktemp("runs") / "housing")
    study = open_study(run)
    study.set_user_attr(
        "baseline:majority", {"config": {}, "seed": 5, "result": to_form(result(0.9, epochs=0))}
    )
    common = {"optimizer": "adam", "learning_rate": 0.00123456}
    add_trial(study, result(0.5), {"depth": 1, **common})
    add_trial(study, result(0.3), {"depth": 3, "width": 64, **common})
    failed = TrialResult(
        TrialState.FAILED,
        reason="The builder raised ValueError | x.",
        cause=FailureCause.BUILDER,
        score=float("nan"),
    )
    add_trial(study, failed, {"depth": 2, **common})
    add_trial(study, result(0.7, TrialState.PRUNED), {"depth": 4, **common})
    add_trial(study, None, {"depth": 5, **common})
    add_trial(study, result(0.3), {"depth": 3, "width": 64, **common})
    study.set_user_attr("test_scores", {"1": {"log_loss": 0.33}, "majority": {"log_loss": 0.91}})
    return run


def test_record(run: RunDirectory) -> None:
    record = read_record(run)
    assert (record.objective, record.direction, len(record.trials)) == ("log_loss", "minimize", 6)
    best = record.best()
    assert best is not None
    assert (best.trial, best.score, best.seed, best.config["depth"]) == (1, 0.3, 101, 3)
    assert record.find("majority").seed == 5
    assert record.test_scores == {1: {"log_loss": 0.33}, "majority": {"log_loss": 0.91}}
    assert record.trials[4].state is TrialState.RUNNING
    assert record.trials[2].reason.startswith("The builder")
    with pytest.raises(RequestError, match="no trial 17; its trials are 0 to 5"):
        record.find(17)


def test_order_and_ranks(run: RunDirectory) -> None:
    rows = leaderboard(read_record(run))
    assert [(row.rank, row.trial, row.state) for row in rows] == [
        (1, 1, "completed"),
        (2, 5, "completed"),
        (3, 0, "completed"),
        (4, "majority", "completed"),
        (None, 3, "pruned"),
        (None, 4, "running"),
        (None, 2, "failed"),
    ]
    assert rows[0].gap == pytest.approx(0.1)
    assert rows[0].test_metrics == {"log_loss": 0.33}
    running = rows[5]
    assert (running.score, running.epochs, running.best_epoch) == (1 / 3, 3, 3)


def test_json_has_the_promised_keys(run: RunDirectory) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    rows = json.loads(to_json(leaderboard(read_record(run))), parse_constant=refuse)
    assert list(rows[0]) == [
        *("rank", "trial", "state", "score", "metrics", "config", "epochs", "best_epoch"),
        *("seconds", "parameters", "seed", "verdict", "reason"),
        *(
            "train_metrics",
            "gap",
            "test_metrics",
            "trainer",
            "standard_error",
            "folds",
            "predictions",
            "scorings",
            "search_score",
            "tied",
            "members",
            "refit_of",
            "latency",
            "test_interval",
            "planned_epochs",
            "multiply_adds",
            "training_bytes",
            "test_time_views",
        ),
    ]
    assert rows[0]["config"]["learning_rate"] == 0.00123456
    assert rows[-1]["score"] is None


def test_csv(run: RunDirectory, tmp_path: Path) -> None:
    rows = leaderboard(read_record(run))
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert len(read) == 7
    assert read[0]["config.width"] == "64"
    assert read[2]["config.width"] == ""
    assert read[0]["metrics.accuracy"] == "0.9"
    write_leaderboard_csv(rows, tmp_path / "leaderboard.csv")
    assert (tmp_path / "leaderboard.csv").read_text() == to_csv(rows)


def test_markdown(run: RunDirectory) -> None:
    record = read_record(run)
    lines = to_markdown(record, leaderboard(record)).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 7
    bars = {line.replace("\\|", "").count("|") for line in table}
    assert len(bars) == 1


def test_table_fits_100_columns_and_says_what_it_ranks_by(run: RunDirectory) -> None:
    record = read_record(run)
    text = leaderboard_text(record, leaderboard(record))
    assert max(map(len, text.splitlines())) <= 100
    assert "ranked by validation log_loss, lower is better" in " ".join(text.split())
    for word in ("majority", "healthy", "12,345", "30 (12)", "0.3000", "depth=3 width=64"):
        assert word in text
    assert text.count("optimizer=adam learning_rate=0.001235") == 1  # common to all trials
    assert "log_loss=0.3300" in text
    assert "The builder raised" in text
    narrow = leaderboard_text(record, leaderboard(record), width=80)
    assert max(map(len, narrow.splitlines())) <= 80
    top = leaderboard_text(record, leaderboard(record), top=2, color=True)
    assert "... and 4 more" in top
    assert "majority" in top  # whatever its rank
    assert "\033[1m" in top


@pytest.mark.parametrize(
    ("direction", "test_scores", "told"),
    [
        ("minimize", {0: 0.3, "linear": 0.4, "majority": 0.9}, ""),
        ("minimize", {0: 0.5, "linear": 0.4, "majority": 0.9}, "linear: log_loss 0.5000 and 0.40"),
        ("maximize", {0: 0.5, "linear": 0.4}, ""),
        ("maximize", {0: 0.4, "linear": 0.4}, "no better than the baseline linear"),
        ("minimize", {"linear": 0.4}, ""),
        ("minimize", {0: 0.4}, ""),
    ],
)
def test_a_best_trial_that_beats_no_baseline_is_told(
    direction: str, test_scores: dict[int | str, float], told: str
) -> None:
    def entry(name: int | str, score: float) -> TrialRecord:
        return TrialRecord(
            name, TrialState.COMPLETED, {}, 1, TrialResult(TrialState.COMPLETED, score=score)
        )

    record = RunRecord(
        "run",
        "log_loss",
        direction,
        (entry(0, 0.2), entry(1, 0.2)),
        (entry("linear", 0.3), entry("majority", 0.9)),
        test_scores={name: {"log_loss": score} for name, score in test_scores.items()},
    )
    rows = leaderboard(record)
    assert told in unbeaten_baseline(record)
    assert bool(told) == bool(unbeaten_baseline(record))
    assert unbeaten_baseline(record) in " ".join(leaderboard_text(record, rows).split())


def test_equal_reasons_stand_together() -> None:
    reasons = ["It ended early.", "It broke.", "It ended early."]
    trials = tuple(
        TrialRecord(
            i,
            TrialState.COMPLETED,
            {},
            1,
            TrialResult(TrialState.COMPLETED, score=i, reason=reason),
        )
        for i, reason in enumerate(reasons)
    )
    record = RunRecord("run", "log_loss", "minimize", trials)
    text = leaderboard_text(record, leaderboard(record))
    assert text.endswith("Reasons\n2 trials  It ended early: 0, 2\ntrial 1   It broke.\n")


def test_an_empty_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    record = read_record(run)
    assert record.best() is None
    assert leaderboard(record) == []
    assert "No trial" in leaderboard_text(record, [])
    assert json.loads(to_json([])) == []
    assert to_markdown(record, []).startswith("**run: 0 trials")


SCORES = st.none() | st.floats()


@given(
    entries=st.lists(st.tuples(st.sampled_from(list(TrialState)), SCORES), max_size=12),
    direction=st.sampled_from(["minimize", "maximize"]),
)
def test_ranks_follow_the_direction(
    entries: list[tuple[TrialState, float | None]], direction: str
) -> None:
    trials = tuple(
        TrialRecord(i, state, {}, i, TrialResult(state, score=score))
        for i, (state, score) in enumerate(entries)
    )
    record = RunRecord("run", "metric", direction, trials)
    rows = leaderboard(record)
    assert sorted(row.trial for row in rows) == list(range(len(entries)))
    ranked = [row for row in rows if row.rank is not None]
    assert [row.rank for row in ranked] == list(range(1, len(ranked) + 1))
    scores = [row.score for row in ranked if row.score is not None and row.score == row.score]
    assert scores == sorted(scores, reverse=direction == "maximize")
    best = record.best()
    assert (None if best is None else best.trial) == (ranked[0].trial if ranked else None)
    assert [row.rank for row in rows[: len(ranked)]] == [row.rank for row in ranked]


def test_a_study_in_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    manifest = {
        "objective": {"name": "accuracy", "direction": "maximize"},
        "storage": url,
        "study": "shared",
    }
    run = RunDirectory.create(tmp_path / "run", manifest)
    with pytest.raises(RunError, match="There is no database"):
        read_record(run, storage=url)
    optuna.create_study(storage=url, study_name="another")
    with pytest.raises(RunError, match="no study shared"):
        read_record(run, storage=url)
    study = optuna.create_study(storage=url, study_name="shared", direction="maximize")
    study.set_user_attr("baseline:mean", {"config": {}, "seed": 0, "result": to_form(result(0.1))})
    add_trial(study, result(0.25), {"depth": 1})
    add_trial(study, result(0.75), {"depth": 2})
    assert read_record(run).trials == ()  # the database was not named
    record = read_record(run, storage=url)
    assert [row.trial for row in leaderboard(record)] == [1, 0, "mean"]
    assert record.trials[0].scores == (1.0, 0.5, 1 / 3)


def test_a_manifest_without_an_objective(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {})
    with pytest.raises(RunError, match="names no objective"):
        read_record(run)
    run.write_manifest({"objective": {"name": "x", "direction": "up"}})
    with pytest.raises(RunError, match="minimize or maximize"):
        read_record(run)


def test_a_result_of_another_version(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    study = open_study(run)
    study.set_user_attr("baseline:mean", {"result": {"state": "melted"}})
    with pytest.raises(RunError, match="result of trial mean cannot be read"):
        read_record(run)


def test_reading_a_run_imports_neither_tensorflow_nor_optuna_nor_pandas(run: RunDirectory) -> None:
    code = (
        "import sys\n"
        "from automl.results.read_record import read_record\n"
        "from automl.results.run_directory import RunDirectory\n"
        "from automl.results.leaderboard import leaderboard\n"
        "from automl.results.readings.table import leaderboard_text\n"
        "from automl.results.readings.csv import to_csv\n"
        "record = read_record(RunDirectory.open(sys.argv[1]))\n"
        "print(leaderboard_text(record, leaderboard(record)), to_csv(leaderboard(record)))\n"
        "heavy = {'tensorflow', 'keras', 'optuna', 'pandas', 'ray', 'sklearn', 'numpy', 'pickle'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(run.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_numbers() -> None:
    pairs = {
        "": None,
        "0.3190": 0.31904,
        "12.35": 12.3456,
        "65013": 65012.7,
        "4.23e+09": 4.23e9,
        "1.00e-06": 1e-6,
        "-0.0500": -0.05,
        "0": 0.0,
        "100.0": 100.0,
    }
    assert [number(value) for value in pairs.values()] == list(pairs)


def test_what_differs(run: RunDirectory) -> None:
    assert split_config(leaderboard(read_record(run))) == (
        ("depth", "width"),
        ("optimizer", "learning_rate"),
    )


def test_folds_have_their_mean_s_standard_error() -> None:
    ended = TrialResult(TrialState.COMPLETED, score=2.0, folds=(1.0, 2.0, 3.0))
    record = RunRecord(
        name="folds",
        objective="mse",
        direction="minimize",
        trials=(
            TrialRecord(0, TrialState.COMPLETED, {}, 1, ended),
            TrialRecord(1, TrialState.COMPLETED, {}, 1, replace(ended, folds=())),
        ),
        baselines=(),
    )
    first, second = leaderboard(record)
    assert first.standard_error == pytest.approx(1 / 3**0.5)
    assert first.folds == {"fold-1": 1.0, "fold-2": 2.0, "fold-3": 3.0}
    assert (second.standard_error, second.folds) == (None, {})
    header, *lines = csv.reader(io.StringIO(to_csv([first, second])))
    assert [line[header.index("folds.fold-3")] for line in lines] == ["3.0", ""]
    (column,) = [c for c in leaderboard_columns(record, [first, second]) if c.header == "mse"]
    assert column.cells == ["2.000 ± 0.58", "2.000"]
