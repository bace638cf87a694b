"""`leaderboard --pareto` on a real finished run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import automl
from tests.cli.console import Finished


def files_below(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of each file: what reading must leave as it is."""
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_front_is_shown_in_every_format(run: Path, inside: Callable[..., Finished]) -> None:
    before = files_below(run)
    front = json.loads(
        inside("leaderboard", str(run), "--pareto", "score,parameters,latency", "--json").stdout
    )
    assert front[0]["rank"] <= 2  # the first, or the first network behind gradient boosting
    for row in front:
        assert 0.0 < row["latency"]["1"] < 1e4
        assert 0.0 < row["latency"]["1000"] < 1e4
        assert row["trial"] not in ("majority", "boosting")
    shown = inside("leaderboard", str(run), "--pareto", "score,parameters", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert "On the Pareto front of score and parameters" in shown.stderr
    counts = [int(row["parameters"]) for row in rows]
    assert counts == sorted(counts, reverse=True)  # further down only what is smaller
    for format_ in ("table", "markdown"):
        text = inside(
            "leaderboard", str(run), "--pareto", "score,latency", "--format", format_
        ).stdout
        assert "1,000 rows" in text and "majority" not in text
    frame = automl.load_run(run).leaderboard(pareto=("score", "parameters"))
    assert list(frame["parameters"]) == counts
    assert files_below(run) == before


def test_wrong_criteria_are_one_sentence(run: Path, inside: Callable[..., Finished]) -> None:
    found = inside("leaderboard", str(run), "--pareto", "score,size")
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1 and "there is score, parameters" in found.stderr


def test_without_a_kept_model_no_latency_is_made_up(
    run: Path, tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("model.keras"))
    found = inside("leaderboard", str(copy), "--pareto", "score,latency")
    assert found.returncode == 1
    assert "No model of" in found.stderr and "--keep-models" in found.stderr


def test_importance_of_too_few_trials_is_one_sentence(
    run: Path, inside: Callable[..., Finished]
) -> None:
    found = inside("importance", str(run))
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1 and "needs 10" in found.stderr


def test_runs_are_compared(run: Path, tmp_path: Path, inside: Callable[..., Finished]) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    rows = json.loads(inside("compare", str(run), str(copy), "--json").stdout)
    assert [row["run"] for row in rows] == [str(run), str(copy)]
    assert (rows[1]["difference"], rows[1]["low"], rows[1]["high"]) == (0.0, 0.0, 0.0)
    text = inside("compare", str(run), str(copy)).stdout
    assert "cannot be told apart" in text and "paired bootstrap" in text
    frame = automl.load_run(run).compare(copy)
    assert list(frame["run"]) == [str(run), str(copy)]
    found = inside("compare", str(run))
    assert found.returncode == 2 and "Two different runs" in found.stderr
