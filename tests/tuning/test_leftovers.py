"""What a killed driver leaves in its run is removed by the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from automl.export.writing import _remove_unfinished
from automl.results.run_directory import RunDirectory
from automl.tuning.leftovers import remove_leftovers


def test_only_what_was_not_finished_is_removed(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", {})
    kept = [
        "trials/0/model.keras", "trials/0/.keep", "best/model.keras", "leaderboard.csv",
        "arrays/train.numeric.npy", ".hidden", "logs/worker-0.log",
    ]  # fmt: skip
    left = [
        "..best.4711.tmp/model.keras", "..best.4711.tmp/.check-x/inputs.npz", ".best/model.keras",
        ".run.json.4711.tmp", "trials/0/.4711.0123456789abcdef.model.keras",
        "trials/0/.check.npy.4711.tmp", "trials/0/.4711.model.keras", "arrays/.data.json.4711.tmp",
    ]  # fmt: skip
    for name in (*kept, *left):
        (run.path / name).parent.mkdir(parents=True, exist_ok=True)
        (run.path / name).write_text("x")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_text("x")
    (run.path / "..best.1.tmp").symlink_to(tmp_path / "outside")
    remove_leftovers(run)
    remove_leftovers(run)
    found = {str(p.relative_to(run.path)) for p in run.path.rglob("*") if not p.is_dir()}
    assert found == {*kept, "run.json"}
    assert (tmp_path / "outside" / "file").exists()


def test_an_export_removes_what_a_killed_one_to_the_same_place_has_left(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as alive:
        for name in (f".model.{dead.pid}.tmp", f".model.{alive.pid}.tmp", f".other.{dead.pid}.tmp"):
            (tmp_path / name).mkdir()
        _remove_unfinished(tmp_path / "model")
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {f".model.{alive.pid}.tmp", f".other.{dead.pid}.tmp"}
        alive.kill()
