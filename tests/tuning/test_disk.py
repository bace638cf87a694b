"""The disk that a run may take: what goes first, what never goes, and when a search has to stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from automl.results.run_directory import RunDirectory
from automl.trial import (
    CHECKPOINT_FILE,
    PREDICTIONS_FILE,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.tuning.disk import BUNDLE_BYTES, DiskBudget, forget_model
from automl.tuning.outcome import StopReason
from automl.tuning.ranking import Ranking
from tests.tuning.test_driver import Search

MB = 1 << 20


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = RunDirectory.create(tmp_path / "run", {})
    made.arrays.mkdir()
    (made.arrays / "train.npy").write_bytes(bytes(MB))
    return made


def leave(run: RunDirectory, trial: int, model: int = MB, curve: int = 5000) -> None:
    """Makes a trial's files."""
    folder = run.trial_directory(trial)
    folder.mkdir(exist_ok=True)
    (folder / "history.csv").write_bytes(bytes(curve))
    if model:
        (folder / "model.keras").write_bytes(bytes(model))
        (folder / "check.npy").write_bytes(bytes(100))


def spec(trial: int | str) -> TrialSpec:
    return TrialSpec(trial, {}, seed=0, budget=TrialBudget(1, 1))


def completed(score: float, saved: bool = True) -> TrialResult:
    model_hash = "x" if saved else ""
    return TrialResult(TrialState.COMPLETED, score=score, model_hash=model_hash, parameters=1000)


class Play:
    """Trials that end one after another, the files of each as a worker would leave them."""

    def __init__(self, run: RunDirectory, limit: int | None, keep: int = 10) -> None:
        self.run = run
        self.disk = DiskBudget(run, limit, slots=2)
        self.ranking = Ranking("minimize", keep)
        self.disk.take_up(self.ranking)

    def end(self, trial: int, score: float, model: int = MB) -> TrialResult:
        room = self.disk.model_room(self.ranking)
        fits = room is None or model <= room
        leave(self.run, trial, model if fits else 0)
        result = self.disk.take(spec(trial), completed(score, saved=fits), self.ranking)
        self.ranking.add(trial, result)
        for number in self.ranking.without_model(trial):
            self.disk.forget_model(number)
        return result

    def models(self) -> list[int]:
        return sorted(int(path.parent.name) for path in self.run.trials.glob("*/model.keras"))

    def size(self) -> int:
        return sum(path.stat().st_size for path in self.run.path.rglob("*") if path.is_file())


def test_the_models_that_rank_last_go_first(run: RunDirectory) -> None:
    play = Play(run, 12 * MB)
    for trial in range(9):
        play.end(trial, score=float((trial * 4) % 9))
        assert play.disk.make_room(play.ranking) == ""
        assert play.size() <= 12 * MB
    ranked = sorted(range(9), key=lambda trial: (trial * 4) % 9)
    models = play.models()
    assert 1 < len(models) < 9
    assert models == sorted(ranked[: len(models)])
    assert play.ranking.kept() == ranked[: len(models)]
    # Later trials are told that only a place among these is worth a model.
    assert play.ranking.keep_threshold(99) == float(len(models) - 1)


def test_checkpoints_of_running_trials_count_and_go_before_a_search_has_to_stop(
    run: RunDirectory,
) -> None:
    play = Play(run, 8 * MB)
    play.end(0, score=1.0)
    room = play.disk.model_room(play.ranking)
    assert room is not None
    play.disk.begin(1)
    folder = run.trial_directory(1)
    folder.mkdir()
    (folder / CHECKPOINT_FILE).write_bytes(bytes(MB))
    less = play.disk.model_room(play.ranking)
    assert less is not None
    assert room - less >= MB // 3
    assert play.disk.make_room(play.ranking) == ""
    assert (folder / CHECKPOINT_FILE).exists()
    (folder / CHECKPOINT_FILE).write_bytes(bytes(9 * MB))
    assert play.disk.make_room(play.ranking) == ""
    assert not (folder / CHECKPOINT_FILE).exists()
    assert play.models() == [0]


