"""`automl replay` and `automl void`: what they print, and the exit codes that tell the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from automl.cli.exit_codes import DIFFERENT
from automl.cli.trials import replay_text
from automl.results.retrained import Retrained
from automl.results.run_directory import RunDirectory
from automl.trial import TrialResult, TrialState
from tests.cli.console import Finished

RECORDED = TrialResult(TrialState.COMPLETED, score=0.5, epochs=4, best_epoch=3, trainer="kernel")


def test_a_trial_is_replayed_to_the_last_bit(run: Path, inside: Callable[..., Finished]) -> None:
    done = inside("replay", "run", "1", cwd=run.parent)
    assert done.returncode == 0, done.stderr
    assert "difference" in done.stdout.splitlines()[0]
    assert "Trial 1 is what its record says: the difference is zero." in done.stdout
    assert "training 1 of run again" in done.stderr


def test_a_difference_has_an_exit_code_of_its_own(
    run: Path, tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    shutil.copytree(run, tmp_path / "run")
    directory = RunDirectory.open(tmp_path / "run")
    manifest = directory.read_manifest()
    manifest["request"]["trial_budget"]["epochs"] = 2
    directory.write_manifest(manifest)
    done = inside("replay", "run", "0", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert done.returncode == DIFFERENT == 3
    assert found["equal"] is False
    assert found["epochs"] == {"recorded": 4, "replayed": 2}


def test_an_unknown_trial_and_a_missing_run_are_sentences(
    run: Path, inside: Callable[..., Finished]
) -> None:
    done = inside("replay", "run", "33", cwd=run.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no trial 33" in done.stderr and len(done.stderr.splitlines()) == 1
    assert inside("replay", "nowhere", "0", cwd=run.parent).returncode == 2


def test_the_table_shows_each_execution_and_what_changed() -> None:
    then = replace(RECORDED, executions=(0.25, 0.75), model_hash="a" * 64)
    now = replace(then, executions=(0.25, 0.5), score=0.375, model_hash="b" * 64, best_epoch=2)
    text = replay_text(Retrained(3, "log_loss", then, now, ("keras was 1 and is 2",)))
    rows = [line.split() for line in text.splitlines()]
    assert ["log_loss", "0.5", "0.375", "-0.125"] in rows
    assert ["execution", "1", "0.25", "0.25", "0"] in rows
    assert ["execution", "2", "0.75", "0.5", "-0.25"] in rows
    assert ["best", "epoch", "3", "2", "-1"] in rows
    assert ["weights", "a" * 12, "b" * 12, "other", "weights"] in rows
    assert text.endswith("Trial 3 differs from its record.\nNot as it was: keras was 1 and is 2.\n")


def test_a_trial_that_fails_now_says_why() -> None:
    now = TrialResult(TrialState.FAILED, reason="no memory")
    text = replay_text(Retrained("linear", "log_loss", RECORDED, now))
    assert "Baseline linear is completed in its record, and failed now (no memory)." in text


def test_of_a_finalist_it_is_said_what_is_compared() -> None:
    text = replay_text(Retrained(1, "log_loss", RECORDED, RECORDED, is_finalist=True))
    assert "its score on the leaderboard is the mean over its scorings" in text
    assert "Its model was not kept" in text


def test_a_trial_is_voided_and_ranked_again(
    run: Path, tmp_path: Path, inside: Callable[..., Finished]
) -> None:
    shutil.copytree(run, tmp_path / "run")
    best = json.loads(inside("show", "run", "best", "--json", cwd=tmp_path).stdout)["trial"]
    done = inside("void", "run", str(best), "--reason", "leak \x1b[31m", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"Trial {best} is void: leak \\x1b[31m." in done.stdout
    board = inside("leaderboard", "run", cwd=tmp_path).stdout
    assert "void: leak \\x1b[31m" in board
    back = inside("void", "run", str(best), "--undo", cwd=tmp_path)
    assert f"Trial {best} is ranked again.\nThe best trial is {best}." in back.stdout


def test_what_is_void_is_named_by_its_number(run: Path, inside: Callable[..., Finished]) -> None:
    done = inside("void", "run", "best", "--reason", "leak", cwd=run.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert "best is no number" in done.stderr
