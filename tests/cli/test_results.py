"""`leaderboard` and `show` on a real finished run."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.cli.main import main
from automl.cli.trial_text import BARS, sampled, sparkline

KEYS = (
    "rank", "trial", "state", "score", "metrics", "config", "epochs", "best_epoch", "seconds",
    "parameters", "seed", "verdict", "reason",
)  # fmt: skip


def test_table(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leaderboard", str(run)]) == 0
    text = capsys.readouterr().out
    assert "run: 3 trials" in text
    for word in ("rank", "majority", "linear", "Configurations", "Test rows"):
        assert word in text
    assert "\033[" not in text  # no terminal, no colours


def test_top_shows_the_baselines_whatever_their_rank(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["leaderboard", str(run), "--top", "1"]) == 0
    text = capsys.readouterr().out
    assert "majority" in text
    assert "... and " in text


@pytest.mark.parametrize("top", [None, 2])
def test_json_and_csv(top: int | None, run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = [] if top is None else ["--top", str(top)]
    assert main(["leaderboard", str(run), "--format", "json", *more]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == (6 if top is None else top)  # three trials and three baselines
    for row in rows:
        assert set(KEYS) <= row.keys()
    assert rows[0]["rank"] == 1
    assert main(["leaderboard", str(run), "--format", "csv", *more]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["trial"] for row in table] == [str(row["trial"]) for row in rows]


def test_markdown_goes_to_a_file(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "board.md"
    assert main(["leaderboard", str(run), "--format", "markdown", "--output", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert file.read_text(encoding="utf-8").count("\n| ") >= 6
    assert main(["leaderboard", str(run), "--output", str(tmp_path / "no" / "board.txt")]) == 2
    assert "--output" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["leaderboard", "show"])
def test_reading_a_run_imports_neither_tensorflow_nor_optuna(command: str, run: Path) -> None:
    code = (
        "import sys; from automl.cli.main import main; code = main();"
        "assert not {'tensorflow', 'keras', 'optuna', 'pandas', 'ray'} & set(sys.modules);"
        "sys.exit(code)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code, command, str(run)], capture_output=True, text=True, timeout=300
    )
    assert process.returncode == 0, process.stderr


def test_show_tells_all_of_a_trial(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run), "0"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Trial 0: completed, log_loss ")
    for word in ("seed", "Configuration", "depth", "Learning curve", "val_loss", "best", "build"):
        assert word in text
    assert any(bar in text for bar in BARS)
    assert "model.keras" in text
    assert main(["leaderboard", str(run), "--format", "json"]) == 0
    rows = {row["trial"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows[0]["trainer"] in ("kernel", "compiled", "fit")
    assert f"trainer {rows[0]['trainer']}" in text


def test_show_takes_baselines_and_the_best(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run), "linear"]) == 0
    assert capsys.readouterr().out.startswith("Baseline linear: completed")
    assert main(["show", str(run), "best"]) == 0
    best = capsys.readouterr().out
    assert "rank 1 of" in best or "rank 2 of" in best


def test_show_without_a_trial_is_the_run_in_short(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(run)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = {line.split()[0]: line for line in lines if line and not line.startswith(" ")}
    assert "iris (multiclass; rows: train 102, validation 18, test 30)" in told["Data"]
    assert "3: 3 completed" in told["Trials"]
    assert "completed: 3, " in told["Worker"]
    assert "log_loss" in told["Best"]
    assert told["Exported"].endswith("best")
    assert "2 of 150 rows equal another" in told["Notes"]
    assert "Next:" in told


def test_show_names_the_trials_there_are(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(run), "99"]) == 2
    assert "its trials are 0 to 2" in capsys.readouterr().err


def test_show_has_the_end_of_a_failed_trials_traceback(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run / "trials" / "1" / "error.txt"
    file.write_text("\n".join(f"line {i}" for i in range(40)), encoding="utf-8")
    try:
        assert main(["show", str(run), "1"]) == 0
    finally:
        file.unlink()
    text = capsys.readouterr().out
    assert "line 39" in text
    assert "... 25 lines before" in text
    assert "line 24" not in text


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 80))
def test_sparkline_has_the_least_lowest(values: list[float], width: int) -> None:
    line = sparkline(values, width)
    assert len(line) == min(width, len(values))
    if len(values) <= width:
        assert line[values.index(min(values))] == BARS[0]
        if max(values) - min(values) > 1e-3:
            assert line[values.index(max(values))] == BARS[-1]


def test_sparkline_of_what_is_not_finite() -> None:
    assert sparkline([math.nan, 0.0, math.inf, 1.0], 10) == f"x{BARS[0]}x{BARS[-1]}"
    assert sparkline([math.nan], 10) == "x"


@given(st.integers(1, 500), st.data())
def test_a_curves_table_has_its_ends_and_its_best(epochs: int, data: st.DataObject) -> None:
    best = data.draw(st.integers(-1, epochs - 1))
    rows = sampled(epochs, best)
    assert rows == sorted(set(rows))
    assert {0, epochs - 1} <= set(rows) <= set(range(epochs))
    assert best == -1 or best in rows
    assert len(rows) <= 13