def test_the_rows_of_a_trial_s_own_division_count_while_it_runs(run: RunDirectory) -> None:
    play = Play(run, 8 * MB)
    play.end(0, score=1.0)
    room = play.disk.model_room(play.ranking)
    assert room is not None
    own = run.arrays / "reshuffle-1"
    own.mkdir()
    (own / "train.npy").write_bytes(bytes(3 * MB))
    less = play.disk.model_room(play.ranking)
    assert less is not None
    assert room - less >= MB
    # One that was there when the search was taken up is not counted for ever.
    resumed = DiskBudget(run, 8 * MB, slots=2)
    resumed.take_up(play.ranking)
    (own / "train.npy").unlink()
    assert resumed.model_room(play.ranking) == pytest.approx(room, abs=MB // 100)


def test_the_model_of_a_first_fold_stays_for_the_trial_that_goes_on(run: RunDirectory) -> None:
    leave(run, 0)
    leave(run, 1)
    (run.trial_directory(0) / PREDICTIONS_FILE).touch()
    (run.trial_directory(1) / PREDICTIONS_FILE).touch()
    DiskBudget(run, None, slots=1).take_up(Ranking("minimize", 3), going_on=[1])
    assert [path.parent.name for path in run.trials.glob("*/model.keras")] == ["1"]
    assert [path.parent.name for path in run.trials.glob(f"*/{PREDICTIONS_FILE}")] == ["1"]


def test_the_best_model_stays_and_has_room_for_its_export(run: RunDirectory) -> None:
    play = Play(run, 8 * MB)
    for trial in range(5):
        play.end(trial, score=5.0 - trial, model=MB)
        assert play.disk.make_room(play.ranking) == ""
        assert trial in play.models()
        assert play.size() + MB + BUNDLE_BYTES <= 8 * MB


def test_a_model_is_saved_only_where_its_export_has_room_too(run: RunDirectory) -> None:
    disk = DiskBudget(run, 7 * MB, slots=1)
    ranking = Ranking("minimize", 3)
    disk.take_up(ranking)
    room = disk.model_room(ranking)
    assert room is not None
    for size, fits in ((room - MB // 4, True), (room + MB // 4, False)):
        leave(run, 0, model=size)
        ranking = Ranking("minimize", 3)
        ranking.add(0, disk.take(spec(0), completed(1.0), ranking))
        assert (disk.make_room(ranking) == "") is fits
    assert 1.5 * MB < room < 2.5 * MB  # of 7, with 2 for rows and logs


def test_a_best_model_that_has_no_room_fails_its_trial(run: RunDirectory) -> None:
    play = Play(run, 10 * MB)
    assert play.end(0, 2.0).state is TrialState.COMPLETED
    worse = play.end(1, 3.0, model=50 * MB)
    assert worse.state is TrialState.COMPLETED
    better = play.end(2, 1.0, model=50 * MB)
    assert (better.state, better.cause) == (TrialState.FAILED, FailureCause.DISK_LIMIT)
    assert better.reason == "its model of 1,000 weights has no room within --max-disk 10 MB"
    assert play.ranking.kept()[0] == 0
    assert play.models() == [0]


def test_a_baseline_without_a_model_is_no_failure(run: RunDirectory) -> None:
    disk = DiskBudget(run, 10 * MB, slots=1)
    result = completed(0.0, saved=False)
    assert disk.take(spec("linear"), result, Ranking("minimize", 3)) is result


def test_curves_go_before_a_search_has_to_stop(run: RunDirectory) -> None:
    play = Play(run, 8 * MB, keep=1)
    for trial in range(30):
        leave(run, trial, model=0 if trial else MB, curve=200_000)
        play.disk.look(trial)
        play.ranking.add(trial, completed(float(trial)))
        assert play.disk.make_room(play.ranking) == ""
    curves = sorted(int(path.parent.name) for path in run.trials.glob("*/history.csv"))
    assert curves[0] == 0, "the best trial keeps its curve"
    assert 29 in curves and 1 not in curves
    assert play.models() == [0]


def test_where_what_must_stay_does_not_fit_the_search_stops(run: RunDirectory) -> None:
    (run.arrays / "more.npy").write_bytes(bytes(9 * MB))
    play = Play(run, 10 * MB)
    told = play.disk.make_room(play.ranking)
    assert told.startswith("The run has reached --max-disk 10 MB: what it cannot do without takes")
    assert (run.arrays / "more.npy").exists()


def test_a_driver_stops_where_the_disk_is_full_and_a_resume_with_more_goes_on(
    tmp_path: Path,
) -> None:
    search = Search(tmp_path / "run", trials=5)
    outcome = search.session(disk=DiskBudget(search.run, MB, slots=1))
    assert outcome.stopped_by is StopReason.DISK
    assert outcome.message.startswith("The run has reached --max-disk 1 MB")
    outcome = search.session(disk=DiskBudget(search.run, 100 * MB, slots=1))
    assert outcome.stopped_by is StopReason.FAILURES  # scripted trials leave no model
    assert search.session(disk=DiskBudget(search.run, None, 1)).stopped_by is StopReason.TRIALS


def test_without_a_limit_nothing_is_measured(run: RunDirectory) -> None:
    play = Play(run, None)
    for trial in range(15):
        play.end(trial, float(trial), model=MB)
        assert play.disk.make_room(play.ranking) == ""
    assert play.models() == list(range(10))
    assert play.disk.model_room(play.ranking) is None


def test_models_left_by_a_session_that_was_killed_go(run: RunDirectory) -> None:
    ranking = Ranking("minimize", 2)
    for trial in range(4):
        leave(run, trial)
        ranking.add(trial, completed(float(trial % 2)))  # ties: the earlier trial stands first
    leave(run, 4)  # was running
    folder = run.trials / "linear"
    folder.mkdir()
    (folder / "model.keras").write_bytes(b"x")
    disk = DiskBudget(run, None, slots=1)
    disk.take_up(ranking)
    left = sorted(path.parent.name for path in run.trials.glob("*/model.keras"))
    assert left == ["0", "2", "linear"]
    assert not (run.trial_directory(1) / "check.npy").exists()
    assert (run.trial_directory(1) / "history.csv").exists()


def test_with_one_model_kept_it_is_the_best_also_among_equals(run: RunDirectory) -> None:
    play = Play(run, None, keep=1)
    for trial, score in enumerate([3.0, 1.0, 1.0, 2.0]):
        play.end(trial, score)
    assert play.models() == [1]


def test_forgetting_a_model_twice_is_no_error(run: RunDirectory) -> None:
    leave(run, 0)
    forget_model(run, 0)
    forget_model(run, 0)
    assert [path.name for path in run.trial_directory(0).iterdir()] == ["history.csv"]
