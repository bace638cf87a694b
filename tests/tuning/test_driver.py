"""The driver: order, budgets, failures, and that a killed search ends as an unbroken one."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automl.common.forms import to_form
from automl.data.metrics import Objective
from automl.engines.contract import Event, TrialEnded
from automl.errors import RunError
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.results.voids import void_entry
from automl.space import Choice, Float, Int, SearchSpace
from automl.trial import (
    HOLDOUT,
    SEARCH_OVER,
    FailureCause,
    TrialBudget,
    TrialResult,
    TrialSpec,
    TrialState,
)
from automl.tuning import driver as driver_module
from automl.tuning.budget import Clock, SearchBudget
from automl.tuning.driver import Driver
from automl.tuning.driver_settings import DriverSettings
from automl.tuning.observer import Observer, SearchProgress
from automl.tuning.outcome import StopReason
from automl.tuning.pruners import fold_rule, make_pruner
from automl.tuning.samplers import make_sampler
from automl.tuning.study import RunStudy
from automl.tuning.study_opening import open_study
from tests.tuning.scripted_engine import Killed, ScriptedEngine, curve

OBJECTIVE = Objective("mse", "minimize")
FOLDS = ("fold-1", "fold-2", "fold-3")


def make_space() -> SearchSpace:
    kind = Choice("kind", ["plain", "wide"], default="plain")
    return SearchSpace(
        "toy",
        [
            kind,
            Float("rate", 1e-4, 1e-1, log=True, default=1e-3),
            Int("width", 8, 64, step=8, default=16, when=kind == "wide", otherwise=8),
        ],
        lambda config, inputs, task: inputs,
    )


class Search:
    """One run in a directory, driven in as many sessions as it takes."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.run = RunDirectory.create(
            path,
            {"objective": to_form(OBJECTIVE), "storage": None, "study": "toy"},
        )
        self.options = {"trials": 12, "sampler": "tpe", "pruner": "none", "slots": 1, "keep": 3}
        self.options |= options
        self.forgotten: list[int] = []
        self.engine_kind = ScriptedEngine
        self.engine = ScriptedEngine()
        self.engines: list[ScriptedEngine] = []
        self.space = options.get("space") or make_space()

    def session(
        self,
        dies_after: int | None = None,
        clock: Any = None,
        fails: Any = None,
        disk: Any = None,
    ) -> Any:
        o = self.options
        sampler = make_sampler(
            o["sampler"], seed=3, space=self.space, workers=o["slots"], direction="minimize"
        )
        study = RunStudy(
            open_study(self.run, self.run.read_manifest(), sampler), self.space, seed=3
        )
        budget = SearchBudget(o["trials"])
        pruner = None
        if o["pruner"] != "none":
            pruner = make_pruner(o["pruner"], direction="minimize", epochs=9, patience=3)
        recorded = study.baselines()
        linear = TrialSpec("linear", {}, 1, TrialBudget(2, 2), space="linear")
        self.engine = self.engine_kind(
            o["slots"], dies_after, fails, heeds_thresholds=o.get("heeds_thresholds", True)
        )
        self.engines.append(self.engine)
        driver = Driver(
            study,
            self.engine,
            DriverSettings(
                budget,
                TrialBudget(9, 3),
                OBJECTIVE,
                keep_models=o["keep"],
                pruner=pruner,
                views=o.get("views", (HOLDOUT,)),
                fold_rule=fold_rule(o.get("fold_rule", "none"), "minimize"),
            ),
            clock or Clock(budget),
            o.get("observer") or Observer(),
            self.forgotten.append,
            () if "linear" in recorded else (linear,),
            disk=disk,
        )
        return driver.run()

    def board(self) -> list[dict[str, Any]]:
        rows = [to_form(row) for row in leaderboard(read_record(self.run))]
        for row in rows:
            row.pop("seconds")
        return rows


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc", "evolution"])
def test_killed_anywhere_a_search_ends_as_the_unbroken_one(tmp_path: Path, sampler: str) -> None:
    unbroken = Search(tmp_path / "unbroken", sampler=sampler, pruner="asha")
    unbroken.session()
    total = 12 * 10
    broken = Search(tmp_path / "broken", sampler=sampler, pruner="asha")
    deaths = [3, 1, 17, 2, 9, 1, 1, 23, 5, 40]
    for dies_after in deaths:
        try:
            broken.session(dies_after)
        except Killed:
            continue
        break
    assert sum(deaths) < total
    broken.session()
    assert broken.board() == unbroken.board()


