"""A space that grows while it is searched: proposed from, recorded, resumed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from automl.common.forms import to_form
from automl.data.metrics import Objective
from automl.engines.contract import Event, TrialEnded
from automl.results.leaderboard import leaderboard
from automl.results.read_record import read_record
from automl.results.run_directory import RunDirectory
from automl.space import Boolean, Choice, Int, SearchSpace
from automl.space.hyperparameter import Hyperparameter
from automl.trial import TrialBudget, TrialSpec
from automl.tuning.budget import Clock, SearchBudget
from automl.tuning.driver import Driver
from automl.tuning.driver_settings import DriverSettings
from automl.tuning.growing import FOUND
from automl.tuning.observer import Observer
from automl.tuning.outcome import Outcome
from automl.tuning.samplers import make_sampler
from automl.tuning.study import RunStudy
from automl.tuning.study_opening import open_study
from tests.tuning.scripted_engine import Killed, ScriptedEngine

OBJECTIVE = Objective("mse", "minimize")
KIND = Choice("kind", ["plain", "wide", "deep"])
BASE = SearchSpace("toy", [KIND, Int("width", 8, 64, step=8)], None)
EXTRA = Int("extra", 1, 9, default=3)
FLAG = Boolean("flag", when=KIND == "deep")
SAME = Int("same", 1, 5, when=KIND == "wide", default=2)
SAME_DEEP = Int("same", 10, 50, when=KIND == "deep", default=20)


def declared(spec: TrialSpec) -> list[Hyperparameter]:
    """What the builder of a configuration reads beside what was known from the beginning."""
    kind = spec.config["kind"]
    return {"plain": [], "wide": [EXTRA, SAME], "deep": [SAME_DEEP, FLAG]}[kind]


class Builder(ScriptedEngine):
    """Ends trials with what a builder would have found."""

    def events(self, timeout: float) -> list[Event]:
        events = super().events(timeout)
        return [self._found(event) if isinstance(event, TrialEnded) else event for event in events]

    def _found(self, event: TrialEnded) -> TrialEnded:
        spec = next(s for s in reversed(self.submitted) if s.trial == event.trial)
        found = tuple(p.to_json() for p in declared(spec) if p.name not in spec.config)
        return TrialEnded(event.trial, dataclasses.replace(event.result, found=found))


class Search:
    """One run, driven in as many sessions as it takes."""

    def __init__(self, path: Path, sampler: str, trials: int = 24, slots: int = 1) -> None:
        form = {"objective": to_form(OBJECTIVE), "storage": None, "study": "toy"}
        self.run = RunDirectory.create(path, form)
        self.sampler, self.trials, self.slots = sampler, trials, slots

    def session(self, dies_after: int | None = None) -> Outcome:
        def sampler_of(space: SearchSpace) -> Any:
            return make_sampler(
                self.sampler, seed=3, space=space, workers=self.slots, direction="minimize"
            )

        study = open_study(self.run, self.run.read_manifest(), sampler_of(BASE))
        self.study = RunStudy(study, BASE, 3, sampler_of)
        self.engine = Builder(self.slots, dies_after)
        budget = SearchBudget(self.trials)
        settings = DriverSettings(budget, TrialBudget(2, 2), OBJECTIVE, 3, None)
        clock = Clock(budget)
        return Driver(self.study, self.engine, settings, clock, Observer(), lambda _: None).run()

    def board(self) -> list[dict[str, Any]]:
        rows = [to_form(row) for row in leaderboard(read_record(self.run))]
        for row in rows:
            row.pop("seconds")
        return rows

    def configs(self) -> list[dict[str, Any]]:
        return [dict(trial.config) for trial in read_record(self.run).trials]


SAMPLERS = ["tpe", "random", "qmc", "cmaes", "evolution"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_what_is_found_is_recorded_with_the_trial_and_proposed_from_then_on(
    sampler: str, tmp_path: Path
) -> None:
    search = Search(tmp_path / "run", sampler)
    search.session()
    configs = search.configs()
    first = {name: next(i for i, c in enumerate(configs) if c["kind"] == name)
             for name in ("wide", "deep")}  # fmt: skip
    assert configs[first["wide"]]["extra"] == 3
    assert configs[first["wide"]]["same"] == 2
    assert configs[first["deep"]]["same"] == 20
    later = configs[max(first.values()) + 1 :]
    assert all("extra" in config for config in later)
    assert {c["extra"] for c in later} - {3}
    assert all(1 <= c["same"] <= 5 for c in configs if c["kind"] == "wide")
    assert all(10 <= c["same"] <= 50 for c in configs if c["kind"] == "deep")
    assert all("same" not in c for c in configs if c["kind"] == "plain")
    for trial in search.study.study.get_trials():
        if trial.number > max(first.values()) or trial.number in first.values():
            params = {key.partition("[")[0]: value for key, value in trial.params.items()}
            assert params == configs[trial.number]
    names = [form["name"] for form in search.study.study.user_attrs[FOUND]]
    assert sorted(names) == ["extra", "flag", "same", "same"]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_killed_anywhere_it_ends_as_the_unbroken_one(sampler: str, tmp_path: Path) -> None:
    unbroken = Search(tmp_path / "unbroken", sampler)
    unbroken.session()
    broken = Search(tmp_path / "broken", sampler)
    for dies_after in (1, 4, 2, 7, 3, 3, 12, 5):
        try:
            broken.session(dies_after)
        except Killed:
            continue
        break
    broken.session()
    assert broken.configs() == unbroken.configs()
    assert broken.board() == unbroken.board()


def test_with_several_workers_interrupted_trials_keep_their_configurations(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", "random", slots=4)
    with pytest.raises(Killed):
        search.session(dies_after=14)
    before = search.configs()
    running = [t.trial for t in read_record(search.run).trials if t.result is None]
    assert running
    search.session()
    after = search.configs()
    for number in running:
        assert {k: v for k, v in after[int(number)].items() if k in before[int(number)]} == before[
            int(number)
        ]
    assert len(after) == 24


def test_a_finite_space_is_never_exhausted_by_what_it_has_grown_to(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", "grid", trials=40)
    search.session()
    configs = [tuple(sorted(config.items())) for config in search.configs()]
    assert len(configs) == 40
    assert len(set(configs)) == 40


def test_nothing_is_written_where_nothing_is_found(tmp_path: Path) -> None:
    search = Search(tmp_path / "run", "random", trials=1)
    search.session()
    assert FOUND not in search.study.study.user_attrs
