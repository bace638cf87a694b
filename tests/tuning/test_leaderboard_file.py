"""``leaderboard.csv`` while a search runs: from memory what reading the study gives, seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.trial import TrialResult, TrialState
from automl.tuning import leaderboard_file
from automl.tuning.leaderboard_file import LeaderboardWriter, write_leaderboard
from automl.tuning.samplers import make_sampler
from automl.tuning.study_opening import open_study
from tests.tuning.scripted_engine import Killed
from tests.tuning.test_driver import Search


def open_again(search: Search) -> object:
    sampler = make_sampler("random", seed=0, space=search.space, workers=1, direction="minimize")
    return open_study(search.run, search.run.read_manifest(), sampler)


def test_from_memory_it_is_what_reading_the_study_gives(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=8, pruner="asha")
    with pytest.raises(Killed):
        search.session(dies_after=60)  # in the middle of a trial
    write_leaderboard(search.run)
    by_reading = search.run.leaderboard_file.read_text()
    search.run.leaderboard_file.unlink()
    write_leaderboard(search.run, open_again(search))  # type: ignore[arg-type]
    assert search.run.leaderboard_file.read_text() == by_reading
    assert "running" in by_reading


def test_it_is_written_in_a_bounded_share_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Search(tmp_path / "run", trials=2)
    search.session()
    clock, written = [0.0], []

    def slow_write(*_: object) -> None:
        clock[0] += 3.0
        written.append(clock[0])

    monkeypatch.setattr("automl.tuning.leaderboard_file.time.monotonic", lambda: clock[0])
    monkeypatch.setattr(leaderboard_file, "write_leaderboard", slow_write)
    writer = LeaderboardWriter(search.run)
    for _ in range(1000):
        clock[0] += 1.0
        writer.trial_ended(0, TrialResult(TrialState.COMPLETED))
    assert len(written) == pytest.approx(1000 * leaderboard_file.LEADERBOARD_SHARE / 3, abs=1.5)