@pytest.mark.parametrize("pruner", ["none", "median"])
def test_killed_anywhere_over_folds_none_is_trained_twice(tmp_path: Path, pruner: str) -> None:
    options = {"views": FOLDS, "fold_rule": "forgiving", "pruner": pruner, "trials": 8}
    unbroken = Search(tmp_path / "unbroken", **options)
    unbroken.session()
    broken = Search(tmp_path / "broken", **options)
    for dies_after in [3, 1, 13, 2, 25, 1, 11, 1, 1, 23, 5, 40]:
        try:
            broken.session(dies_after)
        except Killed:
            continue
        break
    broken.session()
    assert broken.board() == unbroken.board()
    ends = {row["state"] for row in broken.board()}
    assert "pruned" in ends
    trained = [fold for engine in broken.engines for fold in engine.trained]
    assert len(trained) == len(set(trained))
    again = [spec for engine in broken.engines for spec in engine.submitted if spec.finished]
    assert again


def test_a_trial_is_stopped_after_a_fold_with_the_reason(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", views=FOLDS, fold_rule="forgiving", sampler="random")
    search.session()
    board = search.board()
    pruned = [row for row in board if row["state"] == "pruned"]
    completed = [row for row in board if row["state"] == "completed" and row["trial"] != "linear"]
    assert pruned
    for row in pruned:
        assert 0 < len(row["folds"]) < len(FOLDS)
        assert row["reason"].startswith(f"it was pruned after {len(row['folds'])} of 3 folds: ")
        assert "worse than the worst fold of the best trial" in row["reason"]
        assert row["score"] == pytest.approx(sum(row["folds"].values()) / len(row["folds"]))
        before = [one for one in completed if one["trial"] < row["trial"]]
        best = min(before, key=lambda one: one["score"])
        assert row["score"] > max(best["folds"].values())


def test_epochs_of_the_first_fold_alone_are_what_pruners_see(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", views=FOLDS, trials=4)
    told: list[tuple[int, int]] = []

    class Watching(Observer):
        def epoch_finished(self, trial: Any, report: Any) -> None:
            told.append((report.execution, report.epoch))

    search.options["observer"] = Watching()
    search.session()
    study = open_study(search.run, search.run.read_manifest(), None)
    for trial in study.trials:
        assert list(trial.intermediate_values) == list(range(1, 10))
        spec = next(one for one in search.engine.submitted if one.trial == trial.number)
        scores = [curve(spec, epoch) for epoch in range(1, 10)]
        assert list(trial.intermediate_values.values()) == scores
    assert {execution for execution, _ in told} == {1, 2, 3}


@pytest.mark.parametrize("pruner", ["asha", "median"])
def test_trials_that_ask_less_often_are_pruned_at_the_same_epochs(
    tmp_path: Path, pruner: str
) -> None:
    always = Search(tmp_path / "always", trials=40, pruner=pruner, heeds_thresholds=False)
    seldom = Search(tmp_path / "seldom", trials=40, pruner=pruner)
    always.session()
    seldom.session()
    board = always.board()
    assert seldom.board() == board
    assert any(row["state"] == "pruned" for row in board)
    assert seldom.engine.questions < always.engine.questions


def test_several_at_once_are_stopped_though_they_did_not_ask(tmp_path: Path) -> None:
    # All begin before one is completed, so that none has anything to ask.
    search = Search(tmp_path / "several", trials=24, pruner="median", slots=24)
    search.session()
    assert search.engine.questions == 0
    assert any(row["state"] == "pruned" for row in search.board())


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deaths=st.lists(st.integers(0, 30), max_size=6), cut=st.integers(1, 200))
def test_a_torn_study_file_is_resumed_too(
    tmp_path_factory: pytest.TempPathFactory, deaths: list[int], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    unbroken = Search(folder / "unbroken", trials=6)
    unbroken.session()
    broken = Search(folder / "broken", trials=6)
    for dies_after in deaths:
        try:
            broken.session(dies_after)
        except Killed:
            # What SIGKILL or a full disk leaves: the last record cut anywhere.
            content = broken.run.study_file.read_bytes()
            last = len(content) - content[:-1].rfind(b"\n") - 1
            broken.run.study_file.write_bytes(content[: len(content) - min(cut, last)])
    broken.session()
    assert broken.board() == unbroken.board()


def test_the_first_trial_is_the_default_and_the_linear_baseline_is_second(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=3)
    search.session()
    assert [spec.trial for spec in search.engine.submitted] == [0, "linear", 1, 2]
    assert search.engine.submitted[0].config == {"kind": "plain", "rate": 1e-3}


def test_trials_is_the_total_over_sessions(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=4)
    assert search.session().stopped_by is StopReason.TRIALS
    search.options["trials"] = 7
    search.session()
    assert [spec.trial for spec in search.engine.submitted] == [4, 5, 6]
    assert search.session().stopped_by is StopReason.TRIALS
    assert search.engine.submitted == []


def test_two_slots_run_two_trials_at_once(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", slots=2)
    search.session()
    assert len(read_record(search.run).trials) == 12


def test_a_grid_ends_when_it_is_exhausted(tmp_path: Path) -> None:
    space = SearchSpace(
        "grid",
        [Choice("kind", ["plain", "wide"]), Int("width", 8, 24, step=8)],
        lambda config, inputs, task: inputs,
    )
    search = Search(tmp_path / "run", space=space, sampler="grid", trials=100)
    outcome = search.session()
    assert outcome.stopped_by is StopReason.EXHAUSTED
    configs = {tuple(sorted(trial.config.items())) for trial in read_record(search.run).trials}
    assert len(configs) == 6


def test_the_best_keep_their_models_and_no_other(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", keep=3)
    search.session()
    record = read_record(search.run)
    scores = {trial.trial: trial.score for trial in record.trials}
    thresholds = {spec.trial: spec.keep_threshold for spec in search.engine.submitted}
    saved = {
        number
        for number, score in scores.items()
        if thresholds[number] is None or score < thresholds[number]
    }
    best = set(sorted(scores, key=lambda number: scores[number])[:3])
    assert saved - set(search.forgotten) == best


def test_a_failure_costs_its_trial_only(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    search.session(fails=lambda s: FailureCause.CRASHED if s.trial in (2, 3, 5) else None)
    states = [trial.state for trial in read_record(search.run).trials]
    assert states.count(TrialState.FAILED) == 3
    assert states.count(TrialState.COMPLETED) == 9
    assert read_record(search.run).find(3).reason == "crashed: scripted"


def test_a_directory_that_cannot_be_written_fails_no_trial(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    with pytest.raises(RunError, match="files of trial 2 cannot be written"):
        search.session(fails=lambda s: FailureCause.UNWRITABLE if s.trial == 2 else None)
    states = [trial.state for trial in read_record(search.run).trials]
    assert TrialState.FAILED not in states
    search.session()  # resumed, it runs again
    states = [trial.state for trial in read_record(search.run).trials]
    assert states == [TrialState.COMPLETED] * 12


def test_three_failures_in_a_row_with_one_cause_stop_the_search(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    outcome = search.session(fails=lambda spec: FailureCause.BUILDER if spec.trial != 0 else None)
    assert outcome.stopped_by is StopReason.FAILURES
    assert "builder" in outcome.message
    assert len(read_record(search.run).trials) == 4


def test_divergence_stops_a_search_only_where_nothing_ever_completed(tmp_path: Path) -> None:
    some = Search(tmp_path / "some")
    outcome = some.session(fails=lambda s: FailureCause.DIVERGED if s.trial in (3, 4, 5) else None)
    assert outcome.stopped_by is StopReason.TRIALS
    none = Search(tmp_path / "none")
    outcome = none.session(fails=lambda spec: FailureCause.DIVERGED)
    assert outcome.stopped_by is StopReason.FAILURES


def test_what_a_builder_refuses_stops_a_search_only_where_nothing_ever_completed(
    tmp_path: Path,
) -> None:
    some = Search(tmp_path / "some")
    outcome = some.session(fails=lambda s: FailureCause.REFUSED if s.trial in (3, 4, 5) else None)
    assert outcome.stopped_by is StopReason.TRIALS
    none = Search(tmp_path / "none")
    outcome = none.session(fails=lambda spec: FailureCause.REFUSED)
    assert outcome.stopped_by is StopReason.FAILURES
    assert "the builder refuses its own configurations" in outcome.message


def test_a_fatal_error_ends_the_search_at_once(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    outcome = search.session(fails=lambda s: FailureCause.FATAL if s.trial == 1 else None)
    assert outcome.stopped_by is StopReason.FATAL
    assert outcome.message == "Trial 1 ended the search (fatal: scripted)."
    assert len(read_record(search.run).trials) == 2
    resumed = search.session()  # as it was asked to
    assert resumed.stopped_by is StopReason.TRIALS


def test_an_objective_that_nothing_tells_ends_the_search_at_the_first_trial(
    tmp_path: Path,
) -> None:
    outcome = Search(tmp_path / "run").session(fails=lambda _: FailureCause.NO_OBJECTIVE)
    assert outcome.stopped_by is StopReason.FATAL
    assert "Trial 0 ended the search" in outcome.message


def test_one_trial_without_the_objective_is_a_failure_like_any_other(tmp_path: Path) -> None:
    causes: dict[int | str, FailureCause] = {1: FailureCause.NO_OBJECTIVE}
    outcome = Search(tmp_path / "run").session(fails=lambda s: causes.get(s.trial))
    assert outcome.stopped_by is StopReason.TRIALS


def test_a_trial_s_notes_are_said_once_also_over_sessions(tmp_path: Path) -> None:
    class SearchObservers(ScriptedEngine):
        def _end(self, trial: int | str, spec: TrialSpec, epoch: int) -> TrialEnded:
            ended = super()._end(trial, spec, epoch)
            return TrialEnded(trial, replace(ended.result, notes=("It is so.", f"{trial == 2}")))

    class Listening(Observer):
        def note(self, message: str) -> None:
            heard.append(message)

    heard: list[str] = []
    search = Search(tmp_path / "run", trials=3, observer=Listening())
    search.engine_kind = SearchObservers
    search.session()
    assert heard == ["It is so.", "False", "True"]
    search.options["trials"] = 5
    search.session()
    assert heard == ["It is so.", "False", "True"]


def test_divergence_is_one_cause_in_whatever_step(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    steps = iter(range(100))

    class Diverging(ScriptedEngine):
        def _fail(self, spec: TrialSpec, cause: FailureCause) -> TrialResult:
            reason = f"the training loss became NaN in step {next(steps)} of epoch 1"
            return TrialResult(TrialState.FAILED, reason=reason, cause=cause)

    search.engine_kind = Diverging
    outcome = search.session(fails=lambda spec: FailureCause.DIVERGED)
    assert outcome.stopped_by is StopReason.FAILURES


def failing(spec: TrialSpec) -> FailureCause | None:
    return FailureCause.BUILDER if isinstance(spec.trial, int) and spec.trial > 0 else None


def test_failures_in_a_row_count_over_sessions(tmp_path: Path) -> None:
    unbroken = Search(tmp_path / "unbroken")
    assert unbroken.session(fails=failing).stopped_by is StopReason.FAILURES
    broken = Search(tmp_path / "broken")
    with pytest.raises(Killed):
        broken.session(10 + 3 + 2, fails=failing)  # trial 0, the baseline, trials 1 and 2
    assert broken.session(fails=failing).stopped_by is StopReason.FAILURES
    assert broken.board() == unbroken.board()


def test_a_search_stopped_by_failures_goes_on_when_resumed(tmp_path: Path) -> None:
    search = Search(tmp_path / "run")
    assert search.session(fails=failing).stopped_by is StopReason.FAILURES
    assert search.session().stopped_by is StopReason.TRIALS
    assert len(read_record(search.run).trials) == 12


def test_out_of_time_the_search_takes_what_its_trials_have_reached(tmp_path: Path) -> None:
    cut = []
    for seconds in (1000.0, 1007.0, 1014.0):  # some end between two trials
        search = Search(tmp_path / f"{seconds:g}", trials=1000, slots=2)
        ticks = iter(range(10_000))
        budget = SearchBudget(None, seconds)
        clock = Clock(budget, started=0.0, now=lambda ticks=ticks: float(next(ticks)))
        assert search.session(clock=clock).stopped_by is StopReason.TIME
        cut += [trial for trial in read_record(search.run).trials if trial.reason]
    assert cut and all(trial.state is TrialState.COMPLETED for trial in cut)
    assert all(trial.reason == SEARCH_OVER for trial in cut)


def test_ctrl_c_once_leaves_running_trials_to_a_resume(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=5)
    interrupting = iter(range(1000))

    def press(spec: TrialSpec) -> None:
        if next(interrupting) == 15:
            signal.raise_signal(signal.SIGINT)

    assert search.session(fails=press).stopped_by is StopReason.INTERRUPTED
    search.session()
    unbroken = Search(tmp_path / "unbroken", trials=5)
    unbroken.session()
    assert search.board() == unbroken.board()


def test_stopped_while_it_winds_down_it_still_takes_what_its_trials_have_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by SIGSTOP: the wait for news takes longer than all that trials get to end."""
    monkeypatch.setattr(driver_module, "STOP_GRACE", 0.05)
    monkeypatch.setattr(driver_module, "TICK", 0.01)

    class Stopped(ScriptedEngine):
        held = False

        def events(self, timeout: float) -> list[Event]:
            if self.interrupted and not self.held:
                self.held = True
                time.sleep(0.2)
                return []
            return super().events(timeout)

    search = Search(tmp_path / "run", trials=1000)
    search.engine_kind = Stopped
    ticks = iter(range(100_000))
    clock = Clock(SearchBudget(None, 1005.0), started=0.0, now=lambda: float(next(ticks)))
    assert search.session(clock=clock).stopped_by is StopReason.TIME
    assert search.engine.held
    last = read_record(search.run).trials[-1]
    assert (last.state, last.reason) == (TrialState.COMPLETED, SEARCH_OVER)


def test_ctrl_c_twice_ends_at_once(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=5)
    interrupting = iter(range(1000))

    def press(spec: TrialSpec) -> None:
        if next(interrupting) in (15, 16):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        search.session(fails=press)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    search.session()
    assert len(read_record(search.run).trials) == 5


def test_a_voided_trial_leads_no_resumed_search(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", trials=6, sampler="random")
    search.session()
    best = next(row["trial"] for row in search.board() if isinstance(row["trial"], int))
    study = open_study(search.run, search.run.read_manifest(), None)
    study.set_user_attr(*void_entry(best, "leak", "2026-11-29"))
    seen: list[SearchProgress] = []

    class Watching(Observer):
        def progressed(self, progress: SearchProgress) -> None:
            seen.append(progress)

    search.options |= {"trials": 7, "observer": Watching()}
    search.session()
    assert best not in [number for one in seen for number, *_ in one.top]
    assert seen[-1].completed == 7
    second = next(row["trial"] for row in search.board() if isinstance(row["trial"], int))
    assert seen[-1].top[0][0] == second != best
