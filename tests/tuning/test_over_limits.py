"""Configurations over a limit: infeasible to the sampler, none of the trials, never without end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import optuna
import pytest

from automl.results.board_columns import title
from automl.results.leaderboard import leaderboard, row_of
from automl.results.read_record import read_record
from automl.space import Int, SearchSpace
from automl.trial import FailureCause, TrialResult, TrialSpec, TrialState
from automl.tuning.observer import Observer, SearchProgress
from automl.tuning.outcome import StopReason
from automl.tuning.over_limits import MOST_IN_A_ROW, OverLimits
from automl.tuning.progress_lines import PlainLines
from tests.tuning.scripted_engine import Killed
from tests.tuning.test_driver import Search

LIMIT = 24


def too_wide(spec: TrialSpec) -> TrialResult | None:
    """The scripted engine's trial of a width over 24, as a worker gives it."""
    width = spec.config.get("width", 0)
    if isinstance(spec.trial, str) or width <= LIMIT:
        return None
    return over(width / LIMIT)


def over(excess: float) -> TrialResult:
    reason = f"its model has {int(1000 * excess)} parameters, and --max-parameters is 1,000"
    return TrialResult(
        TrialState.FAILED, cause=FailureCause.OVER_LIMIT, reason=reason, excess=excess, notes=("n",)
    )


def wide_space(default: int = 16) -> SearchSpace:
    return SearchSpace(
        "wide", [Int("width", 8, 200, default=default)], lambda config, inputs, task: inputs
    )


class Watching(Observer):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.progress: SearchProgress | None = None

    def note(self, message: str) -> None:
        self.notes.append(message)

    def progressed(self, progress: SearchProgress) -> None:
        self.progress = progress


@pytest.mark.parametrize("slots", [1, 2])
def test_they_count_for_no_trial_and_are_said_once(tmp_path: Path, slots: int) -> None:
    watching = Watching()
    search = Search(tmp_path / "run", space=wide_space(default=100), slots=slots, observer=watching)
    assert search.session(fails=too_wide).stopped_by is StopReason.TRIALS
    record = read_record(search.run)
    assert len(record.counted) == 12
    refused = [trial for trial in record.trials if trial.is_over_limit]
    assert len(refused) > 1
    assert refused[0].trial == 0  # the default too
    assert all(trial.state is TrialState.FAILED for trial in refused)
    assert watching.notes == ["n"]
    assert watching.progress is not None
    assert (watching.progress.done, watching.progress.failed) == (12, 0)
    assert watching.progress.over_limits == len(refused)
    rows = leaderboard(record)
    assert {row.trial for row in rows if isinstance(row.trial, int)} == {
        trial.trial for trial in record.counted
    }
    assert f"12 trials (12 completed) and {len(refused)} configurations over a limit" in title(
        record, rows
    )
    assert row_of(record, refused[0]).reason.startswith("its model has")


def test_the_study_calls_them_infeasible(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", space=wide_space(default=100))
    search.session(fails=too_wide)
    from automl.tuning.study_opening import open_study

    study = open_study(search.run, search.run.read_manifest(), optuna.samplers.RandomSampler())
    first = study.get_trials()[0]
    assert first.constraints == {"cost": pytest.approx(100 / LIMIT - 1)}
    assert first.state == optuna.trial.TrialState.PRUNED
    assert study.best_trial.params["width"] <= LIMIT


def test_a_sampler_learns_what_is_within_the_limit(tmp_path: Path) -> None:
    """Of random widths one in eleven is; told of what is not, TPE proposes less of it."""
    refused: dict[str, int] = {}
    for sampler in ("tpe", "qmc"):
        search = Search(tmp_path / sampler, space=wide_space(), sampler=sampler, trials=20)
        search.session(fails=too_wide)
        refused[sampler] = sum(trial.is_over_limit for trial in read_record(search.run).trials)
    assert refused["tpe"] < refused["qmc"] / 2


def test_killed_anywhere_it_ends_as_the_unbroken_one(tmp_path: Path) -> None:
    unbroken = Search(tmp_path / "unbroken", space=wide_space(default=100))
    unbroken.session(fails=too_wide)
    broken = Search(tmp_path / "broken", space=wide_space(default=100))
    for dies_after in (1, 2, 7, 1, 15, 30):
        with pytest.raises(Killed):
            broken.session(dies_after, fails=too_wide)
    broken.session(fails=too_wide)
    assert broken.board() == unbroken.board()
    both = (read_record(one.run).trials for one in (broken, unbroken))
    assert len({len(trials) for trials in both}) == 1


def test_so_many_in_a_row_end_the_search_and_a_resumed_one_goes_on(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    outcome = search.session(fails=lambda spec: over(1.5 + len(str(spec.trial))))
    assert outcome.stopped_by is StopReason.LIMITS
    assert outcome.message == (
        "200 configurations in a row cost more than is allowed; of the one that is nearest to it, "
        "number 0, its model has 2500 parameters, and --max-parameters is 1,000: raise the limit, "
        "or search a smaller space."
    )
    assert len(read_record(search.run).trials) == MOST_IN_A_ROW
    assert search.session().stopped_by is StopReason.TRIALS
    assert len(read_record(search.run).counted) == 12


def test_a_small_space_all_over_ends_when_it_is_exhausted(tmp_path: Path) -> None:
    space = SearchSpace(
        "few", [Int("width", 20, 28, default=20)], lambda config, inputs, task: inputs
    )
    search = Search(tmp_path / "run", space=space, sampler="grid", trials=100)
    outcome = search.session(fails=too_wide)
    assert outcome.stopped_by is StopReason.EXHAUSTED
    assert "All 5 configurations" in outcome.message
    assert "; 4 more cost more than is allowed" in outcome.message


def test_a_trial_that_is_within_ends_the_row() -> None:
    found = OverLimits()
    for number in range(MOST_IN_A_ROW - 1):
        found.add(number, over(2.0))
    found.add(500, TrialResult(TrialState.FAILED, cause=FailureCause.CRASHED))
    found.add(501, over(2.0))
    assert not found.are_too_many()
    assert found.count == MOST_IN_A_ROW


def test_they_take_one_line_between_trials() -> None:
    lines: list[str] = []
    shown = PlainLines(lines.append)
    progress: dict[str, Any] = {
        **{"pruned": 0, "failed": 0, "running": 0, "total": 9, "elapsed": 1.0},
        **{"seconds_left": None, "objective": "mse", "direction": "minimize"},
    }
    for number in range(3):
        shown.trial_ended(number, over(2.0))
        shown.progressed(SearchProgress(done=0, completed=0, over_limits=number + 1, **progress))
    assert lines == []
    shown.trial_ended(3, TrialResult(TrialState.COMPLETED, score=1.0))
    shown.progressed(SearchProgress(done=1, completed=1, over_limits=3, **progress))
    assert lines[0] == (
        "not trained: 3 configurations, at last 2 (its model has 2000 parameters, and "
        "--max-parameters is 1,000)"
    )
    assert lines[1].startswith("[1/9] trial 3")
